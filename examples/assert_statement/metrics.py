"""Two small functions that say clearly what they take, and keep saying it under `python -O`.

A caller's mistake is answered with an exception, which is always there. `assert` is for our own reasoning: it states what must be
true if the lines above it are right, and may be switched off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def calculate_accuracy(predictions: Sequence[int], labels: Sequence[int]) -> float:
    """Return the share of predictions that equal their label, 0-1.

    Raises:
        ValueError: The two differ in length, or both are empty.
    """
    if len(predictions) != len(labels):
        raise ValueError(f"{len(predictions)} predictions for {len(labels)} labels; give one prediction for each label")
    if not labels:
        raise ValueError("no labels; the accuracy of nothing is not a number")
    correct = sum(prediction == label for prediction, label in zip(predictions, labels, strict=True))
    accuracy = correct / len(labels)
    assert 0.0 <= accuracy <= 1.0  # post-condition: if this fails, the mistake is ours
    return accuracy


def safe_normalize(vector: Sequence[float]) -> list[float]:
    """Return the vector scaled to length 1; a zero vector has no direction and comes back as it is.

    Raises:
        ValueError: The vector is empty, or a component is not finite.
    """
    if not vector:
        raise ValueError("the vector is empty; give at least one component")
    if not all(math.isfinite(component) for component in vector):
        raise ValueError(f"{list(vector)} holds a component that is not finite; clean the data first")
    largest = max(abs(component) for component in vector)
    if largest == 0.0:
        return list(vector)
    scaled = [component / largest for component in vector]  # first to 1 at most, or squaring 1e200 would overflow
    length = math.hypot(*scaled)
    unit = [component / length for component in scaled]
    assert math.isclose(math.hypot(*unit), 1.0, rel_tol=1e-9)  # post-condition, checked at the end, where it belongs
    return unit
