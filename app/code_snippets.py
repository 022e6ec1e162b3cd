"""Python that reproduces a number or a map of the page: from the API, and from the weights with NumPy alone.

The only place that writes such code. Tests run the texts that it returns. Knows networks and arrays, no requests.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.arrays import Float32
from model.experiments.gradients import require_index
from model.layers import Affine, Conv2d, Layer, Linear, LocallyConnected2d, ReLU, Softmax
from model.network import Network

MOST_LINES = 15
"""Of a snippet; what takes more is not written."""

STEP = "1e-5"
"""The finite difference step of gradients: they need the forward pass alone."""


class NotWritten(Exception):  # noqa: N818 - it is not an error
    """There is no such snippet; the message is a sentence for people."""


@dataclass(frozen=True)
class ApiCall:
    """An operation, and what of its response is shown.

    Attributes:
        path: With the names of parameters in braces.
        shows: A Python expression of `response`.
        method: GET or POST.
        why_no_numpy: Why it has no snippet with NumPy alone; empty if it has one.
        names: The query parameter that names the network; empty if there is none.
    """

    path: str
    shows: str
    method: str = "POST"
    why_no_numpy: str = ""
    names: str = "model"


_MEASURED = "This was measured with many digits, which is more than a few lines."
_SEARCH = "This takes the activations of many test digits, which is more than a few lines."

CALLS: Mapping[str, ApiCall] = {
    "prediction": ApiCall("/models/{model}/feature-maps", 'response["prediction"]["probabilities"]', names=""),
    "feature-maps": ApiCall(
        "/models/{model}/feature-maps", 'response["layers"][0]["feature_maps"][{filter}]', names=""
    ),
    "neuron": ApiCall("/models/{model}/neuron", 'response["stored"]', names=""),
    "saliency": ApiCall("/experiments/saliency", 'response["gradient"]{at}'),
    "occlusion": ApiCall("/experiments/occlusion", 'response["logit_changes"]{at}'),
    "evidence": ApiCall("/models/{model}/evidence", 'response["layers"][-2]["contributions"]', names=""),
    "backward-pass": ApiCall("/experiments/backward-pass", 'response["neuron"]["delta"]'),
    "gradient-check": ApiCall("/experiments/gradient-check", 'response["gradient"]'),
    "perturb-pixel": ApiCall(
        "/experiments/perturb-pixel",
        '[layer["changed"] for layer in response["models"][0]["layers"]][:-1]',
        names="models",
    ),
    "translation": ApiCall("/experiments/translation", 'response["models"][0]["after"]["probability"]', names="models"),
    "robustness": ApiCall("/experiments/robustness", 'response["models"][0]["after"]["probabilities"]', names="models"),
    "kernel-edits": ApiCall("/experiments/kernel-edits", 'response["prediction"]["probabilities"]'),
    "gradient-descent": ApiCall(
        "/experiments/gradient-descent",
        'response["losses"]',
        why_no_numpy="A step of gradient descent needs the gradient by every weight, which is more than a few lines.",
    ),
    "kernel-edits/accuracy": ApiCall(
        "/experiments/kernel-edits/accuracy", 'response["accuracy"]', why_no_numpy=_MEASURED
    ),
    "layer-map": ApiCall(
        "/experiments/layer-map", '[layer["neighbors"] for layer in response["layers"]]', why_no_numpy=_SEARCH
    ),
    "feature-comparison": ApiCall(
        "/experiments/feature-comparison",
        "list(response)",
        why_no_numpy="This compares hundreds of features, which is more than a few lines.",
        names="",
    ),
    "translation-curve": ApiCall(
        "/experiments/translation-curve",
        '[model["probability"] for model in response["models"]]',
        why_no_numpy="This repeats the prediction for every offset; the code of a moved digit has a single one.",
        names="models",
    ),
    "layer-costs": ApiCall(
        "/experiments/layer-costs", "response", "GET", "This counts weights, without any network.", ""
    ),
    "pixel-permutation": ApiCall("/experiments/pixel-permutation", "response", "GET", _MEASURED, ""),
    "layer-knowledge": ApiCall("/experiments/layer-knowledge", 'response["models"]', "GET", _MEASURED, ""),
    "confusion": ApiCall("/experiments/confusion", 'response["matrix"]', "GET", _MEASURED),
    "misread-digit": ApiCall("/experiments/misread-digit", 'response["digit"]', "GET", _SEARCH),
    "robustness-curve": ApiCall(
        "/experiments/robustness", '[model["accuracy"] for model in response["models"]]', "GET", _MEASURED, "models"
    ),
    "orientation-tuning": ApiCall(
        "/experiments/orientation-tuning",
        '[(each["filter"], each["preferred"]) for each in response["layers"][0]["filters"]]',
        "GET",
        "This takes the activations of dozens of bars, which is more than a few lines.",
    ),
    "filter": ApiCall(
        "/models/{model}/layers/{layer}/filters/{filter}",
        "list(response)",
        "GET",
        "This was found by many steps of gradient ascent, which is more than a few lines.",
        "",
    ),
}
"""By the name of what the page shows."""


@dataclass(frozen=True)
class Shown:
    """What the page shows.

    Attributes:
        of: A key of `CALLS`.
        model: Id of the network.
        weights: Name of the file with its weights.
        network: Its layers and weights.
        digit: The digit as a request has it; empty if it needs none.
        pixels: The framed digit, (H, W) float32, or (3, H, W) in color; None if it needs none. Of a perturbation, the
            perturbed digit.
        query: The query parameters of the API's operation.
        fields: What its body has besides the digit; of a GET, the parameters of the path.
        at: Row and column of the number in a map.
        label: The class of a gradient.
    """

    of: str
    model: str
    weights: str
    network: Network
    digit: Mapping[str, Any]
    pixels: Float32 | None
    query: Mapping[str, Any]
    fields: Mapping[str, Any]
    at: tuple[int, int] | None = None
    label: int = 0


def api_code(shown: Shown, base_url: str) -> str:
    """The request by httpx, and the part of its response that is shown.

    Args:
        shown: What is shown.
        base_url: Of the API, without a slash at its end.
    """
    call = CALLS[shown.of]
    own = {"layer": shown.fields.get("layer", ""), "filter": int(shown.fields.get("filter", 0))}
    query = {**({call.names: shown.model} if call.names else {}), **shown.query}
    fields = dict(shown.fields)
    if shown.of in ("prediction", "feature-maps"):
        layer = own["layer"] or list(shown.network.layers)[-1]
        query, fields = {"layers": layer, **query}, {}
    arguments = [f'"{base_url}{call.path.format(model=shown.model, **own)}"']
    if query:
        arguments.append(f"params={query!r}")
    lines = ["import httpx"]
    if call.method == "POST":
        lines += [f"digit = {dict(shown.digit)!r}"] if shown.digit else []
        sent = [*(["**digit"] if shown.digit else []), *(f"{name!r}: {value!r}" for name, value in fields.items())]
        arguments.append(f"json={{{', '.join(sent)}}}")
    place = "" if shown.at is None else f"[{shown.at[0]}][{shown.at[1]}]"
    shows = call.shows.replace("{filter}", str(own["filter"])).replace("{at}", place)
    lines += [f"response = httpx.{call.method.lower()}({', '.join(arguments)}, timeout=60).json()", f"print({shows})"]
    return "\n".join(lines) + "\n"


def numpy_code(shown: Shown) -> str:
    """The forward pass from the downloaded weights, and the number that is shown.

    Raises:
        NotWritten: It would take more than `MOST_LINES` lines, or a layer or a change that is not written.
    """
    call = CALLS[shown.of]
    if call.why_no_numpy:
        raise NotWritten(call.why_no_numpy)
    if shown.pixels is None:
        raise NotWritten("There is no digit to compute it for.")
    lines = [*_forward(shown), *_ENDS[shown.of](shown)]
    if len(lines) > MOST_LINES:
        raise NotWritten(f"For this network it takes {len(lines)} lines, and this page shows up to {MOST_LINES}.")
    return "\n".join(lines) + "\n"


# --- The forward pass ------------------------------------------------------------------------------------------------

_CONV = (
    "def conv(x, name, pad=0, stride=1):  # cross-correlation: the kernel is not flipped",
    '    seen = windows(np.pad(x, ((0, 0), (pad, pad), (pad, pad))), w[name + ".weight"].shape[-2:], (1, 2))',
    '    return np.einsum("fcij,cyxij->fyx", w[name + ".weight"], seen[:, ::stride, ::stride]) '
    '+ w[name + ".bias"][:, None, None]',
)
_LOCAL = (
    'def conv(x, name, pad=0, stride=1, rule="fcij,cyxij->fyx"):  # cross-correlation: kernels are not flipped',
    _CONV[1],
    '    bias = np.moveaxis(w[name + ".bias"], -1, 0)',
    '    return np.einsum(rule, w[name + ".weight"], seen[:, ::stride, ::stride]) '
    "+ bias.reshape(len(bias), *bias.shape[1:] or (1, 1))",
)
_POOL = "{name}_pool = lambda x, size, stride: windows(x, size, (1, 2))[:, ::stride[0], ::stride[1]].{name}((3, 4))"
_POOLINGS = {"maximum": "max", "mean": "mean"}
"""By a layer's operation, the method of NumPy."""

