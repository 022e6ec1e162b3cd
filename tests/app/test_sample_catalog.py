import numpy as np
import pytest

from app.errors import InvalidInput, UnknownSample
from app.sample_catalog import SampleCatalog
from model.artifact import Predictions

IMAGES = np.arange(4, dtype=np.uint8)[:, np.newaxis, np.newaxis] * np.ones((4, 28, 28), dtype=np.uint8)
LABELS = np.array([7, 2, 1, 7], dtype=np.uint8)
# Reads the first and third correctly.
PREDICTIONS = Predictions(np.array([7, 3, 1, 1], dtype=np.uint8), np.full(4, 0.9, dtype=np.float32))


@pytest.fixture
def samples() -> SampleCatalog:
    return SampleCatalog(IMAGES, LABELS, {"cnn": PREDICTIONS})


def test_a_sample_says_what_each_model_makes_of_it(samples: SampleCatalog):
    sample = samples[1]

    assert (sample.index, sample.label) == (1, 2)
    assert sample.predictions["cnn"].digit == 3
    assert sample.predictions["cnn"].probability == pytest.approx(0.9)
    assert not sample.predictions["cnn"].correct
    assert sample.ink[0, 0] == 1


@pytest.mark.parametrize("index", [-1, 4, 10**30])
def test_an_unknown_index_is_refused_with_the_known_range(samples: SampleCatalog, index: int):
    with pytest.raises(UnknownSample, match="the 4 test digits are 0 to 3"):
        samples[index]


@pytest.mark.parametrize(
    ("label", "correct", "chosen"),
    [
        (None, None, [0, 1, 2, 3]),
        (7, None, [0, 3]),
        (None, True, [0, 2]),
        (None, False, [1, 3]),
        (7, False, [3]),
        (5, None, []),
    ],
)
def test_samples_are_chosen_by_label_and_by_how_they_are_read(
    samples: SampleCatalog, label: int | None, correct: bool | None, chosen: list[int]
):
    assert samples.select(label, correct, "cnn") == chosen


def test_nothing_is_known_of_a_model_without_predictions(samples: SampleCatalog):
    assert samples.select(7, None, "mlp-500") == [0, 3]
    with pytest.raises(
        InvalidInput, match=r"predictions of model 'mlp-500' .* were not stored; those of these models were: cnn"
    ):
        samples.select(None, True, "mlp-500")
