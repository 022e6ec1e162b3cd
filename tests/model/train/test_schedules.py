import math

import pytest

from model.train.schedules import one_cycle


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        (0, 0.02),  # a twenty-fifth of the peak
        (10, (0.02 + 0.5) / 2),
        (20, 0.5),
        (60, 0.25),
        (80, 0.5 * (1 + math.cos(math.pi * 0.75)) / 2),
        (100, 0),
    ],
)
def test_rates_of_a_cycle_of_a_hundred_steps_worked_by_hand(step, rate):
    assert one_cycle(step, 100, peak=0.5, warmup_share=0.2) == pytest.approx(rate, abs=1e-12)


def test_rate_rises_to_the_peak_once_and_falls_ever_after():
    rates = [one_cycle(step, 437, peak=1, warmup_share=0.3) for step in range(437)]

    top = rates.index(max(rates))
    assert top == round(0.3 * 437)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < rates[-1] < 0.0001


def test_cycle_without_warmup_starts_at_the_peak():
    assert one_cycle(0, 10, peak=0.3, warmup_share=0) == 0.3
