"""What OpenAPI cannot see in the code: examples, formats of answers, and refusals.

The request examples are executed by tests; the answers are real ones, cut short.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from app.codecs.media_types import JSON, NPZ, PNG
from app.errors import AppError
from app.problems import PROBLEM_JSON
from app.schemas.attribution import OcclusionQuery, SaliencyQuery
from app.schemas.experiments import (
    EditedAccuracyQuery,
    EditQuery,
    GradientCheckQuery,
    GradientQuery,
    PokeQuery,
    ShiftCurveQuery,
    ShiftQuery,
    StepQuery,
)
from app.schemas.explanations import NeuronQuery
from app.schemas.inference import SOURCES, DigitQuery
from app.schemas.problem import Problem
from app.schemas.trainings import TrainingQuery

DESCRIPTION = """\
A convolutional network written in NumPy, and what every filter of it makes of a digit.

Answers are JSON unless the Accept header asks for another format. Arrays can be had as safetensors
(`application/x-safetensors`) or NumPy's own (`application/x-npz`), maps and kernels as pictures (`image/png`).
Strings in the metadata of both are JSON. Refusals are `application/problem+json` (RFC 9457): the `type` is the address
of a page that says what helps. `GET /openapi.json` describes all this to programs, except `WS /api/v1/live`, which
answers a drawing while it grows: docs/api.md of the source describes its messages.
"""

TAGS = [
    {"name": "Models", "description": "The networks, their layers and kernels."},
    {"name": "Feature maps", "description": "A digit through a network."},
    {"name": "Explanations", "description": "Why a network answers as it does."},
    {"name": "Experiments", "description": "Global against local features, tested on a digit."},
    {"name": "Training", "description": "A small network of your own, trained while you watch."},
    {"name": "Samples", "description": "The 10,000 MNIST test digits, with what each model reads them as."},
    {"name": "Operations", "description": "For those who run the service."},
]

SUMMARY_EXAMPLE = {
    "id": "cnn",
    "title": "Five convolutional layers, from edges to digits",
    "parameters": 75498,
    "multiply_adds": 2697088,
    "test_accuracy": 0.9965,
}
MODELS_EXAMPLE = {"models": [SUMMARY_EXAMPLE]}
MODEL_EXAMPLE = {
    "id": "cnn",
    "title": "Five convolutional layers, from edges to digits",
    "input": {"shape": [1, 28, 28], "range": [0, 1]},
    "classes": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    "parameters": 75498,
    "multiply_adds": 2697088,
    "training": {"test_accuracy": 0.9965, "test_errors": 35, "epochs": 44, "seed": 1},
    "layers": [
        {
            "name": "conv1",
            "kind": "conv2d",
            "input_shape": [1, 28, 28],
            "output_shape": [16, 28, 28],
            "kernel_size": 5,
            "stride": 1,
            "padding": 2,
            "parameters": 416,
            "multiply_adds": 313600,
            "weight_uses": 784,
            "receptive_field": {"size": 5, "jump": 1, "start": -2},
            "display_range": [-1.91, 1.91],
            "dead_filters": [],
        }
    ],
}
HISTORY_EXAMPLE = {
    "model": "cnn",
    "checkpoints": [{"step": 0, "test_accuracy": 0.0988}, {"step": 24728, "test_accuracy": 0.9965}],
    "epochs": [{"epoch": 1, "step": 562, "loss": 0.9011, "accuracy": 0.805}],
}
KERNELS_EXAMPLE = {
    "layer": "conv1",
    "shape": [16, 1, 5, 5],
    "range": [-0.41, 0.38],
    "kernels": [[[[0.07, -0.07, 0.36, 0.05, -0.3]]]],
    "biases": [0.02],
}
FEATURE_MAPS_EXAMPLE: dict[str, Any] = {
    "model": "cnn",
    "prediction": {"digit": 7, "probability": 0.999, "probabilities": [0.0001], "logits": [-1.6]},
    "input": {
        "pixels": [[0, 0.329, 0.726]],
        "framing": {
            "requested": "auto",
            "applied": "mnist",
            "source_size": [112, 112],
            "crop": {"top": 19, "left": 30, "height": 74, "width": 40},
            "scale": 0.27,
            "placed": {"top": 4, "left": 9, "height": 20, "width": 11},
            "polarity": None,
        },
    },
    "layers": [
        {
            "name": "conv1",
            "kind": "conv2d",
            "shape": [16, 28, 28],
            "range": [-1.2, 1.4],
            "feature_maps": [[[0.02, 0.02, 0.31]]],
        }
    ],
}
NEURON_EXAMPLE = {
    "model": "cnn",
    "neuron": {"layer": "pool1", "kind": "max_pool2d", "filter": 0, "row": 3, "column": 5},
    "reads": {
        "layer": "relu1",
        "first_channel": 0,
        "top": 6,
        "left": 10,
        "height": 2,
        "width": 2,
        "inside": {"top": 6, "left": 10, "height": 2, "width": 2},
    },
    "patch": [[[0, 0.12], [0.31, 0.2]]],
    "kernel": None,
    "products": None,
    "channel_sums": None,
    "bias": None,
    "winner": {"row": 1, "column": 0},
    "exponentials": None,
    "computed": 0.31,
    "stored": 0.31,
    "difference": 0,
    "pre_activation": None,
    "activation": 0.31,
    "receptive_field": {
        "top": 4,
        "left": 8,
        "height": 6,
        "width": 6,
        "inside": {"top": 4, "left": 8, "height": 6, "width": 6},
    },
}
_SAMPLE_SUMMARY = {
    "index": 0,
    "label": 7,
    "predictions": {"cnn": {"digit": 7, "probability": 0.999, "correct": True}},
}
SAMPLES_EXAMPLE = {
    "total": 10000,
    "offset": 0,
    "limit": 1,
    "next": "/api/v1/samples?limit=1&offset=1",
    "samples": [_SAMPLE_SUMMARY],
}
SAMPLE_EXAMPLE = {**_SAMPLE_SUMMARY, "pixels": [[0, 0.329, 0.726]]}

_INPUT = {"pixels": [[0, 0.329, 0.726]], "framing": FEATURE_MAPS_EXAMPLE["input"]["framing"]}
_READING = {"digit": 7, "probability": 0.999}
LEDGER_EXAMPLE = {
    "input_shape": [1, 28, 28],
    "rows": [
        {
            "id": "convolution",
            "kind": "conv2d",
            "title": "Convolution",
            "input_shape": [1, 28, 28],
            "output_shape": [16, 28, 28],
            "outputs": 12544,
            "inputs_per_output": 25,
            "weights": 416,
            "biases": 16,
            "multiply_adds": 313600,
            "weight_uses": 784,
            "gradients": 416,
            "gradient_products": 313600,
        }
    ],
}
POKE_EXAMPLE = {
    "input": _INPUT,
    "pixel": {"row": 14, "column": 14, "before": 0, "after": 1},
    "models": [
        {
            "id": "cnn",
            "before": _READING,
            "after": _READING,
            "layers": [
                {
                    "name": "conv1",
                    "kind": "conv2d",
                    "shape": [16, 28, 28],
                    "neurons": 12544,
                    "reachable": 400,
                    "changed": 400,
                    "changed_per_filter": [25, 25, 25],
                    "largest": 0.41,
                    "change": [[[0, 0.12, 0.3]]],
                }
            ],
        }
    ],
}
SHIFT_EXAMPLE = {
    "input": _INPUT,
    "shift": {"down": 0, "right": 2},
    "shifted": [[0, 0, 0]],
    "ink_lost": 0,
    "models": [
        {
            "id": "cnn",
            "before": _READING,
            "after": _READING,
            "layers": [
                {
                    "name": "pool1",
                    "kind": "max_pool2d",
                    "shape": [16, 14, 14],
                    "map_shift": {"down": 0, "right": 1},
                    "exact": True,
                    "inside": {"top": 1, "left": 2, "height": 12, "width": 11},
                    "residual": 0,
                    "cosine": 0.93,
                    "difference": [[[0, 0, 0]]],
                }
            ],
        }
    ],
}
SHIFT_CURVE_EXAMPLE = {
    "label": 7,
    "label_from": "sample",
    "direction": "right",
    "shifts": [-1, 0, 1],
    "ink_lost": [0, 0, 0],
    "models": [
        {
            "id": "mlp-500",
            "digit": [7, 7, 7],
            "probability": [0.98, 0.99, 0.98],
            "layers": [{"name": "relu1", "residual": [1.3, 0, 1.2], "cosine": [0.93, 1, 0.92]}],
        }
    ],
}
MEAN_SHIFT_CURVE_EXAMPLE = {
    "digits": 1000,
    "directions": {
        "right": {
            "shifts": [-1, 0, 1],
            "models": [
                {
                    "id": "cnn",
                    "hidden_layer": "relu5",
                    "accuracy": [0.99, 0.996, 0.99],
                    "probability": [0.98, 0.99, 0.98],
                    "cosine": [0.98, 1, 0.98],
                }
            ],
        }
    },
    "date": "2026-11-24",
    "numpy_version": "2.4.0",
    "python_version": "3.11.7",
}
RESPONSES_EXAMPLE = {
    "input": _INPUT,
    "prediction": {"digit": 7, "probability": 0.999, "probabilities": [0.0001], "logits": [-1.6]},
    "templates": {
        "model": "mlp-500",
        "layer": "linear1",
        "pre_activations": [-2.1, 0.8],
        "activations": [0, 0.8],
        "order": [1, 0],
        "active": 1,
    },
    "kernels": {"model": "cnn", "layer": "conv1", "strongest": [1.4], "places": [[7, 12]], "active_share": [0.2]},
}
SCRAMBLE_EXAMPLE = {
    "permutation": [17, 402, 5],
    "permutation_seed": 0,
    "seeds": [1, 2, 3],
    "epochs": 3,
    "training_digits": 55000,
    "validation_digits": 5000,
    "models": [
        {
            "id": "mlp-500",
            "plain": {"accuracy": [0.98, 0.98, 0.98], "mean": 0.98, "deviation": 0.001},
            "scrambled": {"accuracy": [0.98, 0.98, 0.98], "mean": 0.98, "deviation": 0.001},
        }
    ],
    "config": {"batch_size": 64},
    "date": "2026-11-24",
    "numpy_version": "2.4.0",
    "python_version": "3.11.7",
}

GRADIENTS_EXAMPLE = {
    "input": _INPUT,
    "label": 2,
    "label_from": "body",
    "models": [
        {
            "id": "cnn",
            "loss": 5.3,
            "reading": _READING,
            "layers": [
                {
                    "name": "conv1",
                    "kind": "conv2d",
                    "shape": [16, 28, 28],
                    "products": 313600,
                    "kept": 416,
                    "largest": 0.02,
                    "output": [[[0.02, 0.02, 0.31]]],
                    "delta": [[[0, 0.0012, -0.003]]],
                    "weight": [[[[0.11, -0.03]]]],
                    "bias": [0.02],
                }
            ],
        }
    ],
}
GRADIENT_CHECK_EXAMPLE = {
    "model": "cnn",
    "label": 2,
    "label_from": "body",
    "parameter": "conv1.weight",
    "index": [0, 0, 2, 2],
    "weight": 0.21,
    "gradient": 0.0731,
    "step": 0.000003814697265625,
    "below": 5.3,
    "above": 5.3000005577,
    "slope": 0.0731,
}
STEP_EXAMPLE = {
    "input": _INPUT,
    "model": "cnn",
    "label": 2,
    "label_from": "body",
    "rate": 0.05,
    "steps": 1,
    "layer": "conv1",
    "mapped": "relu1",
    "losses": [5.3, 3.9],
    "readings": [_READING, _READING],
    "probabilities": [[0.005], [0.02]],
    "kernels": [[[[[0.07, -0.07]]]]],
    "maps": [[[[0, 0.31]]]],
}
PORTRAIT_EXAMPLE = {
    "model": "cnn",
    "layer": "conv1",
    "filter": 3,
    "receptive_field": {"size": 5, "jump": 1, "start": -2},
    "strongest": [
        {
            "sample": 7216,
            "label": 0,
            "row": 9,
            "column": 11,
            "value": 0.41,
            "box": {"top": 7, "left": 9, "height": 5, "width": 5},
        }
    ],
    "mean_patch": [[0.98, 0.52]],
    "ascent": [[0, 0.75]],
    "ascent_value": 0.42,
}
PORTRAITS_EXAMPLE = {
    "model": "cnn",
    "layer": "conv1",
    "receptive_field": {"size": 5, "jump": 1, "start": -2},
    "strongest": [0.61],
    "mean_patches": [[[0.98, 0.52]]],
}
SALIENCY_EXAMPLE = {
    "input": _INPUT,
    "model": "cnn",
    "label": 7,
    "reading": _READING,
    "logit": 3.9,
    "gradient": [[0.01, -0.2]],
}
OCCLUSION_EXAMPLE = {
    "input": _INPUT,
    "model": "cnn",
    "label": 7,
    "reading": _READING,
    "size": 5,
    "stride": 1,
    "logit": 3.9,
    "probability": 0.97,
    "logit_changes": [[0, -1.4]],
    "probability_changes": [[0, -0.03]],
}
TRAINING_EXAMPLE = {
    "state": "running",
    "wish": {"kernel_size": 5, "filters": 8, "rate": 0.004, "digits": 5000, "epochs": 5, "seed": 1},
    "updates": [
        {"source": "mnist", "digits": 5000, "held_out": 1000},
        {"step": 0, "steps": 390, "epoch": 0},
        {"step": 6, "steps": 390, "epoch": 0, "loss": 2.31, "accuracy": 0.11},
    ],
    "kernels": [[[0.07, -0.07]]],
    "problem": None,
    "model": None,
}
EDITED_ACCURACY_EXAMPLE = {
    "model": "cnn",
    "digits": 1000,
    "errors": 31,
    "accuracy": 0.969,
    "unedited_errors": 4,
    "unedited_accuracy": 0.996,
}
_BAR = {"length": 20, "width": 3, "row": 14, "column": 14, "grating": False, "dark": False}
BAR_EXAMPLE = {"bar": _BAR, "angle": 45, "pixels": [[0, 0.2, 1]]}
TUNING_EXAMPLE = {
    "model": "cnn",
    "checkpoint": None,
    "bar": _BAR,
    "measure": "swept",
    "angles": [0, 45, 90, 135],
    "selective_from": 0.2,
    "layers": [
        {
            "name": "relu1",
            "kind": "relu",
            "filters": [
                {
                    "filter": 9,
                    "responses": [0.1, 0.9, 0.2, 0],
                    "preferred": 49.0,
                    "selectivity": 0.71,
                    "verdict": "selective",
                }
            ],
        }
    ],
}

SEVEN = [[[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]]

# The smallest of pictures that shows something: eight rows with a vertical line, as PNG.
LINE_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEklEQVR42mP4DwUMIMxADgMMAElhM83f11h2AAAAAElFTkSuQmCC"

DIGIT_EXAMPLES = {
    "strokes": {"summary": "A drawing", "value": {"strokes": SEVEN, "pen_width": 0.065}},
    "sample": {"summary": "A test digit", "value": {"sample": 0}},
    "image": {"summary": "An image file in base64", "value": {"image": LINE_PNG}},
    "pixels": {
        "summary": "28×28 pixels",
        "value": {"pixels": [[float(12 <= x < 15 and 4 <= y < 24) for x in range(28)] for y in range(28)]},
    },
}


def _body(query: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """The ``openapi_extra`` of an operation that reads a digit, and more, as JSON."""
    schema = query.model_json_schema()
    # A reference would look for its definition in the whole document, where the schema's own are not.
    schema = _inlined(schema, schema.pop("$defs", {}))
    if issubclass(query, DigitQuery):
        # What the validator asks for: one of these, and not null.
        schema["oneOf"] = [
            {"required": [name], "properties": {name: {"type": kind}}}
            for name, kind in zip(SOURCES, ("array", "array", "string", "integer"), strict=True)
        ]
    content = {JSON: {"schema": schema, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema with each reference replaced by what it refers to."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items()}


DIGIT_BODY = RESPONSES_BODY = _body(DigitQuery, DIGIT_EXAMPLES)

NEURON_BODY = _body(
    NeuronQuery,
    {
        "convolution": {
            "summary": "A neuron of the first layer, at a corner",
            "value": {"sample": 0, "layer": "conv1", "filter": 2, "row": 0, "column": 0},
        },
        "pooling": {
            "summary": "A pooling neuron",
            "value": {"strokes": SEVEN, "layer": "pool1", "filter": 0, "row": 3, "column": 5},
        },
    },
)
POKE_BODY = _body(
    PokeQuery,
    {
        "inside": {"summary": "A pixel in the middle", "value": {"sample": 0, "row": 14, "column": 14}},
        "corner": {"summary": "A corner, half inked", "value": {"strokes": SEVEN, "row": 0, "column": 0, "value": 0.5}},
    },
)
SHIFT_BODY = _body(
    ShiftQuery,
    {
        "even": {"summary": "By a whole pooling window", "value": {"sample": 0, "right": 2}},
        "odd": {"summary": "By one and a half", "value": {"sample": 0, "right": 3, "down": -1}},
    },
)
GRADIENTS_BODY = _body(
    GradientQuery,
    {
        "sample": {"summary": "A test digit and its own label", "value": {"sample": 0}},
        "wrong": {"summary": "A seven that is to be a two", "value": {"strokes": SEVEN, "label": 2}},
    },
)
GRADIENT_CHECK_BODY = _body(
    GradientCheckQuery,
    {
        "kernel": {
            "summary": "The middle of the first kernel",
            "value": {"sample": 0, "label": 2, "parameter": "conv1.weight", "index": [0, 0, 2, 2]},
        }
    },
)
_EDITS = [
    {"layer": "conv1", "filter": 0, "silence": True},
    {"layer": "conv1", "filter": 1, "bias": 0.1, "row": 14, "column": 14},
]
EDIT_BODY = _body(
    EditQuery,
    {"edits": {"summary": "A silenced filter, and one neuron untied", "value": {"sample": 0, "edits": _EDITS}}},
)
EDITED_ACCURACY_BODY = _body(
    EditedAccuracyQuery, {"edits": {"summary": "A silenced filter", "value": {"edits": _EDITS[:1]}}}
)
SALIENCY_BODY = _body(
    SaliencyQuery, {"another": {"summary": "What speaks for a one in a seven", "value": {"sample": 0, "label": 1}}}
)
OCCLUSION_BODY = _body(
    OcclusionQuery,
    {"coarse": {"summary": "Large squares, every third pixel", "value": {"sample": 0, "size": 7, "stride": 3}}},
)
TRAINING_BODY = _body(
    TrainingQuery,
    {
        "few": {
            "summary": "Four kernels of 7×7 on a thousand digits",
            "value": {"kernel_size": 7, "filters": 4, "digits": 1000},
        }
    },
)
STEP_BODY = _body(
    StepQuery,
    {"once": {"summary": "One step toward a two", "value": {"sample": 0, "label": 2, "rate": 0.05}}},
)
SHIFT_CURVE_BODY = _body(
    ShiftCurveQuery,
    {
        "sample": {"summary": "A test digit, sideways", "value": {"sample": 0}},
        "drawing": {"summary": "A drawing, up and down", "value": {"strokes": SEVEN, "direction": "down", "label": 7}},
    },
)

UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "contentMediaType": "application/octet-stream",
                            "minLength": 1,
                            "description": "A PNG, JPEG, WebP, GIF or BMP file.",
                        },
                        "framing": {"type": "string", "enum": ["auto", "mnist", "none"], "default": "auto"},
                    },
                }
            }
        },
    }
}

_BINARY = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}


def answers(example: Any, media_types: Sequence[str], *refusals: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of an operation: its answer in each format, and each of its refusals with an example."""
    content = {each: {"example": example} if each == JSON else _binary(each) for each in media_types}
    documented: dict[int | str, dict[str, Any]] = {200: {"description": "The answer.", "content": content}}
    for refusal in refusals:
        entry = documented.setdefault(
            refusal.status,
            {
                "description": refusal.title,
                "content": {PROBLEM_JSON: {"schema": Problem.model_json_schema(), "examples": {}}},
            },
        )
        if refusal.title not in entry["description"]:
            entry["description"] += f"; {refusal.title.lower()}"
        entry["content"][PROBLEM_JSON]["examples"][refusal.slug] = {
            "summary": refusal.title,
            "value": {
                "type": f"/problems/{refusal.slug}",
                "title": refusal.title,
                "status": refusal.status,
                "detail": refusal.summary,
                "instance": "/api/v1/models/cnn",
            },
        }
    return documented


def _binary(media_type: str) -> dict[str, Any]:
    kinds = {NPZ: "NumPy arrays by name, without pickles.", PNG: "A picture, one color per value."}
    return {"schema": {**_BINARY["schema"], "description": kinds.get(media_type, "Tensors by name.")}}


def remove_default_refusals(document: dict[str, Any]) -> dict[str, Any]:
    """Take FastAPI's own validation errors out of an OpenAPI document: this service answers with problems instead."""
    for methods in document["paths"].values():
        for operation in methods.values():
            if "HTTPValidationError" in str(operation["responses"].get("422", "")):
                del operation["responses"]["422"]
    for schema in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(schema, None)
    return document