_SCALE = 'scale = lambda x, name: w[name + ".weight"][:, 0] * x + w[name + ".bias"][:, None, None]'


def _forward(shown: Shown) -> list[str]:
    """Lines that define the digit `x`, the weights `w`, the layers `steps` and `run(x, steps)`."""
    network, pixels = shown.network, shown.pixels
    assert pixels is not None  # noqa: S101 - checked by the caller
    layers = [layer for layer in network.layers.values() if not isinstance(layer, Softmax)]
    steps = [_step(name, layer) for name, layer in network.layers.items() if not isinstance(layer, Softmax)]
    packed = base64.b64encode(zlib.compress(np.ascontiguousarray(pixels, "<f4").tobytes(), 9)).decode()
    shape = f"reshape{(1, *pixels.shape)[-3:]}.astype(float)"
    channels = 1 if pixels.ndim == 3 else network.input_shape[0]
    lines = [
        "import base64, functools, zlib, numpy as np",
        f'w = dict(np.load("{shown.weights}"))  # "Download the weights" saves this file',
        f'x = np.frombuffer(zlib.decompress(base64.b64decode("{packed}")), "<f4").{shape}'
        + (f".repeat({channels}, 0)" if channels > 1 else ""),
        "windows = np.lib.stride_tricks.sliding_window_view",
        *(_LOCAL if any(isinstance(layer, LocallyConnected2d) for layer in layers) else _CONV),
    ]
    for operation, name in _POOLINGS.items():
        lines += [_POOL.format(name=name)] if any(layer.operation == operation for layer in layers) else []
    lines += [_SCALE] if any(isinstance(layer, Affine) for layer in layers) else []
    lines += [
        f"steps = [{', '.join(steps)}]",
        "run = lambda x, steps: functools.reduce(lambda x, step: step[0](x, *step[1:]), steps, x)",
    ]
    return lines


