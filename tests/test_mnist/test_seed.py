from __future__ import annotations

import os
import random
import unittest
from unittest import mock

import numpy as np
import torch

from mnist.seed import derive_seed, describe_numerics, fixed_numerics, make_generator, random_state, seed_everything

from .factories import one_thread

CPU = torch.device("cpu")
setUpModule = one_thread


def settings() -> tuple[object, ...]:
    return (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
        torch.backends.cudnn.benchmark,
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


class DerivedSeeds(unittest.TestCase):
    def test_known_value(self):
        """A derived seed is the same in every process and every release."""
        self.assertEqual(derive_seed(42, "shuffle"), 8_967_405_026_377_867_982)

    def test_streams_differ(self):
        """Each name and each root seed gives a seed of its own."""
        seeds = {derive_seed(root, name) for root in range(50) for name in ("initialisation", "shuffle")}
        self.assertEqual(len(seeds), 100)

    def test_range(self):
        """A derived seed is one that torch takes, also for the largest root seed."""
        seed = derive_seed(2**63 - 1, "shuffle")
        self.assertTrue(0 <= seed < 2**63)
        self.assertEqual(torch.Generator().manual_seed(seed).initial_seed(), seed)

    def test_generators(self):
        """A generator repeats its stream and shares it with no other name."""
        first, again, other = (
            torch.rand(4, generator=make_generator(1, name)).tolist() for name in ("shuffle", "shuffle", "augmentation")
        )
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)


class RandomState(unittest.TestCase):
    def test_each_generator_counts(self):
        """A number drawn from any of the generators changes the state; drawing none, or seeding all again, does not."""
        own = make_generator(1, "shuffle")
        draws = (random.random, np.random.random, lambda: torch.rand(()), lambda: torch.rand((), generator=own))
        for draw in draws:
            seed_everything(3)
            before = random_state(own)
            self.assertEqual(random_state(own), before)
            draw()
            self.assertNotEqual(random_state(own), before)
        seed_everything(3)
        self.assertEqual(random_state(make_generator(1, "shuffle")), random_state(make_generator(1, "shuffle")))
        self.assertNotEqual(random_state(), random_state(make_generator(1, "shuffle")))


class GlobalSeeds(unittest.TestCase):
    def draw(self, seed: int) -> tuple[float, ...]:
        seed_everything(seed)
        return random.random(), float(np.random.random()), torch.rand(()).item()  # noqa: NPY002 - the state that is seeded

    def test_all_three(self):
        """Python, NumPy and torch repeat themselves after the same seed."""
        self.assertEqual(self.draw(5), self.draw(5))

    def test_another_seed(self):
        """Each of the three gives other numbers after another seed."""
        for one, other in zip(self.draw(5), self.draw(6), strict=True):
            self.assertNotEqual(one, other)

    def test_large_seed(self):
        """The largest root seed is taken, although NumPy knows 32 bits only."""
        self.assertEqual(self.draw(2**63 - 1), self.draw(2**63 - 1))


class Numerics(unittest.TestCase):
    def test_inside(self):
        """Inside, algorithms are deterministic and the number of threads is the one asked for."""
        with fixed_numerics(threads=1):
            self.assertEqual((torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()), (1, True))
            self.assertFalse(torch.is_deterministic_algorithms_warn_only_enabled())

    def test_put_back(self):
        """Afterwards every setting of the process is what it was."""
        before = settings()
        with fixed_numerics(threads=3):
            self.assertNotEqual(settings(), before)
        self.assertEqual(settings(), before)

    def test_put_back_after_an_error(self):
        """After an error, too, every setting is what it was."""
        before = settings()
        with self.assertRaises(KeyError), fixed_numerics(threads=3):
            raise KeyError
        self.assertEqual(settings(), before)

    def test_variable_of_the_user(self):
        """A CUBLAS_WORKSPACE_CONFIG that is already set is left as it is."""
        with mock.patch.dict(os.environ, {"CUBLAS_WORKSPACE_CONFIG": ":16:8"}):
            with fixed_numerics(threads=None):
                self.assertEqual(os.environ["CUBLAS_WORKSPACE_CONFIG"], ":16:8")
            self.assertEqual(os.environ["CUBLAS_WORKSPACE_CONFIG"], ":16:8")

    def test_described_as_text(self):
        """The description names version, device, threads and flags, all as text."""
        facts = describe_numerics(CPU)
        self.assertGreaterEqual(set(facts), {"torch", "device", "threads", "cpu_capability", "deterministic_algorithms"})
        self.assertTrue(all(isinstance(value, str) for value in facts.values()))

    def test_description_follows_the_settings(self):
        """The description tells the settings that are in force."""
        with fixed_numerics(threads=1):
            facts = describe_numerics(CPU)
        self.assertEqual((facts["threads"], facts["deterministic_algorithms"]), ("1", "True"))

    def test_described_variables(self):
        """Variables that decide about the numbers are described where they are set."""
        with mock.patch.dict(os.environ, {"OMP_NUM_THREADS": "7"}):
            self.assertEqual(describe_numerics(CPU)["OMP_NUM_THREADS"], "7")
