"""Tails of the distributions that verdicts rest on. Pure.

The distributions are those of scipy.stats, taken from scipy.special, which is imported in a third of the time; a test holds them
equal. The correction for many tests comes from scipy.stats itself: few comparisons need it.
"""

from __future__ import annotations

from collections.abc import Sequence


def t_above(values: Sequence[float], freedoms: Sequence[float]) -> list[float]:
    """Return for each value how probable a greater one is in Student's t with its degrees of freedom."""
    from scipy.special import stdtr

    return [float(stdtr(freedom, -value)) for value, freedom in zip(values, freedoms, strict=True)]


def t_limit(p: float, freedom: float) -> float:
    """Return what Student's t exceeds with a probability."""
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, p))


def coin_p(heads: int, tosses: int) -> float:
    """Return how probable it is that a fair coin is as one-sided as this, or more: the exact binomial test, two-sided."""
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(heads, tosses - heads), tosses, 0.5)))


def coin_limit(p: float, tosses: int) -> int:
    """Return the least number that the heads of a fair coin exceed with at most a probability."""
    from scipy.special import bdtrc

    return sum(bool(bdtrc(heads, tosses, 0.5) > p) for heads in range(tosses + 1))


def adjusted(ps: Sequence[float], tests: int) -> list[float]:
    """Return probabilities corrected for the number of tests, of which those that are not given count as inconspicuous.

    Source: Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57 (1995).
    """
    if not ps:
        return []
    from scipy.stats import false_discovery_control

    inconspicuous = [1.0] * (tests - len(ps))
    return [float(p) for p in false_discovery_control([*ps, *inconspicuous])[: len(ps)]]
