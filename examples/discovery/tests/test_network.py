import unittest

from vision.shapes import flattened_features


class TestFlattenedFeatures(unittest.TestCase):
    def test_with_padding(self):
        """With padding 1 an image of 28 pixels arrives at the linear layer as 64 maps of 7 x 7."""
        self.assertEqual(flattened_features(28, channels=64, padding=1), 64 * 7 * 7)

    def test_without_padding(self):
        """Without padding it arrives as 64 maps of 5 x 5."""
        self.assertEqual(flattened_features(28, channels=64, padding=0), 64 * 5 * 5)
