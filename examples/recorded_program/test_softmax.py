"""A program that runs its own tests and keeps what happened: `python test_softmax.py`, then `runner show latest`."""

import math
import unittest

import runner


def softmax(scores):
    """Return probabilities that are proportional to the exponentials of the scores."""
    largest = max(scores)  # exp() of a large score would overflow
    exponentials = [math.exp(score - largest) for score in scores]
    return [one / sum(exponentials) for one in exponentials]


class TestSoftmax(unittest.TestCase):
    def test_sums_to_one(self):
        """The probabilities sum to 1."""
        self.assertAlmostEqual(sum(softmax([0.5, -2.0, 3.0])), 1.0)

    def test_same_shift_same_answer(self):
        """A constant that is added to every score changes nothing."""
        for shift in (-700.0, 1.0, 700.0):
            with self.subTest(shift=shift):
                shifted = softmax([score + shift for score in (0.0, 1.0, 2.0)])
                for one, other in zip(shifted, softmax([0.0, 1.0, 2.0]), strict=True):
                    self.assertAlmostEqual(one, other)

    def test_order_is_kept(self):
        """The largest score has the largest probability."""
        probabilities = softmax([1.0, 5.0, 3.0])

        self.assertEqual(probabilities.index(max(probabilities)), 1)


if __name__ == "__main__":
    unittest.main(testRunner=runner.RecordingTestRunner)
