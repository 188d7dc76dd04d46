from __future__ import annotations

import hashlib
import unittest

import torch

from mnist.data import SPLIT_SEED, load_mnist_data, load_mnist_tensors

from .factories import one_thread, real_data_dir, real_tensors

setUpModule = one_thread


def digests(images: torch.Tensor) -> set[bytes]:
    return {hashlib.sha256(image.numpy().tobytes()).digest() for image in images}


class Loaders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.train, cls.validation, cls.test = load_mnist_data(real_data_dir(), batch_size=500, seed=1)

    def test_sizes(self):
        """The loaders hold 54,000 training, 6,000 validation and 10,000 test images."""
        sizes = [len(loader.dataset) for loader in (self.train, self.validation, self.test)]
        self.assertEqual(sizes, [54_000, 6_000, 10_000])

    def test_batches(self):
        """A batch is float32 images (N, 1, 28, 28) and int64 labels (N,)."""
        for loader in (self.train, self.validation, self.test):
            images, labels = next(iter(loader))
            self.assertEqual((tuple(images.shape), images.dtype), ((500, 1, 28, 28), torch.float32))
            self.assertEqual((tuple(labels.shape), labels.dtype), ((500,), torch.int64))

    def test_training_set_is_standardised(self):
        """The training images have the mean 0 and the standard deviation 1: normalisation is applied exactly once."""
        images, _ = self.train.dataset.tensors
        self.assertAlmostEqual(images.mean().item(), 0, delta=0.01)
        self.assertAlmostEqual(images.std().item(), 1, delta=0.01)

    def test_other_sets_are_scaled_alike(self):
        """Validation and test images are normalised as the training images: paper is one and the same number."""
        paper = {loader.dataset.tensors[0].min().item() for loader in (self.train, self.validation, self.test)}
        self.assertEqual(len(paper), 1)
        for loader in (self.validation, self.test):
            self.assertAlmostEqual(loader.dataset.tensors[0].std().item(), 1, delta=0.02)

    def test_training_is_shuffled(self):
        """Two passes over the training set have different orders."""
        first, second = (next(iter(self.train))[1] for _ in range(2))
        self.assertFalse(torch.equal(first, second))

    def test_evaluation_is_not_shuffled(self):
        """Two passes over validation and test set have one order."""
        for loader in (self.validation, self.test):
            first, second = (next(iter(loader))[1] for _ in range(2))
            self.assertTrue(torch.equal(first, second))

    def test_global_random_state(self):
        """Loading and iterating do not touch the global random state."""
        before = torch.get_rng_state()
        for loader in (self.train, self.validation, self.test):
            next(iter(loader))
        self.assertTrue(torch.equal(torch.get_rng_state(), before))

    def test_seed_of_the_order(self):
        """The same seed gives the same training batches."""
        again, other = (next(iter(load_mnist_data(real_data_dir(), batch_size=500, seed=seed)[0])) for seed in (2, 2))
        self.assertTrue(torch.equal(again[0], other[0]) and torch.equal(again[1], other[1]))


class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = real_tensors()

    def test_labels_in_every_part(self):
        """Each digit is about a tenth of each part."""
        for part in (self.data.train, self.data.validation, self.data.test):
            shares = part.labels.bincount(minlength=10) / len(part.labels)
            self.assertTrue(((shares > 0.07) & (shares < 0.13)).all())

    def test_labels_are_not_sorted(self):
        """Neighbours have equal labels no more often than chance has it: nothing is leaked by order."""
        for part in (self.data.train, self.data.validation, self.data.test):
            repeats = (part.labels[1:] == part.labels[:-1]).double().mean().item()
            self.assertAlmostEqual(repeats, 0.1, delta=0.02)

    def test_no_test_image_in_training(self):
        """No test image occurs among the training and validation images."""
        seen = digests(self.data.train.images) | digests(self.data.validation.images)
        self.assertEqual(len(seen & digests(self.data.test.images)), 0)

    def test_validation_is_held_out(self):
        """No validation image occurs among the training images."""
        self.assertEqual(len(digests(self.data.train.images) & digests(self.data.validation.images)), 0)

    def test_read_row_by_row(self):
        """The first test image has the pixels of the file in their order, rows first."""
        raw = (real_data_dir() / "MNIST" / "raw" / "t10k-images-idx3-ubyte").read_bytes()[16 : 16 + 784]
        image = self.data.test.images[0]
        self.assertEqual([image[row, column].item() for row in range(28) for column in range(28)], list(raw))

    def test_upright_for_the_model(self):
        """The ones stand upright in what the model gets: their ink is taller than wide."""
        images, labels = self.data.test.normalised().tensors
        ink = images[labels == 1, 0].mean(dim=0) > 0.5
        self.assertGreater(ink.any(dim=1).sum().item(), 2 * ink.any(dim=0).sum().item())

    def test_labels_belong_to_their_images(self):
        """Each training image is nearest to the mean of its own class, in most cases: labels and images are aligned."""
        for part in (self.data.train, self.data.validation, self.data.test):
            images = part.images[:2000].flatten(1).float()
            labels = part.labels[:2000]
            means = torch.stack([images[labels == digit].mean(dim=0) for digit in range(10)])
            nearest = torch.cdist(images, means).argmin(dim=1)
            self.assertGreater((nearest == labels).double().mean().item(), 0.7)

    def test_known_test_labels(self):
        """The test set begins with the digits 7, 2, 1, 0, 4, 1, 4, 9, 5, 9."""
        self.assertEqual(self.data.test.labels[:10].tolist(), [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])


class SplitOfTheRealData(unittest.TestCase):
    def test_repeats_itself(self):
        """Loading twice gives the same fingerprint: the same images in the same order in the same parts."""
        self.assertEqual(load_mnist_tensors(real_data_dir()).fingerprint(), real_tensors().fingerprint())

    def test_split_seed(self):
        """Another split seed holds out other images and leaves the test set alone."""
        other = load_mnist_tensors(real_data_dir(), split_seed=SPLIT_SEED + 1)
        self.assertFalse(torch.equal(other.validation.labels, real_tensors().validation.labels))
        self.assertTrue(torch.equal(other.test.images, real_tensors().test.images))

    def test_fraction(self):
        """The fraction decides how many are held out."""
        data = load_mnist_tensors(real_data_dir(), val_split=0.25)
        self.assertEqual((len(data.train.labels), len(data.validation.labels)), (45_000, 15_000))
