import unittest

from vision.shapes import convolved


class TestConvolved(unittest.TestCase):
    def test_padding_keeps_the_size(self):
        """A 3 x 3 kernel with padding 1 keeps the side."""
        self.assertEqual(convolved(28, kernel=3, padding=1), 28)

    def test_no_padding_shrinks(self):
        """A 3 x 3 kernel without padding takes a pixel from each edge."""
        self.assertEqual(convolved(28, kernel=3), 26)

    def test_kernel_too_large(self):
        """A kernel larger than the image is refused."""
        with self.assertRaisesRegex(ValueError, "does not fit"):
            convolved(2, kernel=3)
