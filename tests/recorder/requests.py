"""The requests that are recorded, as a table.

A case's name and its file's name (``operation``) stay the same for ever; when a route, a field or a parameter is
renamed, only the other columns change. In any string of path, query and body, these are replaced for each model:
``{model}``, and the names in `MODELS`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

API = "/api/v1"
EXPERIMENTS = f"{API}/experiments"
TUNING = f"{EXPERIMENTS}/orientation-tuning"
DESCENT = f"{EXPERIMENTS}/gradient-descent"
JSON_TYPE = "application/json"

MODELS: dict[str, dict[str, str]] = {
    "cnn": {"weighted": "conv1", "rectified": "relu1", "shape": "1,1,28,28"},
    "mlp-500": {"weighted": "linear1", "rectified": "relu1", "shape": "1,1,28,28"},
    "locally-connected": {"weighted": "local1", "rectified": "relu1", "shape": "1,1,28,28"},
    "wide-32": {"weighted": "conv1", "rectified": "relu1", "shape": "1,1,32,32"},
    "pool-before-relu": {"weighted": "conv1", "rectified": "relu1", "shape": "1,1,28,28"},
}
"""By id, names that requests use: the first layer with weights, the first ReLU, and the shape of one input image."""

NEURONS: dict[str, list[tuple[str, int, int, int]]] = {
    "cnn": [
        ("conv1", 2, 0, 0),
        ("conv1", 5, 14, 13),
        ("relu1", 5, 14, 13),
        ("pool1", 0, 3, 4),
        ("conv2", 7, 6, 5),
        ("conv5", 10, 1, 1),
        ("linear", 7, 0, 0),
        ("softmax", 7, 0, 0),
    ],
    "mlp-500": [("linear1", 40, 0, 0), ("relu1", 40, 0, 0), ("linear2", 7, 0, 0), ("softmax", 7, 0, 0)],
    "locally-connected": [("local1", 2, 0, 0), ("local1", 3, 14, 13), ("pool1", 1, 5, 6), ("linear", 7, 0, 0)],
    "wide-32": [("conv1", 1, 0, 31), ("pool1", 1, 2, 3), ("conv2", 3, 4, 5), ("pool2", 2, 3, 3), ("linear1", 3, 0, 0)],
    "pool-before-relu": [("conv1", 1, 13, 12), ("pool1", 1, 6, 6), ("relu1", 1, 6, 6), ("softmax", 3, 0, 0)],
}
"""By model: layer, filter, row, column."""

WEIGHTS: dict[str, tuple[str, list[int]]] = {
    "cnn": ("conv1.weight", [0, 0, 2, 2]),
    "mlp-500": ("linear1.weight", [0, 0, 14, 14]),
    "locally-connected": ("local1.weight", [0, 14, 14, 0, 2, 2]),
    "wide-32": ("conv2.weight", [1, 2, 0, 1]),
    "pool-before-relu": ("conv1.bias", [3]),
}
"""By model: the parameter and the index of the weight whose gradient is checked."""

SEVEN = {"strokes": [[[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]], "pen_width": 0.065}
SAMPLE = {"sample": 0}
BLANK: dict[str, Any] = {"strokes": []}
PIXELS = {
    "pixels": [
        [round((row % 7 + 1) / 8, 3) if 5 <= row < 23 and 12 <= column < 16 else 0.0 for column in range(28)]
        for row in range(28)
    ]
}
DIGITS: dict[str, dict[str, Any]] = {"strokes": SEVEN, "sample": SAMPLE, "blank": BLANK, "pixels": PIXELS}

SAFETENSORS, NPZ, PNG = "application/x-safetensors", "application/x-npz", "image/png"


@dataclass(frozen=True)
class Case:
    """One request.

    Attributes:
        operation: Names the file.
        name: Names the case in the file.
        method: Of HTTP.
        path: With placeholders.
        query: With placeholders.
        body: JSON, or None.
        headers: Of the request.
        content: A body that is not JSON.
        form: Whether the body is a form with the file of `make_image`.
        model: Whose file it is in; None: the operation's.
    """

    operation: str
    name: str
    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    form: bool = False
    model: str | None = None


def get(operation: str, name: str, path: str, headers: Mapping[str, str] | None = None, **query: Any) -> Case:
    """A GET."""
    return Case(operation, name, "GET", path, query, headers=headers or {})


def post(
    operation: str, name: str, path: str, body: Any, headers: Mapping[str, str] | None = None, **query: Any
) -> Case:
    """A POST of JSON."""
    return Case(operation, name, "POST", path, query, body, headers or {})


def accept(media_type: str) -> dict[str, str]:
    """The header that asks for a format."""
    return {"Accept": media_type}


ABLATION = {"layer": "{weighted}", "filter": 0, "ablate": True}
ONE_NEURON = {"layer": "{weighted}", "filter": 1, "bias": 0.1, "row": 14, "column": 14}
MODEL, MAPS = f"{API}/models/{{model}}", f"{API}/models/{{model}}/feature-maps"
LAYER = f"{MODEL}/layers/{{weighted}}"
ROBUSTNESS = f"{EXPERIMENTS}/robustness"
BACKWARD = f"{EXPERIMENTS}/backward-pass"

OF_EACH_MODEL: list[Case] = [
    get("model", "described", MODEL),
    get("history", "all", f"{MODEL}/history"),
    get("kernels", "all", f"{LAYER}/kernels"),
    get("kernels", "one-position", f"{LAYER}/kernels", row=3, column=4),
    get("kernels", "one-filter", f"{LAYER}/kernels", filter=1),
    get("kernels", "checkpoint", f"{LAYER}/kernels", checkpoint=686),
    get("kernels", "safetensors", f"{LAYER}/kernels", accept(SAFETENSORS), dtype="float16"),
    get("kernels", "npz", f"{LAYER}/kernels", accept(NPZ)),
    get("kernels", "png", f"{LAYER}/kernels", accept(PNG), zoom=2),
    get("kernels", "layer-without", f"{MODEL}/layers/{{rectified}}/kernels"),
    get("kernels", "unknown-layer", f"{MODEL}/layers/conv99/kernels"),
    *(post("feature-maps", name, MAPS, digit) for name, digit in DIGITS.items()),
    post("feature-maps", "layers", MAPS, SAMPLE, layers="{weighted},{rectified}"),
    post("feature-maps", "one-filter", MAPS, SEVEN, layers="{weighted}", filter=1),
    post("feature-maps", "checkpoint", MAPS, SEVEN, checkpoint=686),
    post("feature-maps", "unframed", MAPS, {**SEVEN, "framing": "none"}),
    post("feature-maps", "framed-sample", MAPS, {**SAMPLE, "framing": "mnist"}),
    post("feature-maps", "safetensors", MAPS, SAMPLE, accept(SAFETENSORS)),
    post("feature-maps", "safetensors-float16", MAPS, SAMPLE, accept(SAFETENSORS), dtype="float16"),
    post("feature-maps", "npz", MAPS, SAMPLE, accept(NPZ)),
    post("feature-maps", "png", MAPS, SAMPLE, accept(PNG), layers="{rectified}"),
    post("feature-maps", "png-dark", MAPS, SAMPLE, accept(PNG), layers="{weighted}", filter=1, zoom=1, theme="dark"),
    post("feature-maps", "png-of-all-layers", MAPS, SAMPLE, accept(PNG)),
    post("feature-maps", "unknown-layer", MAPS, SAMPLE, layers="conv99"),
    post("feature-maps", "unknown-filter", MAPS, SAMPLE, layers="{weighted}", filter=9999),
    post("feature-maps", "unknown-checkpoint", MAPS, SAMPLE, checkpoint=5),
    Case("feature-maps-upload", "png", "POST", f"{MAPS}/upload", form=True),
    get("filters", "all", f"{LAYER}/filters"),
    get("filters", "safetensors", f"{LAYER}/filters", accept(SAFETENSORS)),
    get("filter", "third", f"{LAYER}/filters/3"),
    get("filter", "safetensors", f"{LAYER}/filters/3", accept(SAFETENSORS)),
    get("filter", "unknown", f"{LAYER}/filters/9999"),
    post(
        "perturb-pixel", "sample", f"{EXPERIMENTS}/perturb-pixel", {**SAMPLE, "row": 14, "column": 14}, models="{model}"
    ),
    post(
        "perturb-pixel",
        "corner",
        f"{EXPERIMENTS}/perturb-pixel",
        {**SEVEN, "row": 0, "column": 0, "value": 0.5},
        models="{model}",
    ),
    post(
        "perturb-pixel", "outside", f"{EXPERIMENTS}/perturb-pixel", {**SEVEN, "row": 40, "column": 0}, models="{model}"
    ),
    post(
        "perturb-pixel",
        "safetensors",
        f"{EXPERIMENTS}/perturb-pixel",
        {**SAMPLE, "row": 14, "column": 14},
        accept(SAFETENSORS),
        models="{model}",
    ),
    post("translation", "even", f"{EXPERIMENTS}/translation", {**SAMPLE, "right": 2}, models="{model}"),
    post("translation", "odd", f"{EXPERIMENTS}/translation", {**SEVEN, "right": 3, "down": -1}, models="{model}"),
    post("translation", "npz", f"{EXPERIMENTS}/translation", {**SAMPLE, "right": 2}, accept(NPZ), models="{model}"),
    post(
        "translation-curve", "sample", f"{EXPERIMENTS}/translation-curve", {**SAMPLE, "max_offset": 4}, models="{model}"
    ),
    post(
        "translation-curve",
        "down",
        f"{EXPERIMENTS}/translation-curve",
        {**SEVEN, "direction": "down", "label": 7, "max_offset": 3},
        models="{model}",
    ),
    get("tuning", "default", TUNING, model="{model}", step=15),
    get(
        "tuning",
        "grating-in-place",
        TUNING,
        model="{model}",
        step=30,
        measure="center",
        grating=True,
    ),
    get("tuning", "dark-bar", TUNING, model="{model}", step=30, dark=True, width=2, row=12),
    *(
        post("gradients", name, f"{EXPERIMENTS}/gradients", {**digit, "label": 2}, models="{model}")
        for name, digit in DIGITS.items()
    ),
    post("gradients", "own-label", f"{EXPERIMENTS}/gradients", SAMPLE, models="{model}"),
    post("gradients", "one-layer", f"{EXPERIMENTS}/gradients", SAMPLE, models="{model}", layers="{weighted}"),
    post("gradients", "safetensors", f"{EXPERIMENTS}/gradients", SAMPLE, accept(SAFETENSORS), models="{model}"),
    post("gradient-descent", "once", DESCENT, {**SAMPLE, "label": 2, "learning_rate": 0.05}, model="{model}"),
    post("gradient-descent", "three", DESCENT, {**SEVEN, "label": 7, "steps": 3}, model="{model}"),
    get("weights", "npz", f"{MODEL}/weights", accept("application/x-npz")),
    post(
        "backward-pass",
        "strongest",
        BACKWARD,
        {**SEVEN, "label": 2, "layer": "{rectified}", "check": True},
        model="{model}",
    ),
    post("backward-pass", "pixel", BACKWARD, {**SAMPLE, "label": 2, "row": 14, "column": 14}, model="{model}"),
    post("gradient-descent", "layer", DESCENT, {**SEVEN, "label": 7}, model="{model}", layer="{weighted}"),
    post("kernel-edits", "ablated", f"{EXPERIMENTS}/kernel-edits", {**SAMPLE, "edits": [ABLATION]}, model="{model}"),
    post(
        "kernel-edits",
        "one-neuron",
        f"{EXPERIMENTS}/kernel-edits",
        {**SAMPLE, "edits": [ABLATION, ONE_NEURON]},
        model="{model}",
    ),
    post(
        "kernel-edits",
        "none",
        f"{EXPERIMENTS}/kernel-edits",
        {**SEVEN, "edits": []},
        model="{model}",
        layers="{weighted}",
    ),
    post(
        "kernel-edits-accuracy",
        "ablated",
        f"{EXPERIMENTS}/kernel-edits/accuracy",
        {"edits": [ABLATION]},
        model="{model}",
    ),
    *(post("saliency", name, f"{EXPERIMENTS}/saliency", digit, model="{model}") for name, digit in DIGITS.items()),
    post("saliency", "another-class", f"{EXPERIMENTS}/saliency", {**SAMPLE, "label": 1}, model="{model}"),
    post("saliency", "unknown-class", f"{EXPERIMENTS}/saliency", {**SAMPLE, "label": 10}, model="{model}"),
    post("occlusion", "coarse", f"{EXPERIMENTS}/occlusion", {**SAMPLE, "size": 7, "stride": 3}, model="{model}"),
    post("occlusion", "default", f"{EXPERIMENTS}/occlusion", SEVEN, model="{model}"),
    *(
        post("layer-map", name, f"{EXPERIMENTS}/layer-map", digit, model="{model}", neighbors=3)
        for name, digit in DIGITS.items()
    ),
    get("layer-map", "input", f"{EXPERIMENTS}/layer-map", model="{model}", components=2),
    get("layer-map", "png", f"{EXPERIMENTS}/layer-map", accept(PNG), model="{model}"),
    get("layer-map", "unknown-layer", f"{EXPERIMENTS}/layer-map", model="{model}", layer="relu99"),
    get("confusion", "finished", f"{EXPERIMENTS}/confusion", model="{model}"),
    get("confusion", "digits", f"{EXPERIMENTS}/confusion/digits", model="{model}", correct=False, limit=3),
    get("misread-digit", "first", f"{EXPERIMENTS}/misread-digit", model="{model}"),
    get("misread-digit", "safetensors", f"{EXPERIMENTS}/misread-digit", accept(SAFETENSORS), model="{model}"),
    get("robustness", "noise", f"{EXPERIMENTS}/robustness", models="{model}", kind="noise"),
    post("robustness", "rotate", ROBUSTNESS, {**SAMPLE, "kind": "rotate", "level": 30}, models="{model}"),
    post(
        "robustness",
        "fgsm",
        ROBUSTNESS,
        {**SEVEN, "kind": "fgsm", "level": 0.1},
        models="{model}",
        layers="{rectified}",
    ),
    post("robustness", "too-far", ROBUSTNESS, {**SAMPLE, "kind": "blur", "level": 9}, models="{model}"),
    get("v2-model", "described", "/v2/models/{model}"),
    get("v2-model", "ready", "/v2/models/{model}/ready"),
    get("v2-model", "version", "/v2/models/{model}/versions/1"),
    get("v2-model", "unknown-version", "/v2/models/{model}/versions/2"),
]

WITHOUT_MODEL: list[Case] = [
    get("models", "all", f"{API}/models"),
    get("layer-costs", "default", f"{EXPERIMENTS}/layer-costs"),
    get(
        "layer-costs",
        "other",
        f"{EXPERIMENTS}/layer-costs",
        kernel_size=3,
        stride=2,
        padding=1,
        filters=8,
        features=100,
    ),
    get("layer-costs", "invalid", f"{EXPERIMENTS}/layer-costs", kernel_size=99),
    get("mean-translation-curve", "all", f"{EXPERIMENTS}/translation-curve"),
    *(post("feature-comparison", name, f"{EXPERIMENTS}/feature-comparison", digit) for name, digit in DIGITS.items()),
    *(
        post("all-models", name, f"{EXPERIMENTS}/{name}", {**SAMPLE, **more})
        for name, more in {
            "perturb-pixel": {"row": 14, "column": 14},
            "translation": {"right": 2},
            "translation-curve": {"max_offset": 3},
            "gradients": {"label": 2},
            "gradient-descent": {},
            "saliency": {},
            "occlusion": {"size": 7, "stride": 3},
            "kernel-edits": {"edits": []},
        }.items()
    ),
    post(
        "all-models",
        "different-input-sizes",
        f"{EXPERIMENTS}/perturb-pixel",
        {**SAMPLE, "row": 1, "column": 1},
        models="cnn,wide-32",
    ),
    get("layer-knowledge", "all", f"{EXPERIMENTS}/layer-knowledge"),
    get("pixel-permutation", "all", f"{EXPERIMENTS}/pixel-permutation"),
    get("bar", "default", f"{EXPERIMENTS}/bar"),
    get("bar", "grating", f"{EXPERIMENTS}/bar", angle=30, length=12, width=2.5, row=10, grating=True, dark=True),
    get("bar", "invalid", f"{EXPERIMENTS}/bar", angle=1000),
    get("samples", "first", f"{API}/samples", limit=3),
    get("samples", "wrong", f"{API}/samples", limit=3, label=7, correct=False, offset=1),
    get("samples", "of-a-model", f"{API}/samples", limit=3, correct=False, model="mlp-500"),
    get("samples", "not-recorded", f"{API}/samples", correct=True, model="wide-32"),
    get("samples", "unknown-model", f"{API}/samples", model="vgg"),
    get("samples", "png", f"{API}/samples", accept(PNG), limit=20),
    get("samples", "safetensors", f"{API}/samples", accept(SAFETENSORS), limit=3),
    get("samples", "invalid", f"{API}/samples", limit=1000),
    get("sample", "first", f"{API}/samples/0"),
    get("sample", "png", f"{API}/samples/0", accept(PNG), zoom=2),
    get("sample", "npz", f"{API}/samples/0", accept(NPZ)),
    get("sample", "unknown", f"{API}/samples/10000"),
    get("sample", "not-a-number", f"{API}/samples/first"),
    get("health", "live", "/healthz"),
    get("health", "ready", "/readyz"),
    get("metrics", "names", "/metrics"),
    get("v2-server", "described", "/v2"),
    get("v2-server", "live", "/v2/health/live"),
    get("v2-server", "ready", "/v2/health/ready"),
    get("v2-server", "unknown-model", "/v2/models/vgg"),
    get("openapi", "outline", "/openapi.json"),
    get("errors", "not-found", f"{API}/nothing"),
    get("errors", "not-found-page", "/nothing", accept("text/html")),
    get("errors", "unknown-problem", "/problems/nothing"),
    get("errors", "unknown-model", f"{API}/models/vgg"),
    get("errors", "method-not-allowed", f"{API}/models/cnn/feature-maps"),
    get("errors", "not-acceptable", f"{API}/models/cnn/layers/conv1/kernels", accept("text/csv")),
    post("errors", "no-digit", f"{API}/models/cnn/feature-maps", {}),
    post("errors", "two-digits", f"{API}/models/cnn/feature-maps", {**SAMPLE, **SEVEN}),
    post("errors", "unknown-field", f"{API}/models/cnn/feature-maps", {**SAMPLE, "shade": 1}),
    post("errors", "wrong-pixels", f"{API}/models/cnn/feature-maps", {"pixels": [[0, 2]]}),
    post("errors", "not-an-image", f"{API}/models/cnn/feature-maps", {"image": "aGVsbG8gd29ybGQ="}),
    post("errors", "unknown-sample", f"{API}/models/cnn/feature-maps", {"sample": 10000}),
    post("errors", "drawing-too-large", f"{API}/models/cnn/feature-maps", {"strokes": [[[0.5, 0.5]]] * 501}),
    post("errors", "unlabeled", f"{EXPERIMENTS}/translation-curve", SEVEN),
    post(
        "errors",
        "unknown-weight",
        f"{EXPERIMENTS}/gradient-check",
        {**SAMPLE, "label": 2, "parameter": "conv1.weight", "index": [99, 0, 0, 0]},
    ),
    post(
        "errors",
        "unknown-neuron",
        f"{API}/models/cnn/neuron",
        {**SAMPLE, "layer": "conv1", "filter": 0, "row": 99, "column": 0},
    ),
    post(
        "errors", "edit-of-relu", f"{EXPERIMENTS}/kernel-edits", {**SAMPLE, "edits": [{**ABLATION, "layer": "relu1"}]}
    ),
    Case(
        "errors",
        "malformed-json",
        "POST",
        f"{API}/models/cnn/feature-maps",
        headers={"Content-Type": JSON_TYPE},
        content=b"{",
    ),
    Case(
        "errors",
        "unsupported-media-type",
        "POST",
        f"{API}/models/cnn/feature-maps",
        headers={"Content-Type": "text/csv"},
        content=b"1,2",
    ),
    Case(
        "errors",
        "body-too-large",
        "POST",
        f"{API}/models/cnn/feature-maps",
        headers={"Content-Type": JSON_TYPE},
        content=b" " * (34 * 2**20 + 1),
    ),
    # Every run has an id of its own, so none is recorded.
    post("trainings", "invalid", f"{API}/trainings", {"kernel_size": 4}),
    get("trainings", "unknown", f"{API}/trainings/current"),
    Case("trainings", "delete-unknown", "DELETE", f"{API}/trainings/current"),
]


WITH_OTHER_DEFAULTS = ("feature-comparison", "all-models")
"""Operations that are also recorded with each of `OTHER_DEFAULTS` as the default model."""

OTHER_DEFAULTS = ("mlp-500", "wide-32", "pool-before-relu")


def cases_of_default() -> Iterator[Case]:
    """The cases whose response may depend on the default model."""
    return (case for case in WITHOUT_MODEL if case.operation in WITH_OTHER_DEFAULTS)


def cases() -> Iterator[Case]:
    """Every case, its placeholders filled in, in the order to run them."""
    for model, names in MODELS.items():
        places = {"model": model, **names}
        for case in OF_EACH_MODEL:
            yield _fill(case, places)
        for layer, filter_, row, column in NEURONS[model]:
            body = {**SEVEN, "layer": layer, "filter": filter_, "row": row, "column": column}
            name = f"{layer}-{filter_}-{row}-{column}"
            yield _fill(post("neuron", name, f"{MODEL}/neuron", body), places)
        parameter, index = WEIGHTS[model]
        body = {**SAMPLE, "label": 2, "parameter": parameter, "index": index}
        yield _fill(post("gradient-check", "one", f"{EXPERIMENTS}/gradient-check", body, model="{model}"), places)
        shape = [int(extent) for extent in names["shape"].split(",")]
        tensor = {"name": "input", "shape": shape, "datatype": "FP32"}
        values = [round(number % 17 / 16, 4) for number in range(shape[2] * shape[3])]
        body = {"id": "a7", "inputs": [{**tensor, "data": values}]}
        yield _fill(post("v2-infer", "json", "/v2/models/{model}/infer", body), places)
        body = {**body, "outputs": [{"name": "logits"}, {"name": "{weighted}"}]}
        yield _fill(post("v2-infer", "outputs", "/v2/models/{model}/infer", body), places)
        body = {"inputs": [{**tensor, "shape": [1, 2], "data": [0, 1]}]}
        yield _fill(post("v2-infer", "wrong-shape", "/v2/models/{model}/infer", body), places)
    yield from WITHOUT_MODEL


def _fill(case: Case, places: Mapping[str, str]) -> Case:
    def filled(value: Any) -> Any:
        match value:
            case str():
                for name, replacement in places.items():
                    value = value.replace(f"{{{name}}}", replacement)
                return value
            case dict():
                return {key: filled(each) for key, each in value.items()}
            case list():
                return [filled(each) for each in value]
            case _:
                return value

    return Case(
        case.operation,
        case.name,
        case.method,
        filled(case.path),
        filled(dict(case.query)),
        filled(case.body),
        case.headers,
        case.content,
        case.form,
        places["model"],
    )
