"""The learning rate of each step."""

import math


def one_cycle(step: int, steps: int, max_learning_rate: float, warmup_share: float) -> float:
    """Rise to the maximum and fall to zero, both along half a cosine.

    Args:
        step: Counted from 0.
        steps: Of the whole run.
        max_learning_rate: Reached at the end of the rise.
        warmup_share: Share of the steps in which the learning rate rises, from a twenty-fifth of its maximum.

    Returns:
        The learning rate of this step.

    Source:
        Smith & Topin (2018), "Super-convergence", with cosine flanks.

    >>> one_cycle(20, 100, max_learning_rate=1.0, warmup_share=0.2)
    1.0
    """
    warmup = warmup_share * steps
    if step < warmup:
        low = max_learning_rate / 25
        return low + (max_learning_rate - low) * (1 - math.cos(math.pi * step / warmup)) / 2
    return max_learning_rate * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
