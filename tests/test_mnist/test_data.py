from __future__ import annotations

import unittest

import torch
from torch.utils.data import DataLoader, TensorDataset

from mnist.data import (
    ImageSplit,
    MnistTensors,
    TensorLoader,
    create_dummy_data,
    denormalize_image,
    normalize_image,
    split_indices,
)
from mnist.errors import InputMismatch, InvalidConfig

from .factories import make_loader, make_model, make_split, make_tensors, one_thread

setUpModule = one_thread


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Normalisation(unittest.TestCase):
    def test_known_values(self):
        """Paper becomes -0.1307 / 0.3081 and full ink 0.8693 / 0.3081."""
        torch.testing.assert_close(normalize_image(torch.tensor([0.0, 1.0])), torch.tensor([-0.42421, 2.82149]))

    def test_inverse(self):
        """Denormalising undoes normalising, and the other way round."""
        image = torch.rand(3, 1, 28, 28, generator=generator())
        torch.testing.assert_close(denormalize_image(normalize_image(image)), image)
        torch.testing.assert_close(normalize_image(denormalize_image(image)), image)

    def test_shape_and_dtype(self):
        """Shape and dtype stay as they are."""
        image = normalize_image(torch.zeros(2, 5, dtype=torch.float64))
        self.assertEqual((tuple(image.shape), image.dtype), ((2, 5), torch.float64))

    def test_argument_is_not_changed(self):
        """The image that was given stays as it was."""
        image = torch.ones(4)
        normalize_image(image)
        self.assertEqual(image.tolist(), [1.0] * 4)

    def test_bytes_are_refused(self):
        """Raw bytes, which would be scaled wrongly, are refused with their dtype."""
        with self.assertRaisesRegex(InputMismatch, "torch.uint8"):
            normalize_image(torch.zeros(28, 28, dtype=torch.uint8))


class DummyData(unittest.TestCase):
    def test_shapes_and_types(self):
        """Dummy data has the shape and the types of MNIST."""
        images, labels = create_dummy_data(7)
        self.assertEqual((tuple(images.shape), images.dtype), ((7, 1, 28, 28), torch.float32))
        self.assertEqual((tuple(labels.shape), labels.dtype), ((7,), torch.int64))

    def test_labels(self):
        """The labels are from 0 to 9, and all of them occur."""
        self.assertEqual(set(create_dummy_data(500)[1].tolist()), set(range(10)))

    def test_spread(self):
        """The images have about the mean 0 and the standard deviation 1."""
        images, _ = create_dummy_data(200)
        self.assertAlmostEqual(images.mean().item(), 0, delta=0.02)
        self.assertAlmostEqual(images.std().item(), 1, delta=0.02)

    def test_seed(self):
        """Equal seeds give equal data, another seed gives other data."""
        self.assertTrue(torch.equal(create_dummy_data(5, seed=3)[0], create_dummy_data(5, seed=3)[0]))
        self.assertFalse(torch.equal(create_dummy_data(5, seed=3)[0], create_dummy_data(5, seed=4)[0]))

    def test_global_random_state(self):
        """Making dummy data does not touch the global random state."""
        before = torch.get_rng_state()
        create_dummy_data(5)
        self.assertTrue(torch.equal(torch.get_rng_state(), before))

    def test_none(self):
        """No sample at all is a valid number of samples."""
        self.assertEqual(create_dummy_data(0)[0].shape, (0, 1, 28, 28))

    def test_fits_the_model(self):
        """The model takes dummy data."""
        self.assertEqual(make_model()(create_dummy_data(2)[0]).shape, (2, 10))


