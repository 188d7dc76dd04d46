"""The determinism ledger: where two trainings parted, in what, and what is noise of the evaluation alone."""

from __future__ import annotations

import unittest
from dataclasses import replace

from registry.answers import Answers
from registry.comparing.determinism import Parting, told
from registry.diff import compare_runs
from registry.records import Checkpoint, Direction, RunDetails
from registry.regress import Tolerance, Verdict
from tests.test_registry.diff_factories import MNIST, make_checkpoint, make_comparison, make_metric, make_training


def epoch(number: int | None, weights: str = "w", state: str | None = "s") -> Checkpoint:
    """Return the checkpoint of an epoch, with one tensor that is always equal and one of these weights."""
    found = make_checkpoint("x", weights, content_hash=weights, file_sha256=weights, epoch=number)
    return replace(found, random_state=state)


def side(*checkpoints: Checkpoint, metrics: dict[str, float] | None = None, **facts) -> RunDetails:
    """Return a training with these checkpoints."""
    found = tuple(make_metric(name, value, Direction.HIGHER) for name, value in (metrics or {}).items())
    return RunDetails(make_training(**facts), checkpoints=checkpoints, metrics=found, dataset=MNIST)


class Partings(unittest.TestCase):
    """The first epoch at which the random state or the weights were not the same."""

    def parting(self, a: tuple[Checkpoint, ...], b: tuple[Checkpoint, ...], **facts) -> Parting | None:
        return compare_runs(make_comparison(a=side(*a), b=side(*b, **facts))).checkpoints.parting

    def test_nowhere(self):
        """Two equal trainings have not parted."""
        both = (epoch(1), epoch(2, "v", "t"))
        self.assertIsNone(self.parting(both, both))

    def test_the_first_epoch(self):
        """Of three epochs the first that differs is told, with its first tensor, though the last differs too."""
        a = (epoch(1), epoch(2), epoch(3))
        b = (epoch(1), epoch(2, "v"), epoch(3, "u", "t"))
        self.assertEqual(self.parting(a, b), Parting(2, random_state=False, weights=True, tensor="t1"))

    def test_the_random_state_alone(self):
        """A number that was drawn too often shows before the weights follow."""
        a, b = (epoch(1), epoch(2)), (epoch(1, state="t"), epoch(2, "v", "t"))
        self.assertEqual(self.parting(a, b), Parting(1, random_state=True, weights=False))

    def test_both(self):
        """Where both parted within one epoch both are told."""
        self.assertEqual(
            self.parting((epoch(1),), (epoch(1, "v", "t"),)), Parting(1, random_state=True, weights=True, tensor="t1")
        )

    def test_without_random_states(self):
        """Where a side did not record its random states, only the weights are told."""
        for state in ("s", None):
            expected = Parting(1, random_state=None, weights=True, tensor="t1")
            self.assertEqual(self.parting((epoch(1, state=None),), (epoch(1, "v", state),)), expected)

    def test_epochs_are_matched(self):
        """An epoch without a checkpoint in A is passed over; without any numbers the checkpoints are matched by place."""
        self.assertEqual(self.parting((epoch(2),), (epoch(1, "v"), epoch(2, "u"))).epoch, 2)
        self.assertEqual(self.parting((epoch(None), epoch(None)), (epoch(None), epoch(None, "v"))).weights, True)

    def test_other_seeds(self):
        """Trainings with other seeds are meant to part; nothing is told."""
        self.assertIsNone(self.parting((epoch(1),), (epoch(1, "v", "t"),), seed=7))

    def test_unknown_weights(self):
        """Files whose content nobody knows may hold the same weights."""
        a, b = (replace(epoch(1, weights, state), content_hash=None) for weights, state in (("w", "s"), ("v", "t")))
        self.assertEqual(self.parting((a,), (b,)), Parting(1, random_state=True, weights=None))

    def test_in_words(self):
        """The sentence says what parted, where, and what did not."""
        expected = {
            Parting(
                2, random_state=False, weights=True, tensor="w"
            ): "the weights (first w) parted in epoch 2, the random numbers did not",
            Parting(1, random_state=True, weights=False): "the random numbers parted in epoch 1, the weights did not",
            Parting(1, random_state=True, weights=None): "the random numbers parted in epoch 1, the weights are unknown",
            Parting(1, random_state=True, weights=True): "random numbers and weights parted in epoch 1",
            Parting(
                None, random_state=None, weights=True
            ): "the weights parted at a checkpoint, the random numbers were not recorded",
        }
        self.assertEqual([told(parting) for parting in expected], list(expected.values()))

    def test_the_reason_names_the_place(self):
        """A lost determinism says in its reason where the two parted."""
        (reason,) = compare_runs(make_comparison(a=side(epoch(1)), b=side(epoch(1, "v")))).reasons
        self.assertRegex(reason, "^determinism lost: .*; the weights .first t1. parted in epoch 1, the random numbers did not$")


