import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run_optimised(code: str) -> subprocess.CompletedProcess[str]:
    """Run a line of Python under -O, which removes every assert statement."""
    return subprocess.run([sys.executable, "-O", "-c", code], cwd=HERE, capture_output=True, text=True, check=False)


class TestUnderOptimisation(unittest.TestCase):
    def test_assert_disappears(self):
        """Under -O an assert that is plainly false lets the program go on."""
        result = run_optimised("assert 1 == 2, 'never said'; print('still running')")

        self.assertEqual(result.stdout, "still running\n")
        self.assertEqual(result.returncode, 0)

    def test_exception_stays(self):
        """Under -O the ValueError of a broken pre-condition is still raised."""
        result = run_optimised("import metrics; metrics.calculate_accuracy([7], [7, 2])")

        self.assertIn("ValueError: 1 predictions for 2 labels", result.stderr)
        self.assertNotEqual(result.returncode, 0)

    def test_assertion_methods_stay(self):
        """Under -O the methods of a TestCase still check: they are calls, not assert statements."""
        result = run_optimised("import unittest; unittest.TestCase().assertEqual(1, 2)")

        self.assertIn("AssertionError: 1 != 2", result.stderr)


if __name__ == "__main__":
    unittest.main()
