import unittest

from running_mean import RunningMean


class TestRunningMean(unittest.TestCase):
    def setUp(self):
        # Runs before each test: no test sees what another one added.
        self.mean = RunningMean()

    def test_starts_at_zero(self):
        """Before the first batch the mean is 0."""
        self.assertEqual(self.mean.value, 0.0)

    def test_one_batch(self):
        """After one batch the mean is that of the batch."""
        self.mean.add(2.5, batch_size=64)

        self.assertEqual(self.mean.value, 2.5)

    def test_batches_weigh_as_much_as_they_hold(self):
        """Three examples at 1.0 and one at 5.0 have the mean 2.0; a mean of the two batch means would say 3.0."""
        self.mean.add(1.0, batch_size=3)
        self.mean.add(5.0, batch_size=1)

        self.assertEqual(self.mean.value, 2.0)

    def test_empty_batch_is_refused(self):
        """A batch without examples is refused and changes nothing."""
        with self.assertRaises(ValueError):
            self.mean.add(1.0, batch_size=0)

        self.assertEqual(self.mean.value, 0.0)


if __name__ == "__main__":
    unittest.main()
