"""POST /models/{model}/code: Python that reproduces what the page shows."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from app.code_snippets import CALLS, NotWritten, Shown, api_code, numpy_code
from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.context import Context, context_of
from app.digit_input import DIGIT_ERRORS, DigitRequest, Position, framed_digit, read_body
from app.documentation import SEVEN, documented, request_body
from app.drawing import require_size
from app.errors import DigitUnlabeled, InvalidInput, UnknownCheckpoint, UnknownFilter, UnknownLayer, sentence
from app.framing import FramedDigit
from app.labels import LabeledDigitRequest, choose_label
from app.operations import API
from app.parameters import ModelPath
from app.served_network import ServedNetwork
from model.digits.framing import FRAME_SIZE
from model.errors import ParameterError
from model.experiments.perturbations import FGSM, perturb_one
from model.neuron import INPUT

router = APIRouter(prefix=API, tags=["Explanations"])

Of = Literal[
    "prediction",
    "feature-maps",
    "neuron",
    "saliency",
    "occlusion",
    "evidence",
    "backward-pass",
    "gradient-check",
    "perturb-pixel",
    "translation",
    "robustness",
    "kernel-edits",
    "gradient-descent",
    "kernel-edits/accuracy",
    "layer-map",
    "feature-comparison",
    "translation-curve",
    "layer-costs",
    "pixel-permutation",
    "layer-knowledge",
    "confusion",
    "misread-digit",
    "robustness-curve",
    "orientation-tuning",
    "filter",
]
"""The names of `CALLS`."""

OF_A_LAYER = ("feature-maps", "neuron", "backward-pass", "filter")
"""Those whose fields name a layer."""

MOST_POINTS = 500
"""Of a drawing in the code; the 28×28 pixels of another one are shorter."""

EXAMPLES = {
    "neuron": {
        "summary": "One neuron",
        "value": {
            "of": "neuron",
            "digit": {"sample": 0},
            "fields": {"layer": "conv1", "filter": 2, "row": 12, "column": 14},
        },
    },
    "saliency": {
        "summary": "One pixel of a saliency map",
        "value": {"of": "saliency", "digit": {"strokes": SEVEN}, "at": [12, 14]},
    },
}


EXAMPLE = {
    "api": 'import httpx\ndigit = {"sample": 0}\nresponse = httpx.post(…, json={**digit, "layer": "conv1", …})\n…',
    "numpy": 'import base64, functools, zlib, numpy as np\nw = dict(np.load("cnn.npz"))\n…',
    "why_no_numpy": None,
    "weights": "cnn.npz",
}


class CodeRequest(BaseModel):
    """What the page shows, as the request to the API that it comes from."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    of: Of = Field(description="What is shown.")
    digit: DigitRequest | None = Field(None, description="The digit, as for feature maps, if there is one.")
    query: dict[str, str | int | float | bool] = Field(
        {}, max_length=20, description="The query of the operation that it comes from."
    )
    fields: dict[str, Any] = Field(
        {}, max_length=20, description="What its body has besides the digit; `layer` and `filter` of its path."
    )
    at: tuple[Position, Position] | None = Field(None, description="Row and column of the number in a map.")


@dataclass(frozen=True)
class CodeResponse:
    """Python of at most 15 lines."""

    api: Annotated[str, Field(description="By httpx from this service.")]
    numpy: Annotated[str | None, Field(description="From the weights with NumPy alone; null if it is not written.")]
    why_no_numpy: Annotated[str | None, Field(description="Why it is not written.")]
    weights: Annotated[str, Field(description="The file that it reads: `GET /models/{model}/weights` as npz.")]


@router.post(
    "/models/{model}/code",
    summary="Get the code of a number",
    **documented(
        CodeResponse,
        [JSON],
        *DIGIT_ERRORS,
        DigitUnlabeled,
        UnknownCheckpoint,
        UnknownLayer,
        UnknownFilter,
        body=request_body(CodeRequest, EXAMPLES),
        example=EXAMPLE,
    ),
)
async def write_code(request: Request, model: ModelPath) -> Response:
    """Python that reproduces a number or a map: from the API, and from the downloaded weights with NumPy alone.

    The second has the framed digit and every layer of the network, where a convolution is a cross-correlation.
    Gradients are finite differences there, so that it needs no backward pass.
    """
    context = context_of(request)
    served = context.models[model]
    body = await read_body(CodeRequest, request, context.settings)
    if body.digit is not None and body.digit.strokes is not None:
        points = sum(map(len, body.digit.strokes))
        require_size(len(body.digit.strokes), points, context.settings.strokes, context.settings.points)
    base_url = f"{str(request.base_url).rstrip('/')}{API}"
    return Response(await context.slow_pool.run(_write, context, served, body, base_url), media_type=JSON)


