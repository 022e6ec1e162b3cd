"""A visitor's own symbols: a few drawings of each class are enough to classify new ones."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact
from model.data.symbols import Symbols, draw_as_drawn, draw_varied, read_symbols, split_drawings
from model.digits.strokes import Stroke
from model.errors import DatasetError
from model.train.loop import accuracy_of
from model.training_request import TrainingRequest
from model.visitor_training import choose_drawings, run

PEN = 0.065

SHAPES = {
    # In a box from −0.5 to 0.5; y down.
    "house": [[(-0.4, 0.5), (-0.4, -0.1), (0, -0.5), (0.4, -0.1), (0.4, 0.5), (-0.4, 0.5)]],
    "arrow": [[(-0.5, 0), (0.5, 0)], [(0.2, -0.3), (0.5, 0), (0.2, 0.3)]],
    "cross": [[(-0.4, -0.4), (0.4, 0.4)], [(0.4, -0.4), (-0.4, 0.4)]],
}


def drawn_by_hand(name: str, rng: np.random.Generator) -> list[Stroke]:
    """One person's drawing of a shape: its corners are off, and it is slanted, turned, stretched, sized and placed."""
    angle = np.radians(rng.uniform(-15, 15))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1, rng.uniform(-0.2, 0.2)], [0, 1]])
    stretch = np.diag(rng.uniform(0.8, 1.2, 2))
    size, middle = rng.uniform(0.35, 0.8), 0.5 + rng.uniform(-0.1, 0.1, 2)
    corners = [np.array(stroke) + rng.normal(0, 0.04, (len(stroke), 2)) for stroke in SHAPES[name]]
    return [middle + size * stroke @ (turn @ slant @ stretch).T for stroke in corners]


def drawn_by(rng: np.random.Generator, count: int) -> Symbols:
    return Symbols(list(SHAPES), [[drawn_by_hand(name, rng) for _ in range(count)] for name in SHAPES], PEN)


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_drawings_of_each_of_three_symbols_are_enough_for_nine_of_ten_new_ones(tmp_path: Path, seed: int):
    symbols, new = drawn_by(np.random.default_rng(seed), 10), drawn_by(np.random.default_rng(100 + seed), 20)
    request = TrainingRequest(digits=1000, epochs=8)
    output = io.StringIO()

    run(request, choose_drawings(request, symbols), "mine", tmp_path, output, symbols.names)

    artifact = load_artifact(tmp_path)
    assert artifact.network.output_shapes["softmax"] == (3, 1, 1)
    assert artifact.record["classes"] == ["house", "arrow", "cross"]
    assert artifact.title == "Trained here: 8 kernels of 5×5, 3 own symbols"
    assert accuracy_of(artifact.network, draw_as_drawn(new)) >= 0.9
    assert json.loads(output.getvalue().splitlines()[-1])["validation_accuracy"] >= 0.8


@pytest.mark.parametrize(("count", "held_out"), [(3, 1), (5, 1), (9, 1), (10, 2), (20, 4)])
def test_one_fifth_of_the_drawings_is_not_trained_on(rng, count: int, held_out: int):
    symbols = drawn_by(rng, count)

    training, others = split_drawings(symbols, rng)

    for all_of_class, trained, kept in zip(symbols.drawings, training.drawings, others.drawings, strict=True):
        assert (len(trained), len(kept)) == (count - held_out, held_out)
        assert {id(drawing) for drawing in (*trained, *kept)} == {id(drawing) for drawing in all_of_class}


def test_images_take_the_classes_in_turn_and_every_drawing_is_varied(rng):
    symbols = drawn_by(rng, 2)

    images = draw_varied(symbols, 12, seed=5)

    np.testing.assert_array_equal(images.labels, [0, 1, 2] * 4)
    assert images.images.shape == (12, 28, 28)
    assert len({bytes(image) for image in images.images}) == 12
    np.testing.assert_array_equal(draw_varied(symbols, 12, seed=5).images, images.images)


def test_drawings_are_read_as_they_are_written(tmp_path: Path):
    path = tmp_path / "symbols.json"
    path.write_text(
        '{"pen_width": 0.1, "classes": [{"name": "dot", "drawings": [[[[0.5, 0.5]]]]},'
        ' {"name": "bar", "drawings": [[[[0.5, 0.2], [0.5, 0.8]]]]}]}'
    )

    symbols = read_symbols(path)

    assert (symbols.names, symbols.pen_width) == (["dot", "bar"], 0.1)
    np.testing.assert_array_equal(symbols.drawings[1][0][0], [[0.5, 0.2], [0.5, 0.8]])
    assert draw_as_drawn(symbols).images.any(axis=(1, 2)).all(), "a dot has ink too"
    path.write_text("[]")
    with pytest.raises(DatasetError, match=r"symbols\.json holds no drawings"):
        read_symbols(path)