class EvaluationNoise(unittest.TestCase):
    """Equal weights, and yet another value."""

    def diff(self, name: str, a: float, b: float, **facts):
        sides = side(epoch(1), metrics={name: a}), side(epoch(1), metrics={name: b}, **facts)
        return compare_runs(make_comparison(a=sides[0], b=sides[1]))

    def test_it_is_no_regression(self):
        """Equal weights under equal conditions with another accuracy or loss: noise, told as such, and unchanged."""
        for name, a, b in (("test_accuracy", 0.99, 0.9899), ("test_accuracy", 0.5, 0.99), ("validation_loss", 0.1, 0.2)):
            diff = self.diff(name, a, b)
            (change,) = diff.metrics
            self.assertEqual((diff.verdict, change.verdict, change.is_noise), (Verdict.UNCHANGED, Verdict.UNCHANGED, True))
            self.assertRegex(diff.reasons[0], f"^{name} .* -> .*: evaluation noise: the same weights")

    def test_noise_that_is_too_loud(self):
        """An accuracy that falls by more than examples can flip by chance is noise all the same, and suspected."""
        (change,) = self.diff("test_accuracy", 0.99, 0.5).metrics
        self.assertEqual((change.verdict, change.is_noise), (Verdict.SUSPECTED, True))
        self.assertRegex(change.evidence, "^evaluation noise: the same weights, .* another value; .* standard errors down")

    def test_other_code_is_no_noise(self):
        """Where the code changed too, an accuracy that fell with equal weights is a regression of the evaluation."""
        diff = self.diff("test_accuracy", 0.99, 0.5, code_fingerprint="e" * 64)
        self.assertEqual((diff.verdict, diff.metrics[0].is_noise), (Verdict.REGRESSED, False))

    def test_one_image_that_other_code_flips(self):
        """Where other code met the same weights on the same machine, one image that flips is suspected, whichever way."""
        for right, accuracy in ((b"\xfe", 0.875), (b"\xff", 1.0)):
            a, b = (
                replace(
                    side(epoch(1), metrics={"test_accuracy": value}, code_fingerprint=code), answers=(Answers("test", 8, bits),)
                )
                for bits, value, code in ((b"\xfc", 0.75, "c"), (right, accuracy, "e"))
            )
            for one, other in ((a, b), (b, a)):
                (change,) = compare_runs(make_comparison(a=one, b=other)).metrics
                self.assertEqual(change.verdict, Verdict.SUSPECTED)
                self.assertRegex(change.evidence, "^the weights are the same and the code is not, .*; n = 8, ")
            elsewhere = replace(b, run=replace(b.run, fingerprint="e" * 64))
            self.assertIs(compare_runs(make_comparison(a=a, b=elsewhere)).metrics[0].verdict, Verdict.UNCHANGED)

    def test_what_is_not_measured_on_the_model(self):
        """Speeds and training losses are no evaluation of the weights."""
        for name in ("images_per_s", "train_loss"):
            self.assertFalse(self.diff(name, 2.0, 1.0).metrics[0].is_noise)

    def test_not_a_number(self):
        """A value that is no number any more is regressed all the same."""
        self.assertIs(self.diff("test_loss", 0.1, float("nan")).verdict, Verdict.REGRESSED)

    def test_a_limit_stands(self):
        """Where somebody set a limit it holds, noise or not."""
        sides = (side(epoch(1), metrics={"test_accuracy": value}) for value in (0.99, 0.5))
        a, b = sides
        self.assertIs(
            compare_runs(make_comparison(a=a, b=b), limits={"test_accuracy": Tolerance(0.01)}).verdict, Verdict.REGRESSED
        )


if __name__ == "__main__":
    unittest.main()
