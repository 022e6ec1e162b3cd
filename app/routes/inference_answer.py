"""An inference as JSON, safetensors, npz or PNG."""

from collections.abc import Mapping
from typing import Any

from app.codecs.media_types import JSON, PNG
from app.codecs.tensor_file import encode_tensors
from app.codecs.tensor_json import encode_json, encode_json_text
from app.codecs.tensor_png import encode_maps
from app.routes.parameters import AnswerFormat
from app.services.inference import Inference


def encode_inference(inference: Inference, wanted: AnswerFormat, metadata: Mapping[str, str] | None = None) -> bytes:
    """The answer in the format that the client wants; a PNG shows the only layer.

    Args:
        inference: What a network made of a digit.
        wanted: The format.
        metadata: More of it for a file of tensors; other formats have none.
    """
    if wanted.media_type == PNG:
        (layer,) = inference.layers
        return encode_maps(layer.feature_maps, layer.display_range, wanted.filter, wanted.zoom, wanted.theme)
    if wanted.filter is not None:
        inference = inference.only(wanted.filter)
    if wanted.media_type == JSON:
        return _as_json(inference)
    tensors = {
        "input": inference.input.pixels,
        **{layer.name: layer.feature_maps for layer in inference.layers},
        "logits": inference.logits,
        "probabilities": inference.probabilities,
    }
    about = {
        **(metadata or {}),
        "model": encode_json_text(inference.model),
        "prediction": encode_json_text(
            None if inference.digit is None else {"digit": inference.digit, "probability": inference.probability}
        ),
        "framing": encode_json_text(inference.input.framing),
        "layers": encode_json_text([layer.name for layer in inference.layers]),
    }
    return encode_tensors(wanted.media_type, tensors, about, wanted.dtype)


def prediction_of(inference: Inference) -> dict[str, Any] | None:
    """What a digit is read as; None if there is no ink to judge."""
    if inference.digit is None:
        return None
    return {
        "digit": inference.digit,
        "probability": inference.probability,
        "probabilities": inference.probabilities,
        "logits": inference.logits,
    }


def _as_json(inference: Inference) -> bytes:
    return encode_json(
        {
            "model": inference.model,
            "prediction": prediction_of(inference),
            "input": inference.input,
            "layers": [
                {
                    "name": layer.name,
                    "kind": layer.kind,
                    "shape": layer.feature_maps.shape,
                    "range": layer.range,
                    "feature_maps": layer.feature_maps,
                }
                for layer in inference.layers
            ],
        }
    )
