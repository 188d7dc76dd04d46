import tempfile
import unittest
from pathlib import Path

from loss_history import load_losses, save_losses


class TestLossHistory(unittest.TestCase):
    def setUp(self):
        # A new folder for each test, removed even when the test fails. Never the current folder.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "losses.txt"

    def test_round_trip(self):
        """What is loaded equals what was saved, to the last bit."""
        losses = [2.302585092994046, 0.1 + 0.2, 1e-300]
        save_losses(self.path, losses)

        self.assertEqual(load_losses(self.path), losses)

    def test_saving_again_replaces(self):
        """A second save replaces the first."""
        save_losses(self.path, [1.0, 2.0])
        save_losses(self.path, [3.0])

        self.assertEqual(load_losses(self.path), [3.0])

    def test_empty_history(self):
        """A training that never took a step has an empty history, not an error."""
        save_losses(self.path, [])

        self.assertEqual(load_losses(self.path), [])

    def test_missing_file(self):
        """A file that is not there raises FileNotFoundError."""
        with self.assertRaises(FileNotFoundError):
            load_losses(self.path)

    def test_damaged_line_is_named(self):
        """A line that is no number is named with its file and its place."""
        self.path.write_text("1.0\noops\n", encoding="utf-8")

        with self.assertRaisesRegex(ValueError, r"losses\.txt, line 2: 'oops'"):
            load_losses(self.path)


class TestTheFixtureItself(unittest.TestCase):
    def test_folder_is_gone_afterwards(self):
        """After the test has run, its folder is gone."""
        test = TestLossHistory("test_round_trip")
        result = test.run()

        self.assertTrue(result.wasSuccessful())
        self.assertFalse(test.path.parent.exists())


if __name__ == "__main__":
    unittest.main()
