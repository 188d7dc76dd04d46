"""The tails of distributions, against those of scipy.stats."""

from __future__ import annotations

import math
import subprocess
import sys
import unittest

from scipy import stats

from registry import tails

FREEDOMS = (1, 3, 4, 7.3, 19, 100)


class Equal(unittest.TestCase):
    """To the twelfth digit, or as whole numbers."""

    def assert_close(self, found: float, expected: float) -> None:
        """Assert that two probabilities or limits are the same but for rounding."""
        self.assertTrue(math.isclose(found, float(expected), rel_tol=1e-9, abs_tol=1e-300), (found, expected))

    def test_student(self):
        """Student's t is as probable, and has the same limits, near the middle and far out."""
        for freedom in FREEDOMS:
            for value in (-40.0, -2.5, 0.0, 0.3, 3.0, 40.0, math.inf):
                self.assert_close(tails.t_above([value], [freedom])[0], stats.t.sf(value, freedom))
            for p in (0.2, 0.05, 0.01, 1e-4, 1e-9):
                self.assert_close(tails.t_limit(p, freedom), stats.t.isf(p, freedom))

    def test_coin(self):
        """The exact binomial test gives the same for every number of heads of up to 40 tosses, and for many tosses."""
        pairs = [(heads, tosses) for tosses in range(1, 41) for heads in range(tosses + 1)]
        for heads, tosses in (*pairs, (60, 1_000), (4_800, 10_000)):
            self.assert_close(tails.coin_p(heads, tosses), stats.binomtest(heads, tosses).pvalue)
        for tosses in (*range(1, 60), 1_000, 10_000):
            self.assertEqual(tails.coin_limit(0.0025, tosses), int(stats.binom.isf(0.0025, tosses, 0.5)))

    def test_correction(self):
        """Tests that are not given count as inconspicuous in the correction for many tests."""
        self.assertEqual(tails.adjusted([0.01, 0.04], 10), [0.1, 0.2])
        self.assertEqual(tails.adjusted([0.01, 0.04], 2), [0.02, 0.04])
        self.assertEqual(tails.adjusted([], 5), [])

    def test_quick(self):
        """The tails load no scipy.stats, which takes half a second."""
        code = "import sys; from registry.tails import *; coin_p(1, 9), t_above([1.0], [4])"
        done = subprocess.run([sys.executable, "-c", f"{code}; sys.exit('scipy.stats' in sys.modules)"], check=False)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
