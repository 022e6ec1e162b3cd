"""The learning rate of each step."""

import math


def one_cycle(step: int, steps: int, peak: float, warmup_share: float) -> float:
    """Rise to the peak and fall to zero, both along half a cosine.

    Args:
        step: Counted from 0.
        steps: Of the whole run.
        peak: Highest rate.
        warmup_share: Share of the steps in which the rate rises, from a twenty-fifth of the peak.

    Source:
        Smith & Topin (2018), "Super-convergence", with cosine flanks.

    >>> one_cycle(20, 100, peak=1.0, warmup_share=0.2)
    1.0
    """
    warmup = warmup_share * steps
    if step < warmup:
        low = peak / 25
        return low + (peak - low) * (1 - math.cos(math.pi * step / warmup)) / 2
    return peak * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
