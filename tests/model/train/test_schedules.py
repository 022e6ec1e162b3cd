import math

import pytest

from model.train.schedules import one_cycle


@pytest.mark.parametrize(
    ("step", "learning_rate"),
    [
        (0, 0.02),  # a twenty-fifth of the maximum
        (10, (0.02 + 0.5) / 2),
        (20, 0.5),
        (60, 0.25),
        (80, 0.5 * (1 + math.cos(math.pi * 0.75)) / 2),
        (100, 0),
    ],
)
def test_learning_rates_of_a_cycle_of_a_hundred_steps_worked_by_hand(step, learning_rate):
    assert one_cycle(step, 100, max_learning_rate=0.5, warmup_share=0.2) == pytest.approx(learning_rate, abs=1e-12)


def test_learning_rate_rises_to_its_maximum_and_falls_from_there():
    rates = [one_cycle(step, 437, max_learning_rate=1, warmup_share=0.3) for step in range(437)]

    top = rates.index(max(rates))
    assert top == round(0.3 * 437)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < rates[-1] < 0.0001


def test_cycle_without_warmup_starts_at_the_maximum():
    assert one_cycle(0, 10, max_learning_rate=0.3, warmup_share=0) == 0.3
