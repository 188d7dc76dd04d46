import unittest

from schedule import learning_rate


class TestLearningRate(unittest.TestCase):
    def test_corners(self):
        """The rate starts at 0, has its peak after the warm-up and ends at 0."""
        rates = [learning_rate(step, peak=0.1, warm_up=10, total=100) for step in (0, 10, 100)]

        self.assertEqual(rates, [0.0, 0.1, 0.0])

    def test_never_above_the_peak(self):
        """No step has more than the peak."""
        rates = [learning_rate(step, peak=0.1, warm_up=10, total=100) for step in range(101)]

        self.assertEqual(max(rates), 0.1)

    def test_step_past_the_end_is_refused(self):
        """A step after the last is refused instead of getting a negative rate."""
        with self.assertRaisesRegex(ValueError, "outside"):
            learning_rate(101, peak=0.1, warm_up=10, total=100)


if __name__ == "__main__":
    unittest.main()