def _step(name: str, layer: Layer) -> str:
    """A layer as an entry of `steps`: a function and its arguments; raises NotWritten."""
    if isinstance(layer, ReLU):
        return "(np.maximum, 0)"
    if isinstance(layer, Linear):
        return f'(conv, "{name}")'  # A kernel as large as the input.
    if isinstance(layer, Affine):
        return f'(scale, "{name}")'
    window = layer.window
    if isinstance(layer, Conv2d | LocallyConnected2d) and window is not None:
        (pad, *pads), (stride, *strides) = {window.margins[0][0], *sum(window.margins, ())}, set(window.stride)
        if not pads and not strides:
            rule = ', "yxfcij,cyxij->fyx"' if isinstance(layer, LocallyConnected2d) else ""
            return f'(conv, "{name}", {pad}, {stride}{rule})'
    if layer.operation in _POOLINGS and window is not None and not any(sum(window.margins, ())):
        return f"({_POOLINGS[layer.operation]}_pool, {window.size}, {window.stride})"
    raise NotWritten(f"Layer {name} ({layer.kind}) of this network is not one that this page writes with NumPy alone.")


# --- What is shown ---------------------------------------------------------------------------------------------------

_LOGITS = "logits = run({x}, steps).ravel()"
_PROBABILITIES = "np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()"
_LOSS = "np.log(np.exp(run({x}, {steps})).sum()) - run({x}, {steps})[{label}, 0, 0]"


