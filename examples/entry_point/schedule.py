"""A learning rate that rises over the first steps and then falls to zero."""

from __future__ import annotations


def learning_rate(step: int, *, peak: float, warm_up: int, total: int) -> float:
    """Return the rate of a step: linear up to `peak` at step `warm_up`, linear down to 0 at step `total`.

    Raises:
        ValueError: The steps are not in the order 0 < warm_up < total, or the step is outside 0..total.
    """
    if not 0 < warm_up < total:
        raise ValueError(f"warm_up is {warm_up} and total is {total}; 0 < warm_up < total must hold")
    if not 0 <= step <= total:
        raise ValueError(f"step {step} is outside 0..{total}")
    if step <= warm_up:
        return peak * step / warm_up
    return peak * (total - step) / (total - warm_up)
