"""The answer of an experiment on several networks, as JSON, safetensors or npz."""

from collections.abc import Mapping
from typing import Any

from app.codecs.media_types import JSON
from app.codecs.tensor_file import Dtype, encode_tensors
from app.codecs.tensor_json import encode_json, encode_json_text
from app.services.framing import NetworkInput


def encode_experiment(
    media_type: str,
    dtype: Dtype,
    digit: NetworkInput,
    about: dict[str, Any],
    main: str,
    arrays: Mapping[str, Mapping[str, Any]],
    more: Mapping[str, Any] | None = None,
) -> bytes:
    """An answer with arrays: in JSON each where it belongs, else as tensors beside the rest.

    Args:
        media_type: JSON, safetensors or npz.
        dtype: Of the tensors.
        digit: What the networks read.
        about: The answer without arrays; ``models`` with their ``layers``.
        main: Which of a layer's arrays is the tensor ``<model>/<layer>``; another is ``<model>/<layer>/<name>``.
        arrays: ``<model>/<layer>`` → name in JSON → array, or None.
        more: Further arrays of the answer, by name.
    """
    if media_type != JSON:
        tensors = {"input": digit.pixels, **(more or {})}
        for place, named in arrays.items():
            for name, array in named.items():
                if array is not None:
                    tensors[place if name == main else f"{place}/{name}"] = array
        answer = encode_json_text({"input": {"framing": digit.framing}, **about})
        return encode_tensors(media_type, tensors, {"answer": answer}, dtype)
    for model in about["models"]:
        for layer in model["layers"]:
            layer.update(arrays[f"{model['id']}/{layer['name']}"])
    return encode_json({"input": digit, **(more or {}), **about})


def encode_digit_answer(
    media_type: str, dtype: Dtype, digit: NetworkInput, about: Mapping[str, Any], arrays: Mapping[str, Any]
) -> bytes:
    """An answer about one digit and one model: in JSON one object, else `input` and the arrays as tensors."""
    if media_type == JSON:
        return encode_json({"input": digit, **about, **arrays})
    answer = encode_json_text({"input": {"framing": digit.framing}, **about})
    return encode_tensors(media_type, {"input": digit.pixels, **arrays}, {"answer": answer}, dtype)
