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
            "learning_rate": (0.0, -1.0, float("inf"), float("nan")),
            "device": ("tpu", ""),
            "threads": (0,),
            "validation_fraction": (0.0, 1.0),
        }
        for name, values in wrong.items():
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaisesRegex(InvalidConfig, f"is {value}; it must be"):
                    TrainConfig(**{name: value})

    def test_limits(self):
        """The least and the largest valid values are taken."""
        config = TrainConfig(seed=2**63 - 1, epochs=1, batch_size=1, threads=1, learning_rate=1e-9)
        self.assertEqual((config.seed, config.epochs), (2**63 - 1, 1))

    def test_frozen(self):
        """A configuration cannot be changed after it was checked."""
        with self.assertRaises(dataclasses.FrozenInstanceError):
            TrainConfig().epochs = 0
