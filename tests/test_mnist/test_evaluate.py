from __future__ import annotations

import random
import unittest

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset

from mnist.data import TensorLoader, create_dummy_data
from mnist.errors import InputMismatch
from mnist.evaluate import evaluate

from .factories import DropoutModel, TableModel, digests_of, make_loader, make_model, one_thread

CPU = torch.device("cpu")

setUpModule = one_thread


def numbered(labels: list[int], batch_size: int = 4) -> TensorLoader:
    """Return batches in which the first pixel of image i is i."""
    images = torch.arange(len(labels)).float().view(-1, 1, 1, 1)
    return TensorLoader(TensorDataset(images, torch.tensor(labels)), batch_size)


class NoisyDataset(Dataset):
    """Draws from the global generators of Python and NumPy for each image, as augmentations do."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if index >= len(self):
            raise IndexError(index)
        return torch.full((1, 28, 28), random.random() + np.random.rand()), torch.tensor(index)  # noqa: NPY002


class Figures(unittest.TestCase):
    def test_all_right(self):
        """A model that is always right has the accuracy 1."""
        labels = [3, 1, 4, 1, 5, 9, 2]
        table = functional.one_hot(torch.tensor(labels), 10).float()
        self.assertEqual(evaluate(TableModel(table), numbered(labels), CPU).accuracy, 1.0)

    def test_share(self):
        """The accuracy is the share of right answers over all batches, the smaller last one included."""
        table = functional.one_hot(torch.tensor([0, 0, 0, 0, 0]), 10).float()
        self.assertEqual(evaluate(TableModel(table), numbered([0, 0, 1, 0, 1], batch_size=2), CPU).accuracy, 0.6)

    def test_loss(self):
        """The loss is the mean over the examples, not over the batches."""
        table = torch.randn(5, 10, generator=torch.Generator().manual_seed(0))
        labels = [1, 2, 3, 4, 5]
        expected = functional.cross_entropy(table, torch.tensor(labels)).item()
        self.assertAlmostEqual(evaluate(TableModel(table), numbered(labels, batch_size=4), CPU).loss, expected, places=6)

    def test_logits(self):
        """The loss is taken of logits: a sure and right answer costs almost nothing."""
        table = 50 * functional.one_hot(torch.tensor([7, 8]), 10).float()
        self.assertLess(evaluate(TableModel(table), numbered([7, 8]), CPU).loss, 1e-6)

    def test_examples(self):
        """The number of examples is counted, not the number of batches."""
        self.assertEqual(evaluate(make_model(), make_loader(21, 8), CPU).examples, 21)

    def test_batch_size_does_not_matter(self):
        """Whatever the batch size, the figures are the same."""
        whole, parts = (evaluate(make_model(), make_loader(21, size), CPU) for size in (21, 4))
        self.assertAlmostEqual(whole.loss, parts.loss, places=5)
        self.assertEqual(whole.accuracy, parts.accuracy)

    def test_data_loader(self):
        """A plain `DataLoader` gives the same figures."""
        loader = make_loader(21, 8)
        self.assertEqual(
            evaluate(make_model(), DataLoader(loader.dataset, batch_size=8), CPU), evaluate(make_model(), loader, CPU)
        )

    def test_right_answers(self):
        """Which were answered rightly is told as a bit each, in the order of the loader over its batches, padded with zeros."""
        table = functional.one_hot(torch.tensor([0] * 10), 10).float()
        result = evaluate(TableModel(table), numbered([0, 0, 1, 0, 1, 1, 1, 1, 0, 1], batch_size=3), CPU)
        self.assertEqual([f"{byte:08b}" for byte in result.right], ["11010000", "10000000"])

    def test_nothing_to_evaluate(self):
        """A loader without an example is refused; it has no accuracy."""
        with self.assertRaisesRegex(InputMismatch, "no example"):
            evaluate(make_model(), [], CPU)

    def test_not_a_number(self):
        """A model whose answers are no numbers has a loss that is none; nothing is raised."""
        result = evaluate(TableModel(torch.full((2, 10), float("nan"))), numbered([1, 1]), CPU)
        self.assertNotEqual(result.loss, result.loss)


class Traces(unittest.TestCase):
    def setUp(self):
        self.model = DropoutModel()
        self.loader = make_loader(16, 4)

    def test_weights(self):
        """Evaluating changes no weight and no running statistic."""
        before = digests_of(self.model)
        evaluate(self.model.train(), self.loader, CPU)
        self.assertEqual(digests_of(self.model), before)

    def test_mode(self):
        """Evaluating leaves the model in the mode in which it was."""
        for mode in (True, False):
            with self.subTest(training=mode):
                evaluate(self.model.train(mode), self.loader, CPU)
                self.assertEqual({module.training for module in self.model.modules()}, {mode})

    def test_evaluation_mode_inside(self):
        """While it is evaluated, the model is in evaluation mode: dropout is off, also for a model in training mode."""
        expected = evaluate(self.model.eval(), self.loader, CPU)
        self.assertEqual(evaluate(self.model.train(), self.loader, CPU), expected)

    def test_gradients(self):
        """Evaluating makes no gradients and takes none away."""
        marks = {name: torch.randn_like(parameter) for name, parameter in self.model.named_parameters()}
        for name, parameter in self.model.named_parameters():
            parameter.grad = marks[name].clone()
        evaluate(self.model, self.loader, CPU)
        for name, parameter in self.model.named_parameters():
            self.assertTrue(torch.equal(parameter.grad, marks[name]), name)

    def test_global_random_state(self):
        """Evaluating leaves the global random state as it was, though a plain `DataLoader` draws from it."""
        loader = DataLoader(self.loader.dataset, batch_size=4, shuffle=True)
        before = torch.get_rng_state()
        next(iter(loader))
        self.assertFalse(torch.equal(torch.get_rng_state(), before), "the loader draws no random number")
        before = torch.get_rng_state()
        evaluate(self.model, loader, CPU)
        self.assertTrue(torch.equal(torch.get_rng_state(), before))

    def test_generator_of_the_loader(self):
        """Evaluating on the training loader leaves its next order as it was."""
        dataset = TensorDataset(*create_dummy_data(50))
        for make in (lambda g: TensorLoader(dataset, 5, g), lambda g: DataLoader(dataset, 5, shuffle=True, generator=g)):
            loaders = [make(torch.Generator().manual_seed(1)) for _ in range(2)]
            evaluate(self.model, loaders[0], CPU)
            orders = [torch.cat([labels for _, labels in loader]).tolist() for loader in loaders]
            self.assertEqual(orders[0], orders[1])

    def test_generators_of_python_and_numpy(self):
        """Evaluating on images that are augmented with Python's and NumPy's random numbers leaves both where they were."""

        def states() -> tuple[object, ...]:
            return random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]  # noqa: NPY002

        before = states()
        list(NoisyDataset())
        self.assertTrue(all(a != b for a, b in zip(states()[::2], before[::2], strict=True)), "nothing is drawn")
        before = states()
        evaluate(self.model, DataLoader(NoisyDataset(), batch_size=3), CPU)
        self.assertEqual(states(), before)

    def test_generator_of_the_sampler(self):
        """Evaluating leaves the generator of the loader's sampler as it was."""
        generator = torch.Generator().manual_seed(1)
        loader = DataLoader(self.loader.dataset, 4, sampler=RandomSampler(self.loader.dataset, generator=generator))
        before = generator.get_state()
        next(iter(loader))
        self.assertFalse(torch.equal(generator.get_state(), before), "the sampler draws no random number")
        before = generator.get_state()
        evaluate(self.model, loader, CPU)
        self.assertTrue(torch.equal(generator.get_state(), before))

    def test_random_state_after_an_error(self):
        """After an error, too, random state and mode are what they were."""
        before = torch.get_rng_state()
        with self.assertRaises(RuntimeError):
            evaluate(self.model.train(), DataLoader(TensorDataset(torch.zeros(4, 1, 5, 5), torch.zeros(4).long())), CPU)
        self.assertTrue(torch.equal(torch.get_rng_state(), before))
        self.assertTrue(self.model.training)