class Split(unittest.TestCase):
    def test_sizes(self):
        """A tenth of 60,000 is held out: 54,000 and 6,000."""
        train, validation = split_indices(60_000, 0.1, generator())
        self.assertEqual((len(train), len(validation)), (54_000, 6_000))

    def test_disjoint_and_complete(self):
        """Every example is in exactly one part."""
        train, validation = split_indices(1000, 0.3, generator())
        self.assertEqual(sorted(train.tolist() + validation.tolist()), list(range(1000)))

    def test_seed(self):
        """Equal seeds give equal splits, another seed another one."""
        first, again, other = (split_indices(100, 0.2, generator(seed))[1].tolist() for seed in (1, 1, 2))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_random(self):
        """The held-out examples are drawn from everywhere, not cut off at one end."""
        held_out = split_indices(1000, 0.1, generator())[1]
        self.assertGreater(held_out.max().item() - held_out.min().item(), 800)

    def test_global_random_state(self):
        """Splitting does not touch the global random state."""
        before = torch.get_rng_state()
        split_indices(100, 0.5, generator())
        self.assertTrue(torch.equal(torch.get_rng_state(), before))

    def test_at_least_one_each(self):
        """However small or large the fraction, each part gets an example."""
        for fraction in (0.0001, 0.9999):
            with self.subTest(fraction=fraction):
                self.assertEqual(min(map(len, split_indices(10, fraction, generator()))), 1)

    def test_fraction_out_of_range(self):
        """A fraction that leaves a part empty is refused with its value."""
        for fraction in (0.0, 1.0, -0.1, 1.5, float("nan")):
            with self.subTest(fraction=fraction), self.assertRaisesRegex(InvalidConfig, str(fraction)):
                split_indices(100, fraction, generator())

    def test_too_few(self):
        """A single example cannot be split."""
        with self.assertRaisesRegex(InvalidConfig, "of 1 examples"):
            split_indices(1, 0.5, generator())


