import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

MAIN = Path(__file__).resolve().parent / "main.py"


class TestEntryPoint(unittest.TestCase):
    def run_main(self, *flags):
        """Start main.py from a folder that holds nothing, as a cron job would."""
        with tempfile.TemporaryDirectory() as elsewhere:
            command = [sys.executable, str(MAIN), *flags]
            return subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)

    def test_finds_the_tests_from_anywhere(self):
        """The tests are found whatever the current folder is, and the exit code is 0."""
        result = self.run_main("-k", "TestLearningRate")

        self.assertIn("Ran 3 tests", result.stderr)
        self.assertEqual(result.returncode, 0)

    def test_hands_its_flags_on(self):
        """Flags go to unittest: -v prints the sentence of each test."""
        result = self.run_main("-v", "-k", "test_corners")

        self.assertIn("ends at 0. ... ok", result.stderr)

    def test_unknown_flag(self):
        """A flag that unittest does not know ends with its exit code, 2."""
        self.assertEqual(self.run_main("--no-such-flag").returncode, 2)


if __name__ == "__main__":
    unittest.main()
