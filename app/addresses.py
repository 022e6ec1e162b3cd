"""Addresses of pages and files, built from the root path and the default model.

The scripts of the page build theirs in ``static/js/api/address.js``.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlencode


@dataclass(frozen=True)
class Addresses:
    """Builds addresses; templates call it as ``address(path, model)``.

    Attributes:
        root_path: The path under which a proxy serves everything, such as ``/kernelscope``; empty without one.
        default_model: The model that pages show without ``?model=``; it is left out of addresses.
        static: The path under which the static files of this release are, such as ``/static/3f9ac1d2b704``.
    """

    root_path: str
    default_model: str
    static: str

    def __call__(self, path: str, model: str | None = None) -> str:
        """The address of a page of a model.

        >>> Addresses("/kernelscope", "small", "/static/3f9ac1d2b704")("/saliency", "large")
        '/kernelscope/saliency?model=large'
        >>> Addresses("", "small", "/static/3f9ac1d2b704")("/saliency", "small")
        '/saliency'
        """
        query = "" if not model or model == self.default_model else f"?{urlencode({'model': model})}"
        return f"{self.root_path}{path}{query}"

    def under(self, root_path: str) -> "Addresses":
        """The same under another root path."""
        return replace(self, root_path=root_path)

    def of_file(self, path: str) -> str:
        """The address of a static file; templates call it as ``file(path)``.

        >>> Addresses("/kernelscope", "small", "/static/3f9ac1d2b704").of_file("css/base.css")
        '/kernelscope/static/3f9ac1d2b704/css/base.css'
        """
        return f"{self.root_path}{self.static}/{path}"
