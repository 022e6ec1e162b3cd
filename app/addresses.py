"""Addresses of pages and files, built from the root path and the default model.

The scripts of the page build theirs in ``static/js/api/address.js``.
"""

from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True)
class Addresses:
    """Builds addresses; templates call it as ``address(path, model)``.

    Attributes:
        root_path: The path under which a proxy serves everything, such as ``/kernelscope``; empty without one.
        default_model: The model that pages show without ``?model=``; it is left out of addresses.
    """

    root_path: str
    default_model: str

    def __call__(self, path: str, model: str | None = None) -> str:
        """The address of a page of a model, or of a file.

        >>> Addresses("/kernelscope", "small")("/saliency", "large")
        '/kernelscope/saliency?model=large'
        >>> Addresses("", "small")("/saliency", "small")
        '/saliency'
        """
        query = "" if not model or model == self.default_model else f"?{urlencode({'model': model})}"
        return f"{self.root_path}{path}{query}"