class Loader(unittest.TestCase):
    def numbered(self, count: int, batch_size: int, seed: int | None = None) -> TensorLoader:
        numbers = torch.arange(count)
        dataset = TensorDataset(numbers.float().view(-1, 1), numbers)
        return TensorLoader(dataset, batch_size, None if seed is None else generator(seed))

    def order(self, loader: TensorLoader) -> list[int]:
        return torch.cat([labels for _, labels in loader]).tolist()

    def test_batch_sizes(self):
        """Batches have the size that was asked for, the last one what is left."""
        self.assertEqual([len(labels) for _, labels in self.numbered(10, 4)], [4, 4, 2])

    def test_length(self):
        """The length of a loader is the number of its batches."""
        for count, batch_size in ((10, 4), (8, 4), (3, 100)):
            with self.subTest(count=count, batch_size=batch_size):
                loader = self.numbered(count, batch_size)
                self.assertEqual(len(loader), len(list(loader)))

    def test_order_kept(self):
        """Without a generator the examples come in the order of the data, each time."""
        loader = self.numbered(10, 4)
        self.assertEqual([self.order(loader), self.order(loader)], [list(range(10))] * 2)

    def test_shuffled(self):
        """With a generator every example comes once in a pass, in another order."""
        order = self.order(self.numbered(100, 7, seed=0))
        self.assertNotEqual(order, list(range(100)))
        self.assertEqual(sorted(order), list(range(100)))

    def test_new_order_in_each_pass(self):
        """Two passes of one loader have different orders."""
        loader = self.numbered(100, 7, seed=0)
        self.assertNotEqual(self.order(loader), self.order(loader))

    def test_seeded_order(self):
        """Equal seeds give equal orders, pass by pass."""
        one, other = self.numbered(100, 7, seed=5), self.numbered(100, 7, seed=5)
        for number in (1, 2):
            with self.subTest(number=number):
                self.assertEqual(self.order(one), self.order(other))

    def test_labels_stay_with_their_images(self):
        """After shuffling each image still has its own label."""
        for images, labels in self.numbered(100, 7, seed=3):
            self.assertEqual(images.flatten().long().tolist(), labels.tolist())

    def test_sorted_labels_are_mixed(self):
        """Data sorted by label gives training batches of many labels: nothing is leaked by order."""
        dataset = TensorDataset(torch.zeros(1000, 1), torch.arange(1000) // 100)
        for _, labels in TensorLoader(dataset, 100, generator()):
            self.assertGreaterEqual(len(labels.unique()), 8)

    def test_global_random_state(self):
        """Iterating touches the global random state neither with shuffling nor without."""
        for shuffle_seed in (None, 0):
            with self.subTest(shuffle_seed=shuffle_seed):
                before = torch.get_rng_state()
                list(make_loader(shuffle_seed=shuffle_seed))
                self.assertTrue(torch.equal(torch.get_rng_state(), before))

    def test_like_a_data_loader(self):
        """Without shuffling the batches are those of torch's `DataLoader`."""
        dataset = TensorDataset(*create_dummy_data(10))
        for ours, theirs in zip(TensorLoader(dataset, 4), DataLoader(dataset, batch_size=4), strict=True):
            self.assertTrue(torch.equal(ours[0], theirs[0]) and torch.equal(ours[1], theirs[1]))

    def test_batch_size_out_of_range(self):
        """A batch size below one is refused with its value."""
        with self.assertRaisesRegex(InvalidConfig, "batch-size is 0"):
            self.numbered(10, 0)


class Parts(unittest.TestCase):
    def test_ready_for_the_model(self):
        """Bytes become float32 images with a channel, and labels stay as they are."""
        split = make_split(5)
        images, labels = split.normalised().tensors
        self.assertEqual((tuple(images.shape), images.dtype), ((5, 1, 28, 28), torch.float32))
        self.assertTrue(torch.equal(labels, split.labels))

    def test_normalised_once(self):
        """A pixel of value v becomes (v / 255 - 0.1307) / 0.3081, once and not twice."""
        images = torch.arange(784, dtype=torch.int64).remainder(256).to(torch.uint8).view(1, 28, 28)
        expected = (images.double() / 255 - 0.1307) / 0.3081
        made = ImageSplit(images, torch.zeros(1, dtype=torch.int64)).normalised().tensors[0]
        torch.testing.assert_close(made[:, 0].double(), expected, atol=1e-6, rtol=1e-6)

    def test_bytes_are_kept(self):
        """Making images ready leaves the bytes as they were."""
        split = make_split(5)
        before = split.images.clone()
        split.normalised()
        self.assertTrue(torch.equal(split.images, before))

    def test_take(self):
        """Taking examples takes images and labels at the same places."""
        split = make_split(50)
        part = split.take(torch.tensor([40, 3]))
        self.assertTrue(torch.equal(part.images, torch.stack([split.images[40], split.images[3]])))
        self.assertEqual(part.labels.tolist(), [split.labels[40].item(), split.labels[3].item()])


class Fingerprint(unittest.TestCase):
    def setUp(self):
        self.data = make_tensors(20, 10, 10)
        self.fingerprint = self.data.fingerprint()

    def test_repeats_itself(self):
        """Equal data has an equal fingerprint of 64 hexadecimal digits."""
        self.assertEqual(self.fingerprint, make_tensors(20, 10, 10).fingerprint())
        self.assertRegex(self.fingerprint, r"\A[0-9a-f]{64}\Z")

    def test_a_pixel(self):
        """One changed pixel changes the fingerprint."""
        self.data.test.images[9, 27, 27] += 1
        self.assertNotEqual(self.data.fingerprint(), self.fingerprint)

    def test_a_label(self):
        """One changed label changes the fingerprint."""
        self.data.train.labels[0] = (self.data.train.labels[0] + 1) % 10
        self.assertNotEqual(self.data.fingerprint(), self.fingerprint)

    def test_order(self):
        """The same examples in another order have another fingerprint."""
        data = MnistTensors(self.data.train.take(torch.arange(20).flip(0)), self.data.validation, self.data.test)
        self.assertNotEqual(data.fingerprint(), self.fingerprint)

    def test_split(self):
        """The same examples split otherwise have another fingerprint."""
        data = MnistTensors(self.data.train, self.data.test, self.data.validation)
        self.assertNotEqual(data.fingerprint(), self.fingerprint)
