import unittest

from vision.shapes import pooled


class TestPooled(unittest.TestCase):
    def test_halves(self):
        """A 2 x 2 window halves the side."""
        self.assertEqual(pooled(28), 14)

    def test_drops_the_rest(self):
        """An odd side loses its last row and column."""
        self.assertEqual(pooled(7), 3)
