"""Single test images without torch."""

from __future__ import annotations

import subprocess
import sys
import unittest

from mnist.pictures import EXAMPLES, SIDE, pictures


class TestPictures(unittest.TestCase):
    """The embedded test set."""

    def test_known_examples(self):
        """The first test image is a 7 and the last a 6, with ink on most of a stroke and none at the corners."""
        found = pictures((0, EXAMPLES - 1))
        self.assertEqual([picture.label for picture in found.values()], [7, 6])
        for picture in found.values():
            self.assertEqual(len(picture.pixels), SIDE * SIDE)
            self.assertEqual((picture.pixels[0], picture.pixels[-1]), (0, 0))
            self.assertGreater(max(picture.pixels), 200)

    def test_places_outside_the_set(self):
        """A place that is none of the set's has no picture."""
        self.assertEqual(pictures((-1, EXAMPLES)), {})

    def test_torch_is_not_loaded(self):
        """A report that shows images does not wait for torch."""
        code = "import sys; from mnist.pictures import pictures; pictures((1,)); print('torch' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "False\n")


if __name__ == "__main__":
    unittest.main()