def _write(context: Context, served: ServedNetwork, body: CodeRequest, base_url: str) -> bytes:
    """Both texts; raises InvalidInput if the request lacks what they need."""
    if body.digit is None and CALLS[body.of].method == "POST" and body.of != "kernel-edits/accuracy":
        raise InvalidInput(f"{body.of} is about a digit: give one under digit.")
    step = body.query.get("checkpoint")
    if step is not None and not isinstance(step, int):
        raise InvalidInput(f"query.checkpoint is {step!r}; it is a training step, a whole number.")
    served = served if step is None else served.at(step)
    framed = None
    if body.digit is not None:
        framed = framed_digit(body.digit, context.samples, context.settings, served.input_shape)
    try:
        shown = _shown(context, served, body, framed)
        api = api_code(shown, base_url)
        numpy, why = _numpy(shown)
    except KeyError as error:
        raise InvalidInput(f"fields.{error.args[0]!s:.40} is missing, which the code of {body.of} needs.") from None
    except (TypeError, ValueError, IndexError, ParameterError) as error:
        raise InvalidInput(
            f"The fields are not those of the operation {CALLS[body.of].path}, which the code of {body.of} needs: "
            f"{error!s:.80}."
        ) from None
    return encode_json(CodeResponse(api, numpy, why, shown.weights))


def _numpy(shown: Shown) -> tuple[str | None, str | None]:
    try:
        return numpy_code(shown), None
    except NotWritten as reason:
        return None, str(reason)


def _shown(context: Context, served: ServedNetwork, body: CodeRequest, framed: FramedDigit | None) -> Shown:
    """What is shown; the digit of a perturbation is the perturbed one."""
    layer = str(body.fields["layer"] if body.of in OF_A_LAYER else body.fields.get("layer", INPUT))
    if layer != INPUT:
        served.require_layer(layer)
        if isinstance(number := body.fields.get("filter", 0), int):
            served.require_filter(layer, number)
    given = {} if body.digit is None or framed is None else _given(body.digit, framed)
    pixels, label = (None if framed is None else served.picture_of(framed)), 0
    if framed is not None and body.digit is not None:
        wanted = body.fields.get("label")
        explains = body.of in ("saliency", "occlusion", "evidence") and wanted is None
        # A gradient of the loss is that of the true label; these explain the prediction.
        labeled = LabeledDigitRequest.model_construct(label=wanted, sample=None if explains else body.digit.sample)
        if framed.pixels.any() or wanted is not None:
            label = choose_label(labeled, context.samples, framed, [served])[0]
    if body.of == "robustness" and framed is not None:
        pixels = _perturbed(served, body, framed.pixels, label)
    weights = f"{served.name}.npz" if served.checkpoint is None else f"{served.name}-{served.checkpoint}.npz"
    return Shown(
        body.of, served.name, weights, served.artifact.network, given, pixels, body.query, body.fields, body.at, label
    )


def _given(digit: DigitRequest, framed: FramedDigit) -> dict[str, Any]:
    """The digit as the code sends it: an image, or a drawing of many points, as what the network receives of it."""
    is_long = digit.image is not None or sum(map(len, digit.strokes or [])) > MOST_POINTS
    if is_long and framed.colors is None and framed.pixels.shape == (FRAME_SIZE, FRAME_SIZE):
        # The fewest digits that give the same numbers in single precision.
        return {"pixels": [[float(str(ink)) for ink in row] for row in framed.pixels], "framing": "none"}
    return digit.model_dump(exclude_unset=True, mode="json")


def _perturbed(served: ServedNetwork, body: CodeRequest, pixels: Any, label: int) -> Any:
    kind, level = str(body.fields["kind"]), float(body.fields["level"])
    sample = body.digit.sample if body.digit is not None else None
    seed = int(body.fields.get("seed", 0 if sample is None else sample))
    try:
        raised = label if kind == FGSM else None
        return perturb_one(served.artifact.network, kind, pixels, level, seed, raised)
    except ParameterError as error:
        raise InvalidInput(sentence(error)) from None