def _prediction(_shown: Shown) -> Sequence[str]:
    return _LOGITS.format(x="x"), f"print({_PROBABILITIES})"


def _activation(shown: Shown) -> Sequence[str]:
    layer, filter_number = str(shown.fields["layer"]), int(shown.fields.get("filter", 0))
    place = f", {shown.fields['row']}, {shown.fields['column']}" if "row" in shown.fields else ""
    if layer == list(shown.network.layers)[-1]:
        return _LOGITS.format(x="x"), f"print(({_PROBABILITIES})[{filter_number}])"
    return (f"print(run(x, steps[:{_number(shown, layer)}])[{filter_number}{place}])",)


def _saliency(shown: Shown) -> Sequence[str]:
    row, column = _place(shown)
    return (
        "unit = np.zeros_like(x)",
        f"unit[:, {row}, {column}] = {STEP}",
        f"print((run(x + unit, steps) - run(x - unit, steps))[{shown.label}, 0, 0] / (2 * {STEP}))",
    )


def _occlusion(shown: Shown) -> Sequence[str]:
    (row, column), size = _place(shown), int(shown.fields.get("size", 5))
    stride = int(shown.fields.get("stride", 1))
    top, left = stride * row, stride * column
    return (
        "covered = x.copy()",
        f"covered[:, {top}:{top + size}, {left}:{left + size}] = 0",
        f"print((run(covered, steps) - run(x, steps))[{shown.label}, 0, 0])",
    )


def _evidence(shown: Shown) -> Sequence[str]:
    """Of the maps that the logits are computed from: what their change from a blank page adds to the class's logit."""
    name, layer = [*shown.network.layers.items()][-2]
    if not isinstance(layer, Linear):
        raise NotWritten(f"The logits of this network come from a layer that is no fully connected one, {name}.")
    return (
        "maps, of_blank = run(x, steps[:-1]), run(np.zeros_like(x), steps[:-1])",
        f"print(({_array(shown, f'{name}.weight')}[{shown.label}] * (maps - of_blank)).sum((1, 2)))",
    )


def _delta(shown: Shown) -> Sequence[str]:
    layer, at = str(shown.fields["layer"]), tuple(int(shown.fields[name]) for name in ("filter", "row", "column"))
    number = 0 if layer == "input" else _number(shown, layer)
    loss = _LOSS.format(x="y", steps=f"steps[{number}:]", label=shown.label)
    return (
        f"y = run(x, steps[:{number}])",
        f"unit = {STEP} * (np.arange(y.size) == np.ravel_multi_index({at}, y.shape)).reshape(y.shape)",
        f"loss = lambda y: {loss}",
        f"print((loss(y + unit) - loss(y - unit)) / (2 * {STEP}))",
    )


