"""Which pixels support a class: against finite differences and a slow loop."""

from pathlib import Path

import numpy as np
import pytest

from model.artifact import load_artifact, read_tensors
from model.errors import ShapeError
from model.exact_trace import trace_exactly
from model.experiments.attribution import explain_by_gradient, explain_by_occlusion

ARTIFACTS = Path(__file__).resolve().parents[3] / "model" / "artifacts"
MODELS = ("cnn", "mlp-500", "locally-connected")


@pytest.fixture(scope="module")
def networks():
    return {name: load_artifact(ARTIFACTS / name).network for name in MODELS}


@pytest.fixture(scope="module")
def digit():
    tensors, _ = read_tensors(ARTIFACTS / "samples.safetensors.gz")
    return tensors["images"][0].astype(np.float32) / np.float32(255)


def logit_of(network, image, label):
    *_, logits, _ = trace_exactly(network, image[np.newaxis, np.newaxis]).values()
    return logits[0, label, 0, 0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("label", [7, 2])
def test_gradient_matches_central_differences(networks, digit, rng, model, label):
    network = networks[model]
    # On blank paper neurons are equal, and pooling's choice among equals is a kink: a little noise, and none are.
    digit = (0.9 * digit + rng.uniform(0.01, 0.09, digit.shape)).astype(np.float32)

    result = explain_by_gradient(network, digit, label)

    assert result.gradient.shape == (28, 28)
    assert result.logit == pytest.approx(logit_of(network, digit, label), abs=1e-9)
    step = np.float32(2.0**-18)
    for row, column in rng.integers(4, 24, (6, 2)):
        shifted = [digit.copy(), digit.copy()]
        shifted[0][row, column] += step
        shifted[1][row, column] -= step
        width = float(shifted[0][row, column]) - float(shifted[1][row, column])
        slope = (logit_of(network, shifted[0], label) - logit_of(network, shifted[1], label)) / width
        assert result.gradient[row, column] == pytest.approx(slope, rel=1e-3, abs=1e-7)


@pytest.mark.parametrize(("size", "stride"), [(5, 1), (4, 3), (28, 1)])
def test_covering_equals_a_slow_loop(networks, digit, rng, size, stride):
    network = networks["cnn"]

    result = explain_by_occlusion(network, digit, 7, size, stride)

    assert list(result.tops) == list(range(0, 29 - size, stride))
    for row, column in {(int(r), int(c)) for r, c in rng.integers(0, len(result.tops), (12, 2))}:
        covered = digit.copy()
        for y in range(row * stride, row * stride + size):
            for x in range(column * stride, column * stride + size):
                covered[y, x] = 0
        expected = logit_of(network, covered, 7) - logit_of(network, digit, 7)
        assert result.logit_changes[row, column] == pytest.approx(expected, abs=1e-5)


def test_covering_paper_changes_exactly_nothing(networks, digit):
    result = explain_by_occlusion(networks["cnn"], digit, 7, 5)

    blank = [
        (top, left) for top in result.tops for left in result.lefts if not digit[top : top + 5, left : left + 5].any()
    ]
    assert len(blank) > 50
    assert all(result.logit_changes[place] == 0 and result.probability_changes[place] == 0 for place in blank)
    assert result.logit_changes.min() < -1, "covering the ink takes away what speaks for the digit"


def test_covering_all_leaves_what_a_blank_pad_gives(networks, digit):
    result = explain_by_occlusion(networks["cnn"], digit, 3, 28)

    blank = logit_of(networks["cnn"], np.zeros_like(digit), 3)
    assert result.logit + result.logit_changes.item() == pytest.approx(blank, abs=1e-5)


def test_square_that_does_not_fit_is_refused(networks, digit):
    with pytest.raises(ShapeError, match="a square of 29 pixels does not fit into 28×28"):
        explain_by_occlusion(networks["cnn"], digit, 3, 29)
