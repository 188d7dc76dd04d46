"""A model and its tests in one file: handy for a first sketch, and the tests run with `python model.py`."""

from __future__ import annotations

import math
import unittest
from collections.abc import Sequence

Point = tuple[float, ...]


class NearestMean:
    """Classify a point by the nearest class mean."""

    def __init__(self) -> None:
        self._means: dict[int, Point] = {}

    def fit(self, points: Sequence[Point], labels: Sequence[int]) -> None:
        """Take the mean of each class.

        Raises:
            ValueError: Points and labels differ in number, or there are none.
        """
        if len(points) != len(labels) or not points:
            raise ValueError(f"{len(points)} points and {len(labels)} labels; give at least one point, and a label for each")
        classes = {label: [p for p, its in zip(points, labels, strict=True) if its == label] for label in sorted(set(labels))}
        self._means = {label: _mean(members) for label, members in classes.items()}

    def predict(self, point: Point) -> int:
        """Return the class whose mean is nearest; of two equally near the smaller label.

        Raises:
            RuntimeError: The model was not fitted.
        """
        if not self._means:
            raise RuntimeError("the model has seen no data; call fit first")
        return min(self._means, key=lambda label: math.dist(self._means[label], point))


def _mean(points: Sequence[Point]) -> Point:
    return tuple(math.fsum(axis) / len(points) for axis in zip(*points, strict=True))


class TestNearestMean(unittest.TestCase):
    def setUp(self):
        self.model = NearestMean()
        self.model.fit([(0.0, 0.0), (0.0, 2.0), (9.0, 9.0)], [0, 0, 1])

    def test_predicts_the_nearest_class(self):
        """A point beside a class mean gets that class."""
        self.assertEqual(self.model.predict((1.0, 1.0)), 0)
        self.assertEqual(self.model.predict((8.0, 9.0)), 1)

    def test_fitting_again_forgets(self):
        """A second fit starts afresh."""
        self.model.fit([(0.0, 0.0)], [7])

        self.assertEqual(self.model.predict((9.0, 9.0)), 7)

    def test_unfitted_model_is_refused(self):
        """A model that has seen nothing says so."""
        with self.assertRaisesRegex(RuntimeError, "call fit first"):
            NearestMean().predict((0.0,))

    def test_missing_label_is_refused(self):
        """More points than labels are refused."""
        with self.assertRaisesRegex(ValueError, "2 points and 1 labels"):
            self.model.fit([(0.0,), (1.0,)], [0])


if __name__ == "__main__":
    unittest.main()