def _weight_gradient(shown: Shown) -> Sequence[str]:
    name, index = str(shown.fields["parameter"]), [int(at) for at in shown.fields["index"]]
    array = _array(shown, name)
    require_index(name, shown.network.parameters[name].shape, index)
    weight = f"{array}[{', '.join(map(str, index))}]"
    return (
        f"{array} = {array}.astype(float)",
        f"loss = lambda: {_LOSS.format(x='x', steps='steps', label=shown.label)}",
        f"{weight} += {STEP}",
        f"above, {weight} = loss(), {weight} - 2 * {STEP}",
        f"print((above - loss()) / (2 * {STEP}))",
    )


def _perturbed_pixel(shown: Shown) -> Sequence[str]:
    assert shown.pixels is not None  # noqa: S101 - checked by the caller
    row, column = int(shown.fields["row"]), int(shown.fields["column"])
    value = shown.fields.get("value")
    value = float(shown.pixels[..., row, column].mean() < 0.5) if value is None else float(value)
    return (
        "changed = x.copy()",
        f"changed[:, {row}, {column}] = {value}",
        "before, after = [[run(each, steps[:n + 1]) for n in range(len(steps))] for each in (x, changed)]",
        "print([int((abs(a - b) > 1e-12).sum()) for a, b in zip(before, after)])",
    )


def _translation(shown: Shown) -> Sequence[str]:
    assert shown.pixels is not None  # noqa: S101 - checked by the caller
    moves = [
        (int(shown.fields.get(name, 0)), size)
        for name, size in zip(("down", "right"), shown.pixels.shape[-2:], strict=True)
    ]
    into = ", ".join(f"{max(by, 0)}:{size + min(by, 0)}" for by, size in moves)
    out_of = ", ".join(f"{max(-by, 0)}:{size + min(-by, 0)}" for by, size in moves)
    return (
        "moved = np.zeros_like(x)",
        f"moved[:, {into}] = x[:, {out_of}]",
        _LOGITS.format(x="moved"),
        f"print(({_PROBABILITIES}).max())",
    )


def _edits(shown: Shown) -> Sequence[str]:
    lines = []
    edits = shown.fields["edits"]
    if not isinstance(edits, list) or not all(isinstance(edit, dict) for edit in edits):
        raise ValueError("edits is no list of edits")
    for edit in edits:
        if edit.get("row") is not None:
            raise NotWritten("A kernel that is changed at one position only is not written with NumPy alone.")
        weight, bias = (_array(shown, f"{edit['layer']}.{name}") for name in ("weight", "bias"))
        if isinstance(shown.network.layers.get(edit["layer"]), LocallyConnected2d):
            raise NotWritten("Unshared weights that are edited are not written with NumPy alone.")
        place = str(int(edit["filter"]))
        if edit.get("ablate"):
            lines += [f"{weight}[{place}], {bias}[{place}] = 0, 0"]
            continue
        if edit.get("kernel") is not None:
            lines += [f"{weight}[{place}] = {edit['kernel']!r}"]
        if edit.get("bias") is not None:
            lines += [f"{bias}[{place}] = {edit['bias']!r}"]
    return (*lines, *_prediction(shown))


_ENDS = {
    "prediction": _prediction,
    "robustness": _prediction,
    "feature-maps": _activation,
    "neuron": _activation,
    "saliency": _saliency,
    "occlusion": _occlusion,
    "evidence": _evidence,
    "backward-pass": _delta,
    "gradient-check": _weight_gradient,
    "perturb-pixel": _perturbed_pixel,
    "translation": _translation,
    "kernel-edits": _edits,
}
"""The last lines of each snippet."""


def _array(shown: Shown, name: str) -> str:
    """An array of weights in the code; raises ValueError if there is none of this name."""
    if name not in shown.network.parameters:
        raise ValueError(f"there is no {name[:40]!r}")
    return f'w["{name}"]'


def _number(shown: Shown, layer: str) -> int:
    """How many steps there are up to the layer."""
    return list(shown.network.layers).index(layer) + 1


def _place(shown: Shown) -> tuple[int, int]:
    """The place that is shown; raises NotWritten."""
    if shown.at is None:
        raise NotWritten("Point at a position in the map to see the code of its number.")
    return shown.at
