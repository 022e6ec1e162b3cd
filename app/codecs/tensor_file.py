"""Named arrays as a file: safetensors, or NumPy's own .npz without pickles."""

import io
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from app.codecs.media_types import SAFETENSORS
from app.codecs.tensor_json import encode_json_text

Dtype = Literal["float32", "float16"]

METADATA = "__metadata__"
"""Where both formats keep strings."""


def encode_tensors(
    media_type: str, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str], dtype: Dtype = "float32"
) -> bytes:
    """Encode named arrays.

    Args:
        media_type: safetensors or npz.
        tensors: Name → array.
        metadata: Strings; in an .npz they are one JSON object in a zero-dimensional array of text.
        dtype: What floating-point numbers are rounded to, those beyond its range to its largest; integers stay what
            they are.
    """
    files = {name: np.ascontiguousarray(_rounded(array, dtype)) for name, array in tensors.items()}
    if media_type == SAFETENSORS:
        return save(files, metadata=dict(metadata))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **files, **{METADATA: np.array(encode_json_text(dict(metadata)))})
    return buffer.getvalue()


def _rounded(array: NDArray[Any], dtype: Dtype) -> NDArray[Any]:
    if array.dtype == dtype or not np.issubdtype(array.dtype, np.floating):
        return array
    if np.finfo(array.dtype).max > np.finfo(dtype).max:
        # An edited network has activations beyond 65,504; as an infinity, one of them would spoil every color range.
        largest = array.dtype.type(np.finfo(dtype).max)
        array = np.clip(array, -largest, largest)
    return array.astype(dtype)
