"""The browser's own modules, run in the browser: the pure ones that no page shows whole."""

import base64

import numpy as np
import pytest
from safetensors.numpy import save

MODULE = "async ([path, body]) => {{ const m = await import(path); return await ({expression})(m, body); }}"


@pytest.fixture(scope="module")
def run(browser, server):
    """Evaluate an arrow function of (module, argument) in a page of the server."""
    context = browser.new_context(base_url=server)
    page = context.new_page()
    page.goto("/docs")

    def evaluate(path: str, expression: str, argument=None):
        return page.evaluate(MODULE.format(expression=expression), [f"/static/js/{path}", argument])

    yield evaluate
    context.close()


@pytest.mark.parametrize("browser_is", ["new", "old"])
def test_tensors_that_python_wrote_are_read(run, browser_is: str):
    """Browsers before 2025 have no Float16Array."""
    path = "api/safetensors.js"
    if browser_is == "old":
        assert run("dom.js", "() => delete globalThis.Float16Array && !globalThis.Float16Array")
        path += "?old"  # another address is another module, which looks for it anew
    tensors = {
        "odd": np.array([1.5, -2.0, 0.1], dtype=np.float16),
        "maps": np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4),
        "half": np.array([0, -0.0, 6e-8, 65504, np.inf, -np.inf, 1 / 3], dtype=np.float16),
    }
    packed = base64.b64encode(save(tensors, metadata={"prediction": "null"})).decode()

    answer = run(
        path,
        """(m, text) => {
          const { tensors, metadata } = m.decodeTensors(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
          for (const tensor of Object.values(tensors)) tensor.data = [...tensor.data].map(String);
          return { metadata, tensors };
        }""",
        packed,
    )

    assert answer["metadata"] == {"prediction": "null"}
    for name, array in tensors.items():
        assert answer["tensors"][name]["shape"] == list(array.shape)
        read = np.array([float(text.replace("Infinity", "inf")) for text in answer["tensors"][name]["data"]])
        np.testing.assert_array_equal(read, array.astype(np.float64).ravel())


def test_tensor_of_another_type_is_refused_by_name(run):
    packed = base64.b64encode(save({"labels": np.zeros(3, dtype=np.uint8)})).decode()

    message = run(
        "api/safetensors.js",
        """(m, text) => {
          try { m.decodeTensors(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer); return "read"; }
          catch (error) { return error.message; }
        }""",
        packed,
    )

    assert message == "this page reads F32 and F16 tensors, not U8"


def test_strokes_survive_the_address(run):
    strokes = [[[0, 0], [1, 1], [0.123, 0.987]], [[-0.1, 1.1]]]

    restored = run("state/url.js", "(m, strokes) => m.decodeStrokes(m.encodeStrokes(strokes))", strokes)

    for stroke, original in zip(restored, strokes, strict=True):
        np.testing.assert_allclose(stroke, original, atol=3 / 65535)


@pytest.mark.parametrize("damaged", ["!", "AAAA", "AAI", "//8"])
def test_damaged_strokes_are_left_out(run, damaged: str):
    assert run("state/url.js", "(m, text) => m.decodeStrokes(text)", damaged) is None
    assert "digit" not in run("state/url.js", "(m, text) => m.fromFragment(`#s=${text}`)", damaged)


def test_fragment_outside_its_bounds_is_left_out(run):
    view = run("state/url.js", "(m) => m.fromFragment('#n=12345678&b=7&pre=2')")

    assert view == {}


def test_eraser_cuts_a_stroke_in_two(run):
    line = [[[0.1, 0.5], [0.9, 0.5]], [[0.1, 0.9], [0.2, 0.9]]]

    left, right, untouched = run("state/erasing.js", "(m, strokes) => m.eraseFrom(strokes, [[0.5, 0.5]], 0.1)", line)

    assert left[0] == [0.1, 0.5]
    assert left[-1][0] == pytest.approx(0.4, abs=0.011)
    assert right[0][0] == pytest.approx(0.6, abs=0.011)
    assert right[-1] == pytest.approx([0.9, 0.5])
    assert untouched == line[1]


