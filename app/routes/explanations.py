"""POST /models/{model}/neuron: one neuron's arithmetic."""

from dataclasses import asdict
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from app.codecs.media_types import JSON
from app.codecs.tensor_json import encode_json
from app.dependencies import CheckpointDep, NeuronQueryDep, SamplesDep, SettingsDep, SlowPoolDep
from app.errors import UnknownNeuron
from app.routes import API
from app.routes.inference import DIGIT_REFUSALS, source_of
from app.schemas.documentation import NEURON_BODY, NEURON_EXAMPLE, answers
from app.schemas.explanations import NeuronAnswer, NeuronQuery
from app.services.explanations import Explanation, NeuronPlace, Visible, explain

router = APIRouter(prefix=API, tags=["Explanations"])


@router.post(
    "/models/{model}/neuron",
    summary="Write out one neuron",
    response_model=NeuronAnswer,
    response_class=Response,
    openapi_extra=NEURON_BODY,
    responses=answers(NEURON_EXAMPLE, [JSON], *DIGIT_REFUSALS, UnknownNeuron),
)
async def explain_neuron(
    query: NeuronQueryDep, served: CheckpointDep, samples: SamplesDep, settings: SettingsDep, pool: SlowPoolDep
) -> Response:
    """What a neuron read, what it multiplied, what it summed and what came out, and what it sees of the input.

    Sums are in double precision, so that they add up to the digit; `difference` is how far the network's own single
    precision lies from them.
    """
    place = NeuronPlace(query.layer, query.filter, query.row, query.column)
    source = partial(source_of, query, samples, settings)

    def compute() -> bytes:
        return encode_json(_answer(served.name, query, explain(served, source(), query.framing, place)))

    return Response(await pool.run(compute), media_type=JSON)


def _answer(model: str, query: NeuronQuery, explanation: Explanation) -> dict[str, Any]:
    arithmetic = explanation.arithmetic
    terms = arithmetic.weighted_sum
    return {
        "model": model,
        "neuron": {
            "layer": query.layer,
            "kind": explanation.kind,
            "filter": query.filter,
            "row": query.row,
            "column": query.column,
        },
        "reads": {"layer": arithmetic.reads, "first_channel": arithmetic.first_channel, **_box(explanation.patch)},
        "patch": arithmetic.patch,
        "kernel": terms and terms.kernel,
        "products": terms and terms.products,
        "channel_sums": terms and terms.channel_sums,
        "bias": terms and terms.bias,
        "winner": arithmetic.winner and dict(zip(("row", "column"), arithmetic.winner, strict=True)),
        "exponentials": arithmetic.exponentials,
        "computed": arithmetic.computed,
        "stored": arithmetic.activation,
        "difference": arithmetic.difference,
        "pre_activation": explanation.pre_activation,
        "activation": explanation.activation,
        "receptive_field": _box(explanation.receptive_field),
    }


def _box(visible: Visible) -> dict[str, Any]:
    return {**asdict(visible.box), "inside": asdict(visible.inside)}
