from __future__ import annotations

import unittest

import torch
from torch import Tensor, nn

from mnist.optim import MATRIX_RATE, VECTOR_RATE, MuonAdamW, make_optimizer, orthogonalised, rate_factor

from .factories import make_model, one_thread

setUpModule = one_thread


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def walk(optimizer: torch.optim.Optimizer, parameter: nn.Parameter, steps: int = 5) -> Tensor:
    """Take steps along fixed gradients and return where they lead."""
    for step in range(steps):
        parameter.grad = noise(*parameter.shape, seed=step + 1)
        optimizer.step()
    return parameter.detach()


class Orthogonalised(unittest.TestCase):
    def test_singular_values(self):
        """The singular values of the result are near one, for wide, tall and square matrices."""
        for shape in ((16, 100), (100, 16), (32, 9), (12, 12)):
            with self.subTest(shape=shape):
                values = torch.linalg.svdvals(orthogonalised(noise(*shape)))
                self.assertGreater(values.min().item(), 0.3)
                self.assertLess(values.max().item(), 1.3)

    def test_like_the_textbook(self):
        """The steps on the small square matrix give what Newton-Schulz steps on the whole matrix give in double precision."""
        matrix = noise(64, 288)
        expected = matrix.double() / matrix.double().norm()
        for _ in range(5):
            gram = expected @ expected.T
            expected = 3.4445 * expected + (-4.7750 * gram + 2.0315 * gram @ gram) @ expected
        torch.testing.assert_close(orthogonalised(matrix).double(), expected, atol=1e-5, rtol=1e-4)

    def test_scale_does_not_matter(self):
        """A matrix times a number gives the same result."""
        torch.testing.assert_close(orthogonalised(noise(8, 20) * 1000), orthogonalised(noise(8, 20)), atol=1e-5, rtol=1e-4)

    def test_zero(self):
        """A matrix of zeros stays one; there is no division by zero."""
        self.assertEqual(orthogonalised(torch.zeros(4, 6)).abs().max().item(), 0)


class Rules(unittest.TestCase):
    def test_adamw(self):
        """On vectors the optimiser goes where torch's AdamW goes."""
        ours, theirs = nn.Parameter(noise(7, 3)), nn.Parameter(noise(7, 3))
        expected = walk(torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.01), theirs)
        torch.testing.assert_close(walk(MuonAdamW([], [ours], vector_rate=0.01), ours), expected)

    def test_muon(self):
        """On matrices the optimiser goes where torch's Muon goes, up to the precision of its bfloat16."""
        ours, theirs = nn.Parameter(noise(8, 20)), nn.Parameter(noise(8, 20))
        expected = walk(torch.optim.Muon([theirs], lr=0.02, weight_decay=0, momentum=0.95), theirs)
        torch.testing.assert_close(walk(MuonAdamW([ours], [], matrix_rate=0.02), ours), expected, atol=2e-3, rtol=0)

    def test_kernels_are_flattened(self):
        """A convolution's kernel is moved as the matrix of its filters, also in channels_last."""
        flat = nn.Parameter(noise(16, 4 * 9))
        kernel = nn.Parameter(noise(16, 4 * 9).view(16, 4, 3, 3).contiguous(memory_format=torch.channels_last))
        flat_optimizer, kernel_optimizer = MuonAdamW([flat], []), MuonAdamW([kernel], [])
        for step in range(3):
            flat.grad = noise(16, 36, seed=step + 1)
            kernel.grad = flat.grad.view(16, 4, 3, 3)
            flat_optimizer.step()
            kernel_optimizer.step()
        torch.testing.assert_close(kernel.detach().reshape(16, 36), flat.detach())

    def test_no_gradient(self):
        """A parameter without a gradient stays where it is."""
        parameter = nn.Parameter(noise(3, 4))
        MuonAdamW([parameter], []).step()
        self.assertTrue(torch.equal(parameter.detach(), noise(3, 4)))

    def test_closure(self):
        """A closure is run once, with gradients, and its loss returned."""
        parameter = nn.Parameter(torch.ones(3))

        def closure() -> float:
            loss = parameter.square().sum()
            loss.backward()
            return loss.item()

        self.assertEqual(MuonAdamW([], [parameter]).step(closure), 3.0)
        self.assertLess(parameter.max().item(), 1)


class Tuned(unittest.TestCase):
    def rates(self, **values: float) -> list[float]:
        optimizer = make_optimizer(make_model(), **({"batch_size": 128} | values))
        return [group["lr"] for group in optimizer.param_groups]

    def test_every_parameter_once(self):
        """Every parameter of the model is in exactly one group."""
        model = make_model()
        optimizer = make_optimizer(model, 128)
        held = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
        self.assertEqual(sorted(held), sorted(id(parameter) for parameter in model.parameters()))

    def test_tuned_rates(self):
        """At the batch size they were tuned for, the learning rates are the tuned ones."""
        self.assertEqual(self.rates(), [MATRIX_RATE, VECTOR_RATE])

    def test_other_batch_size(self):
        """A batch four times as large doubles the learning rates."""
        self.assertEqual(self.rates(batch_size=512), [2 * MATRIX_RATE, 2 * VECTOR_RATE])

    def test_own_rate(self):
        """A learning rate that was asked for is the peak of the matrices, and the other keeps its ratio to it."""
        matrix, vector = self.rates(learning_rate=0.1, batch_size=512)
        self.assertEqual(matrix, 0.1)
        self.assertAlmostEqual(vector / matrix, VECTOR_RATE / MATRIX_RATE)

    def test_scaling(self):
        """Scaling is relative to the peak, not to the last scale."""
        optimizer = make_optimizer(make_model(), 128)
        for factor in (0.5, 0.25):
            optimizer.scale_rate(factor)
        self.assertEqual([group["lr"] for group in optimizer.param_groups], [0.25 * MATRIX_RATE, 0.25 * VECTOR_RATE])


class Schedule(unittest.TestCase):
    def test_warm_up(self):
        """The rate starts small, but not at zero, and rises over the first twentieth."""
        factors = [rate_factor(step, 1000) for step in range(50)]
        self.assertTrue(0 < factors[0] < 0.05)
        self.assertEqual(factors, sorted(factors))

    def test_decay(self):
        """After the warm-up the rate falls to almost nothing."""
        factors = [rate_factor(step, 1000) for step in range(50, 1000)]
        self.assertEqual(factors, sorted(factors, reverse=True))
        self.assertLess(factors[-1], 0.002)

    def test_range(self):
        """The factor is above 0 and at most 1, however short the training."""
        for total in (1, 2, 7, 100):
            with self.subTest(total=total):
                self.assertTrue(all(0 < rate_factor(step, total) <= 1 for step in range(total)))

    def test_stretches(self):
        """A training twice as long has the same rate at the same share of its way."""
        self.assertAlmostEqual(rate_factor(500, 1000), rate_factor(1000, 2000))
