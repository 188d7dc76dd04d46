import unittest

from metrics import calculate_accuracy, safe_normalize


class TestCalculateAccuracy(unittest.TestCase):
    def test_counts_what_is_right(self):
        """Three right out of four are an accuracy of 0.75."""
        self.assertEqual(calculate_accuracy([7, 2, 1, 0], [7, 2, 1, 9]), 0.75)

    def test_all_wrong(self):
        """No right prediction is an accuracy of 0."""
        self.assertEqual(calculate_accuracy([1, 1], [0, 0]), 0.0)

    def test_lengths_must_match(self):
        """Fewer predictions than labels are refused, where zip alone would quietly drop the rest."""
        with self.assertRaisesRegex(ValueError, "1 predictions for 2 labels"):
            calculate_accuracy([7], [7, 2])

    def test_nothing_has_no_accuracy(self):
        """Empty lists are refused with a sentence, not with a ZeroDivisionError."""
        with self.assertRaisesRegex(ValueError, "no labels"):
            calculate_accuracy([], [])


class TestSafeNormalize(unittest.TestCase):
    def test_length_becomes_one(self):
        """(3, 4) has length 5 and becomes (0.6, 0.8)."""
        x, y = safe_normalize([3.0, 4.0])

        self.assertAlmostEqual(x, 0.6)
        self.assertAlmostEqual(y, 0.8)

    def test_zero_vector_stays_zero(self):
        """A zero vector comes back as it is: no division by zero, no NaN."""
        self.assertEqual(safe_normalize([0.0, 0.0]), [0.0, 0.0])

    def test_huge_components(self):
        """Components whose squares overflow are still normalised."""
        self.assertAlmostEqual(safe_normalize([1e200, 1e200])[0], 0.5**0.5)

    def test_empty_vector_is_refused(self):
        """An empty vector breaks the pre-condition, and the caller is told."""
        with self.assertRaisesRegex(ValueError, "empty"):
            safe_normalize([])

    def test_nan_is_refused(self):
        """A NaN breaks the pre-condition instead of spreading through the result."""
        with self.assertRaisesRegex(ValueError, "not finite"):
            safe_normalize([1.0, float("nan")])


if __name__ == "__main__":
    unittest.main()
