from __future__ import annotations

import dataclasses
import unittest

from mnist.config import TrainConfig
from mnist.errors import InvalidConfig


class Values(unittest.TestCase):
    def test_defaults(self):
        """The defaults are a valid configuration of at most three passes."""
        self.assertLessEqual(TrainConfig().epochs, 3)

    def test_out_of_range(self):
        """Each value out of its range is refused, and the message names it."""
        wrong = {
            "seed": (-1, 2**63),
            "epochs": (0, -3),
            "batch_size": (0,),
            "learning_rate": (0.0, -1.0, float("inf"), float("nan"), 1e7, 10**400),
            "device": ("tpu", ""),
            "threads": (0, 1025, 100_000),
            "validation_fraction": (0.0, 1.0),
        }
        for name, values in wrong.items():
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaisesRegex(InvalidConfig, f"is {value}; it must be"):
                    TrainConfig(**{name: value})

    def test_whole_numbers(self):
        """A number that is not whole, and a truth value, are refused where a whole number is wanted."""
        for name in ("seed", "epochs", "batch_size", "threads"):
            for value in (1.0, 1.5, True, "1"):
                with self.subTest(name=name, value=value), self.assertRaisesRegex(InvalidConfig, f"is {value}; it must be"):
                    TrainConfig(**{name: value})

    def test_upper_limits(self):
        """The largest number of threads and the largest learning rate are taken."""
        config = TrainConfig(threads=1024, learning_rate=1e6)
        self.assertEqual((config.threads, config.learning_rate), (1024, 1e6))

    def test_limits(self):
        """The least and the largest valid values are taken."""
        config = TrainConfig(seed=2**63 - 1, epochs=1, batch_size=1, threads=1, learning_rate=1e-9)
        self.assertEqual((config.seed, config.epochs), (2**63 - 1, 1))

    def test_frozen(self):
        """A configuration cannot be changed after it was checked."""
        with self.assertRaises(dataclasses.FrozenInstanceError):
            TrainConfig().epochs = 0