def test_answer_to_an_older_question_is_dropped(run):
    sequences = run(
        "state/reducer.js",
        """(m) => {
          let state = m.initialState({ kind: "strokes", strokes: [], penWidth: 0.065 }, 0.065);
          return [2, 1, 3].map((sequence) => {
            state = m.reduce(state, { type: "answerReceived", answer: { sequence, digit: {}, tensors: {} } });
            return state.answer.sequence;
          });
        }""",
    )

    assert sequences == [2, 2, 3]


def test_layers_answered_before_are_kept_for_the_same_digit_and_for_no_other(run):
    layers = run(
        "state/reducer.js",
        """(m) => {
          const three = { kind: "sample", index: 3 }, four = { kind: "sample", index: 4 };
          let state = m.initialState(three, 0.065);
          return [[three, "conv1"], [three, "conv2"], [four, "conv2"]].map(([digit, layer], i) => {
            const answer = { sequence: i + 1, digit, tensors: { [layer]: i } };
            state = m.reduce(state, { type: "answerReceived", answer });
            return state.answer.tensors;
          });
        }""",
    )

    assert layers == [{"conv1": 0}, {"conv1": 0, "conv2": 1}, {"conv2": 2}]


def test_layers_are_asked_for_where_they_are_near_the_screen(run):
    sections = [
        {"layer": {"name": "conv1"}, "after": {"name": "relu1", "kind": "relu"}},
        {"layer": {"name": "pool1"}, "after": None},
        {"layer": {"name": "conv2"}, "after": {"name": "relu2", "kind": "relu"}},
    ]

    every, near, before_relu = run(
        "state/selectors.js",
        """(m, sections) => [
          m.layersToAsk(sections, true, null),
          m.layersToAsk(sections, true, new Set(["pool1", "conv2"])),
          m.layersToAsk(sections, false, new Set(["conv2"])),
        ]""",
        sections,
    )

    assert every == ["relu1", "pool1", "relu2"]
    assert near == ["pool1", "relu2"]
    assert before_relu == ["conv2"]


def test_zero_is_the_neutral_color_and_the_ends_are_the_maps_ends(run):
    stops = [[-1, [0, 0, 255]], [0, [250, 250, 250]], [1, [255, 128, 0]]]

    pixels = run(
        "draw/color-scale.js",
        """(m, stops) => {
          const scale = m.makeColorScale({ stops });
          return [-9, -2, 0, 2, 9].map((value) => scale.pixelOf(value, 2));
        }""",
        stops,
    )

    abgr = [((pixel >> 0) & 255, (pixel >> 8) & 255, (pixel >> 16) & 255, (pixel >> 24) & 255) for pixel in pixels]
    assert abgr == [(0, 0, 255, 255), (0, 0, 255, 255), (250, 250, 250, 255), (255, 128, 0, 255), (255, 128, 0, 255)]


@pytest.mark.parametrize(
    ("boost", "full", "factor"), [(0, 8, 1), (1, 8, 8), (0.5, 4, 2), (1, 0.5, 1)], ids=["off", "full", "half", "loud"]
)
def test_boost_runs_from_the_layers_scale_to_the_maps_own(run, boost: float, full: float, factor: float):
    assert run("state/selectors.js", "(m, [boost, full]) => m.boostFactor(boost, full)", [boost, full]) == factor


@pytest.mark.parametrize(
    ("probability", "text"), [(0.99999, ">99.9 %"), (0.5, "50.0 %"), (0.00001, "<0.1 %"), (0.0123, "1.2 %")]
)
def test_probabilities_are_never_rounded_to_certainty(run, probability: float, text: str):
    assert run("views/prediction-bars.js", "(m, p) => m.percent(p)", probability) == text
