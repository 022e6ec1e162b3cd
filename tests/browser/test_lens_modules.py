"""The lens's own arithmetic and geometry, run in the browser and held to the API and to slow oracles."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from model.artifact import Artifact, load_artifact
from model.description import describe_layers
from model.explain.receptive_field import receptive_field_of
from model.geometry import Box

ARTIFACT = Path(__file__).resolve().parents[2] / "model" / "artifacts" / "cnn"

IMPORTS = """async ([body, script]) => {
  const modules = Object.fromEntries(await Promise.all(
    ["draw/grid-geometry", "state/arithmetic", "state/reducer", "state/url", "views/rounding", "api/exact",
     "api/digit-channel"].map(
      async (path) => [path.split("/")[1].replaceAll("-", "_"), await import(`/static/js/${path}.js`)])));
  return await (0, eval)(script)(modules, body);
}"""


@pytest.fixture(scope="module")
def run(browser, server) -> Iterator:
    """Evaluate an arrow function of (modules, argument) in a page of the server."""
    context = browser.new_context(base_url=server, bypass_csp=True)
    page = context.new_page()
    page.goto("/docs")
    yield lambda script, argument=None: page.evaluate(IMPORTS, [argument, f"({script})"])
    context.close()


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return load_artifact(ARTIFACT)


@pytest.fixture(scope="module")
def model(server: str) -> dict:
    return httpx.get(f"{server}/api/v1/models/cnn").json()


def as_box(box: Box) -> dict[str, int]:
    return {"top": box.top, "left": box.left, "height": box.height, "width": box.width}


def test_receptive_field_is_the_apis_for_every_layer_and_place(run, artifact: Artifact, model: dict):
    drawn = run(
        """({ grid_geometry: m }, layers) => layers.flatMap((layer) => {
          const [, height, width] = layer.output_shape;
          return Array.from({ length: height * width }, (_, cell) => {
            const place = { row: Math.floor(cell / width), column: cell % width };
            return m.insideOf(m.fieldIn(layer, place, null, [28, 28]), 28, 28);
          });
        })""",
        model["layers"],
    )

    expected = [
        as_box(receptive_field_of(layer, row, column, (1, 28, 28)).inside(28, 28))
        for layer in describe_layers(artifact.network)
        for row in range(layer.output_shape[1])
        for column in range(layer.output_shape[2])
    ]
    assert len(drawn) == 2347
    assert drawn == expected


def test_field_in_every_earlier_layer_is_what_a_walk_back_through_the_layers_reaches(run, artifact: Artifact, model):
    described = describe_layers(artifact.network)
    for later, layer in enumerate(described):
        _, height, width = layer.output_shape
        for row, column in {(0, 0), (height - 1, 0), (height // 2, width - 1)}:
            drawn = run(
                """({ grid_geometry: m }, [layers, later, place]) => layers.slice(0, later).map((earlier) => {
                  const extent = earlier.output_shape.slice(1);
                  return m.insideOf(m.fieldIn(layers[later], place, earlier, extent), ...extent);
                })""",
                [model["layers"], later, {"row": row, "column": column}],
            )

            rows, columns = {row}, {column}
            for step in range(later, 0, -1):
                rows = _read_by(rows, described[step].window, described[step].input_shape[1])
                columns = _read_by(columns, described[step].window, described[step].input_shape[2])
                expected = Box(min(rows), min(columns), len(rows), len(columns))
                assert drawn[step - 1] == as_box(expected), (layer.name, row, column, described[step - 1].name)


def _read_by(places: set[int], window, extent: int) -> set[int]:
    """The positions along one axis that windows at these places read, without padding."""
    if window is None:
        return set(range(extent))
    starts = {place * window.stride - window.padding for place in places}
    return {start + i for start in starts for i in range(window.size)} & set(range(extent))


def test_field_on_the_pad_goes_back_through_placing_scaling_and_cropping(run):
    framing = {
        "crop": {"top": 28, "left": 42, "height": 56, "width": 27},  # rounded to whole cells, wide and tall differ
        "placed": {"top": 4, "left": 9, "height": 20, "width": 10},
        "source_size": [112, 112],
    }
    boxes = [
        {"top": 4, "left": 9, "height": 20, "width": 10},  # the whole ink
        {"top": 4, "left": 9, "height": 5, "width": 5},
        {"top": 0, "left": 0, "height": 28, "width": 28},  # reaches beyond the pad
    ]

    on_pad = [
        run("({ grid_geometry: m }, [box, framing]) => m.onPad(box, framing, 28)", [box, framing]) for box in boxes
    ]

    assert on_pad[0] == pytest.approx({"top": 0.25, "left": 0.375, "height": 0.5, "width": 27 / 112})
    assert on_pad[1] == pytest.approx({"top": 0.25, "left": 0.375, "height": 0.125, "width": 13.5 / 112})
    assert on_pad[2]["top"] == pytest.approx((28 - 4 * 2.8) / 112)
    assert on_pad[2]["left"] == pytest.approx((42 - 9 * 2.7) / 112)
    assert on_pad[2]["top"] + on_pad[2]["height"] == pytest.approx((28 + 24 * 2.8) / 112)


def test_what_was_not_framed_lies_on_the_pad_as_it_is(run):
    framing = {"crop": None, "placed": None, "source_size": [28, 28]}

    box = run(
        "({ grid_geometry: m }, framing) => m.onPad({ top: 7, left: 14, height: 7, width: 14 }, framing, 28)", framing
    )

    assert box == {"top": 0.25, "left": 0.5, "height": 0.25, "width": 0.5}


@pytest.mark.parametrize(
    ("point", "cell"), [((10, 20), (0, 0)), ((29.9, 59.9), (3, 1)), ((30, 60), (3, 1)), ((20, 50), (3, 1))]
)
def test_cell_under_a_point(run, point: tuple[float, float], cell: tuple[int, int]):
    area = {"left": 10, "top": 20, "width": 20, "height": 40}

    found = run("({ grid_geometry: m }, [area, x, y]) => m.cellAt(area, x, y, 4, 2)", [area, *point])

    assert (found["row"], found["column"]) == cell


ARITHMETIC = """async ({ arithmetic: m, grid_geometry: g, exact }, { layers, sample, places, full }) => {
  const names = layers.map(({ name }) => name);
  const tensors = await exact.postDigitExactly("cnn", { kind: "sample", index: sample }, names);
  const input = { shape: [1, 28, 28], data: tensors.input.data };
  globalThis.learned ??= {};
  for (const { name, parameters } of layers) {
    if (parameters) globalThis.learned[name] ??= await exact.getWeights("cnn", name);
  }
  return places.map(([name, filter, row, column]) => {
    const index = layers.findIndex((layer) => layer.name === name);
    const [layer, next] = [layers[index], layers[index + 1]];
    const after = ["relu", "softmax"].includes(next?.kind) ? { kind: next.kind, tensor: tensors[next.name] } : null;
    const sources = {
      reads: index ? tensors[layers[index - 1].name] : input, own: tensors[name], after,
      weights: globalThis.learned[name] ?? null,
    };
    const neuron = { filter, row, column };
    const written = m.writeOut(layer, sources, neuron, g.patchSpan(layer, neuron));
    const scale = written.products ? written.products.reduce((a, b) => a + Math.abs(b), Math.abs(written.bias)) : 1;
    const { computed, stored, span, after: behind } = written;
    const rectified = next?.kind === "relu" ? m.at(tensors[next.name], neuron) : null;
    const short = { computed, stored, scale, span, after: behind, rectified };
    return full ? { ...short, patch: [...written.patch], products: written.products && [...written.products],
      sums: written.sums && [...written.sums], bias: written.bias, winner: written.winner } : short;
  });
}"""


def random_places(rng: np.random.Generator, model: dict, count: int) -> list[tuple]:
    """Neurons of layers that have a section of their own; ReLU and softmax come as the step behind."""
    layers = [layer for layer in model["layers"] if layer["kind"] not in ("relu", "softmax")]
    chosen = [layers[rng.integers(len(layers))] for _ in range(count)]
    return [(layer["name"], *(int(rng.integers(extent)) for extent in layer["output_shape"])) for layer in chosen]


def test_a_thousand_neurons_written_out_in_the_browser_are_the_maps_values(run, model: dict, rng):
    worst = 0.0
    for _ in range(20):
        places = random_places(rng, model, 50)
        asked = {"layers": model["layers"], "sample": int(rng.integers(10_000)), "places": places, "full": False}

        for place, written in zip(places, run(ARITHMETIC, asked), strict=True):
            difference = abs(written["computed"] - written["stored"])
            # Relative to what was summed: a sum near zero is made of terms that are not.
            assert difference <= 1e-5 * max(abs(written["stored"]), written["scale"] * 0.01), place
            worst = max(worst, difference / max(written["scale"], 1e-9))
            if written["after"] and written["after"]["kind"] == "relu":
                assert written["after"]["stored"] == written["rectified"]
            if written["after"] and written["after"]["kind"] == "softmax":
                assert written["after"]["computed"] == pytest.approx(written["after"]["stored"], rel=1e-5)
    assert worst < 1e-5


def test_the_browser_writes_out_what_the_api_writes_out(run, server: str, model: dict, rng):
    for _ in range(8):
        places = random_places(rng, model, 5)
        sample = int(rng.integers(10_000))
        asked = {"layers": model["layers"], "sample": sample, "places": places, "full": True}

        for place, written in zip(places, run(ARITHMETIC, asked), strict=True):
            layer, number, row, column = place
            body = {"sample": sample, "layer": layer, "filter": number, "row": row, "column": column}
            api = httpx.post(f"{server}/api/v1/models/cnn/neuron", json=body).json()

            assert written["span"] == {key: api["reads"][key] for key in ("top", "left", "height", "width")}
            np.testing.assert_array_equal(np.float32(written["patch"]), np.float32(api["patch"]).ravel())
            assert written["stored"] == pytest.approx(api["stored"], rel=1e-7)
            assert written["computed"] == pytest.approx(api["computed"], rel=1e-12, abs=1e-14)
            if api["products"]:
                # A product of two single-precision numbers is exact in double precision: not a digit may differ.
                assert written["products"] == np.array(api["products"]).ravel().tolist()
                np.testing.assert_allclose(written["sums"], api["channel_sums"], rtol=1e-12, atol=1e-14)
            else:
                assert written["winner"] == api["winner"]["row"] * 2 + api["winner"]["column"]


@pytest.mark.parametrize("layer", ["conv1", "conv2", "conv4", "linear"])
def test_intermediate_maps_and_the_bias_add_up_to_the_feature_map(run, server: str, model: dict, layer: str):
    number = 5
    added = run(
        """async ({ arithmetic: m, exact }, { layers, layer, number }) => {
          const index = layers.findIndex(({ name }) => name === layer);
          const before = layers[index - 1]?.name ?? layer;
          const tensors = await exact.postDigitExactly("cnn", { kind: "sample", index: 3 }, [before, layer]);
          const reads = index ? tensors[before] : { shape: [1, 28, 28], data: tensors.input.data };
          const { kernels, biases } = await exact.getWeights("cnn", layer);
          const { shape: [channels, rows, columns], data } = m.contributionMaps(layers[index], reads, kernels, number);
          const size = rows * columns;
          return Array.from({ length: size }, (_, cell) => {
            let sum = biases.data[number];
            for (let channel = 0; channel < channels; channel += 1) sum += data[channel * size + cell];
            return sum;
          });
        }""",
        {"layers": model["layers"], "layer": layer, "number": number},
    )

    answer = httpx.post(f"{server}/api/v1/models/cnn/feature-maps?layers={layer}", json={"sample": 3}).json()
    np.testing.assert_allclose(added, np.ravel(answer["layers"][0]["feature_maps"][number]), atol=2e-6)


def test_strongest_contributors_come_first_whatever_their_sign(run):
    assert run("({ arithmetic: m }) => m.strongestFirst([0.1, -3, 0, 2, -0.1])") == [1, 3, 0, 4, 2]


@pytest.mark.parametrize("decimals", [2, 3, 12])
def test_rounded_parts_and_their_rounding_add_up_to_the_rounded_total(run, rng, decimals: int):
    for _ in range(50):
        parts = rng.normal(0, 0.3, 26).tolist()

        ledger = run(
            "({ rounding: m }, [parts, decimals]) => m.roundParts(parts, parts.reduce((a, b) => a + b, 0), decimals)",
            [parts, decimals],
        )

        assert all(float(units).is_integer() for units in ledger["parts"])
        assert sum(ledger["parts"]) + ledger["rounding"] == ledger["total"]
        assert ledger["total"] == pytest.approx(sum(parts) * 10**decimals, abs=0.6)


@pytest.mark.parametrize(
    ("units", "decimals", "signed", "text"),
    [
        (1234, 3, False, "1.234"),
        (-5, 3, False, "−0.005"),
        (5, 3, True, "+0.005"),
        (0, 2, True, "0.00"),
        (7, 0, False, "7"),
    ],
)
def test_units_are_written_as_a_number(run, units: int, decimals: int, signed: bool, text: str):
    assert run("({ rounding: m }, [a, b, c]) => m.formatUnits(a, b, c)", [units, decimals, signed]) == text


def test_neuron_survives_the_address(run):
    place = run(
        """({ url: m, reducer: r }) => {
          const state = r.initialState({ kind: "sample", index: 4 }, 0.065);
          const neuron = { layer: "conv2", filter: 7, row: 4, column: 9 };
          return m.fromFragment(`#${m.toFragment({ ...state, neuron })}`).neuron;
        }"""
    )

    assert place == {"layer": "conv2", "filter": 7, "row": 4, "column": 9}


@pytest.mark.parametrize("damaged", ["conv2.1.2", "conv2.1.2.x", "conv2.-1.0.0", ".1.2.3", "a b.1.2.3"])
def test_damaged_neuron_is_left_out(run, damaged: str):
    assert run("({ url: m }, text) => m.fromFragment(`#k=${encodeURIComponent(text)}`)", damaged) == {}


def test_pinning_isolates_the_map_and_stepping_within_it_keeps_it_isolated(run):
    isolated = run(
        """({ reducer: m }) => {
          const neuron = { layer: "conv1", filter: 2, row: 0, column: 0 };
          const first = m.reduce(m.initialState({ kind: "sample", index: 0 }, 0.065), { type: "neuronPinned", neuron });
          const second = m.reduce(first, { type: "neuronPinned", neuron: { ...neuron, row: 1 } });
          const other = m.reduce(second, { type: "neuronPinned", neuron: { ...neuron, filter: 3 } });
          const ended = m.reduce(other, { type: "isolationEnded" });
          return [first.isolated === second.isolated, other.isolated, ended.isolated, ended.neuron];
        }"""
    )

    assert isolated == [True, {"layer": "conv1", "filter": 3}, None, None]


def test_newest_digit_waits_and_those_between_are_never_asked(run):
    asked = run(
        """async ({ digit_channel: m }) => {
          const asked = [], pending = [];
          const channel = m.createDigitChannel((question, sequence) => {
            asked.push([question, sequence]);
            return new Promise((resolve) => pending.push(resolve));
          }, { onAnswer() {}, onFailure() {} });
          for (const question of ["a", "b", "c", "d"]) channel.send(question);
          pending[0]();
          await new Promise((resolve) => setTimeout(resolve));
          pending[1]();
          return asked;
        }""",
    )

    assert asked == [["a", 1], ["d", 2]]


def test_failed_question_does_not_stop_the_next_one(run):
    log = run(
        """async ({ digit_channel: m }) => {
          const log = [];
          const channel = m.createDigitChannel(
            async (question) => { if (question === "bad") throw new Error("no"); return question; },
            { onAnswer: (answer) => log.push(answer), onFailure: (error) => log.push(error.message) },
          );
          await channel.send("bad");
          await channel.send("good");
          return log;
        }""",
    )

    assert log == ["no", "good"]
