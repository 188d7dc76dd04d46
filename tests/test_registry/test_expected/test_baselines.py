"""Baselines and their bars: in the database, and in the judgement of metrics."""

from __future__ import annotations

import math
import unittest
from collections.abc import Mapping
from dataclasses import replace
from statistics import median

from registry.comparing.metrics import MetricChange
from registry.diff import compare_runs
from registry.errors import BaselineNotFound, BaselineUnfit, InvalidName
from registry.expected.bars import Bar, held_to_bars, moved_bars, night_metrics
from registry.expected.expectations import Expectations, Window
from registry.records import Direction, Metric, NewRun, RunDetails, RunKind, RunStatus
from registry.regress import Tolerance, Verdict
from tests.test_registry.diff_factories import (
    MNIST,
    make_checkpoint,
    make_comparison,
    make_environment,
    make_metric,
    make_training,
)
from tests.test_registry.factories import RegistryCase

HIGHER, LOWER = Direction.HIGHER, Direction.LOWER


def moves(before, *metrics, lower=False) -> dict[str, tuple[str, float | None]]:
    """Return what became of each bar, and its value."""
    found = moved_bars(before, metrics, "new", lower=lower)
    return {move.metric: (move.change, move.bar and move.bar.value) for move in found}


class Ratchet(unittest.TestCase):
    """A bar rises by itself and falls only on demand."""

    def test_new_raised_and_same(self):
        """The first value is the bar, a better one raises it by the metric's direction, an equal one leaves it."""
        self.assertEqual(moves((), make_metric("m", 0.5, HIGHER)), {"m": ("new", 0.5)})
        self.assertEqual(moves((Bar("m", 0.5, "old"),), make_metric("m", 0.6, HIGHER)), {"m": ("raised", 0.6)})
        self.assertEqual(moves((Bar("m", 0.5, "old"),), make_metric("m", 0.4, LOWER)), {"m": ("raised", 0.4)})
        self.assertEqual(moves((Bar("m", 0.5, "old"),), make_metric("m", 0.5, LOWER)), {"m": ("same", 0.5)})

    def test_worse(self):
        """A worse value leaves the bar where it is; where the loss is accepted it falls."""
        bars, metric = (Bar("m", 0.5, "old"),), make_metric("m", 0.4, HIGHER)
        self.assertEqual(moves(bars, metric), {"m": ("stays", 0.5)})
        self.assertEqual(moves(bars, metric, lower=True), {"m": ("lowered", 0.4)})

    def test_lost(self):
        """A metric that is gone or no number keeps its bar, unless that is accepted."""
        bars = (Bar("m", 0.5, "old"), Bar("n", 0.5, "old"))
        metric = make_metric("n", math.nan, HIGHER)
        self.assertEqual(moves(bars, metric), {"m": ("stays", 0.5), "n": ("stays", 0.5)})
        self.assertEqual(moves(bars, metric, lower=True), {"m": ("dropped", None), "n": ("dropped", None)})

    def test_no_direction_no_bar(self):
        """A metric of which nobody knows which way it is better has no bar, nor has one that is not finite."""
        self.assertEqual(moves((), make_metric("m", 1.0), make_metric("n", math.inf, HIGHER)), {})

    def test_ten_small_losses(self):
        """Accepting a little worse run ten times does not move the bar."""
        bars = [Bar("m", 0.99, "first")]
        for step in range(1, 11):
            bars = [move.bar for move in moved_bars(bars, [make_metric("m", 0.99 - step / 100, HIGHER)], str(step), lower=False)]
        self.assertEqual(bars, [Bar("m", 0.99, "first")])


class Held(unittest.TestCase):
    """Metrics judged against bars."""

    def judged(self, a: float, b: float, bar: float, name: str = "test_accuracy", limit: Tolerance | None = None) -> MetricChange:
        """Return the change of one metric."""
        sides = tuple(
            RunDetails(make_training(name_), metrics=(make_metric(name, value, HIGHER),), dataset=MNIST)
            for name_, value in (("a", a), ("b", b))
        )
        comparison = make_comparison(a=sides[0], b=sides[1])
        limits = {} if limit is None else {name: limit}
        diff = compare_runs(comparison, limits=limits, expectations=Expectations(bars=(Bar(name, bar, "best"),)))
        return next(iter(diff.metrics), MetricChange("none", None, None, None))

    def test_worse_than_the_bar_only(self):
        """What is as good as the baseline, and far worse than the bar, is regressed, and the evidence says why."""
        change = self.judged(0.98, 0.98, 0.995)
        self.assertEqual((change.verdict, change.bar, change.bar_run), (Verdict.REGRESSED, 0.995, "best"))
        self.assertIn("worse than the bar 0.995 of best, although not worse than the baseline", change.evidence)

    def test_no_number_on_both_sides(self):
        """What is no number in B is regressed against the bar, also where the baseline is none already."""
        change = self.judged(math.nan, math.nan, 0.9)
        self.assertEqual((change.verdict, change.bar), (Verdict.REGRESSED, 0.9))
        self.assertEqual(self.judged(7.0, math.inf, 9.0, name="speed").verdict, None)
        self.assertEqual(self.judged(-math.inf, -math.inf, 9.0, name="speed").verdict, Verdict.REGRESSED)

    def test_nothing_to_explain(self):
        """Where the bar alone makes a run red nothing has to differ from the baseline, and nothing is said to be missing."""
        sides = [
            RunDetails(make_training(name, environment=make_environment()), metrics=(make_metric("speed", 7.0, HIGHER),))
            for name in "ab"
        ]
        expectations, limits = Expectations(bars=(Bar("speed", 9.0, "best"),)), {"speed": Tolerance(1.0)}
        diff = compare_runs(make_comparison(a=sides[0], b=sides[1]), limits=limits, expectations=expectations)
        self.assertEqual((diff.verdict, diff.why), (Verdict.REGRESSED, ()))
        self.assertFalse([reason for reason in diff.reasons if "nothing that was recorded changed" in reason])

    def test_not_worse_than_the_bar(self):
        """At or above the bar nothing is said of it."""
        self.assertEqual(self.judged(0.98, 0.98, 0.98).name, "none")
        self.assertIsNone(self.judged(0.98, 0.985, 0.98).bar)

    def test_within_the_noise(self):
        """A little worse than the bar is told, and not judged to be worse."""
        change = self.judged(0.9901, 0.9899, 0.9905)
        self.assertEqual(change.verdict, Verdict.UNCHANGED)
        self.assertIn("worse than the bar", change.evidence)

    def test_worse_than_both(self):
        """What is regressed already is told to be worse than the bar too."""
        change = self.judged(0.99, 0.95, 0.995)
        self.assertEqual(change.verdict, Verdict.REGRESSED)
        self.assertIn("; worse than the bar 0.995 of best", change.evidence)
        self.assertNotIn("although", change.evidence)

    def test_with_a_limit(self):
        """A limit that somebody set holds against the bar as well."""
        change = self.judged(7.0, 7.0, 9.0, name="speed", limit=Tolerance(1.0))
        self.assertEqual(change.verdict, Verdict.REGRESSED)
        self.assertEqual(self.judged(7.0, 7.0, 7.5, name="speed", limit=Tolerance(1.0)).verdict, None)

    def test_a_metric_without_a_rule(self):
        """Where no rule judges a metric, being below the bar is only shown."""
        change = self.judged(7.0, 7.0, 9.0, name="speed")
        self.assertEqual((change.verdict, change.evidence), (None, "worse than the bar 9 of best"))

    def test_a_bar_of_a_metric_that_is_gone(self):
        """A bar of a metric that B lacks raises nothing of its own."""
        side = RunDetails(make_training("a"))
        self.assertEqual(held_to_bars((), make_comparison(a=side, b=side), {}, [Bar("m", 1.0, "best")]), ())


class HeldOverSeeds(unittest.TestCase):
    """Metrics of several seeds against what the run that reached the bar had with several."""

    def judged(self, bar: tuple[float, ...], b: tuple[float, ...], limits: Mapping[str, Tolerance] | None = None) -> MetricChange:
        """Return the change of the accuracy of the first seed of B."""
        side = RunDetails(make_training("b"), metrics=(make_metric("test_accuracy", b[0], HIGHER),), dataset=MNIST)
        comparison = replace(make_comparison(a=side, b=side), seeds_b={"test_accuracy": dict(enumerate(b))})
        held = Bar("test_accuracy", median(bar), "best", dict(enumerate(bar)))
        (change,) = held_to_bars((), comparison, limits or {}, [held])
        return change

    def test_a_small_loss_of_every_seed(self):
        """A loss that every seed has is regressed, although for one seed alone it is within the noise."""
        bar, b = (0.9800, 0.9803, 0.9798, 0.9801, 0.9799), (0.9770, 0.9772, 0.9769, 0.9771, 0.9768)
        change = self.judged(bar, b)
        self.assertEqual((change.verdict, change.bar), (Verdict.REGRESSED, 0.9800))
        self.assertIn("5 pairs of seeds: mean 0.98 -> 0.977", change.evidence)
        self.assertEqual(self.judged(bar[:1], b[:1]).verdict, None)

    def test_one_unlucky_seed(self):
        """One seed far below the bar is no regression where the others are as good as those of the bar."""
        bar, b = (0.9800, 0.9850, 0.9860, 0.9840, 0.9855), (0.9700, 0.9855, 0.9862, 0.9845, 0.9860)
        change = self.judged(bar, b)
        self.assertNotIn(change.verdict, (Verdict.REGRESSED, Verdict.SUSPECTED))
        self.assertIn("worse than the bar 0.985 of best", change.evidence)
        self.assertEqual(self.judged(bar[1:2], b[:1]).verdict, Verdict.REGRESSED)

    def test_seed_by_seed_as_the_bar(self):
        """Where every seed is what it was when the bar was reached, the worst of them is no regression either."""
        bar = (0.9700, 0.9850, 0.9860, 0.9840, 0.9855)
        self.assertNotIn(self.judged(bar, bar).verdict, (Verdict.REGRESSED, Verdict.SUSPECTED))

    def test_a_limit_beats_the_seeds(self):
        """A limit that somebody set holds for each seed by itself."""
        bar, b = (0.9800,) * 5, (0.9700, 0.9855, 0.9862, 0.9845, 0.9860)
        change = self.judged(bar, b, {"test_accuracy": Tolerance(0.001)})
        self.assertEqual(change.verdict, Verdict.REGRESSED)
        self.assertIn("0.001 is tolerated", change.evidence)


class Medians(unittest.TestCase):
    """A window of runs in the place of A's metrics."""

    def test_equal_weights(self):
        """That B repeats the newest run bit by bit does not make its distance from the medians noise of the evaluation."""
        facts = {"checkpoints": (make_checkpoint("x"),), "dataset": MNIST}
        a, b = (
            RunDetails(make_training(name, seed=1), metrics=(make_metric("test_accuracy", 0.2, HIGHER),), **facts)
            for name in ("a", "b")
        )
        window = Window(("a", "r2", "r1"), {"test_accuracy": (0.2, 0.98, 0.99)})
        diff = compare_runs(make_comparison(a=a, b=b), expectations=Expectations(window=window))
        (change,) = diff.metrics
        self.assertEqual((change.a, change.verdict, change.is_noise), (0.98, Verdict.REGRESSED, False))
        self.assertEqual(diff.checkpoints.determinism, "held")

    def test_a_metric_that_the_newest_run_lacks(self):
        """A metric that the newest run of the window did not measure is held to the median of the others."""
        a = RunDetails(make_training("a"))
        b = RunDetails(make_training("b"), metrics=(make_metric("test_accuracy", 0.2, HIGHER),), dataset=MNIST)
        window = Window(("a", "r2", "r1"), {"test_accuracy": (0.98, 0.99), "gone": (1.0,)})
        (change,) = compare_runs(make_comparison(a=a, b=b), expectations=Expectations(window=window)).metrics
        self.assertEqual((change.name, change.a), ("test_accuracy", 0.985))

    def test_medians_are_compared(self):
        """A's value is the median over the window, so that one lucky or broken run before decides nothing."""
        a, b = (
            RunDetails(make_training(n), metrics=(make_metric("test_accuracy", v, HIGHER),)) for n, v in (("a", 0.2), ("b", 0.99))
        )
        window = Window(("r3", "r2", "r1"), {"test_accuracy": (0.2, 0.99, math.nan, 0.98)})
        comparison = replace(make_comparison(a=a, b=b), seeds_a={"x": {}})
        diff = compare_runs(comparison, expectations=Expectations(window=window))
        (change,) = diff.metrics
        self.assertEqual((change.a, change.b, str(window)), (0.98, 0.99, "3 runs, r1 to r3"))


class OfANight(unittest.TestCase):
    """Metrics of a night, which has none of its own."""

    def night(self, *values: float, params=({},)) -> dict[str, float]:
        """Return the metrics of a night with a training a value."""
        runs = [make_training(seed=seed, params=params[seed % len(params)]) for seed in range(len(values))]
        sides = (RunDetails(run, metrics=(make_metric("m", value, HIGHER),)) for run, value in zip(runs, values, strict=True))
        return {metric.name: metric.last for metric in night_metrics(sides)}

    def test_the_median_of_the_seeds(self):
        """Of several seeds the median counts, and not the luckiest."""
        self.assertEqual(self.night(0.98, 0.995, 0.99), {"m": 0.99})

    def test_no_bar_from_what_is_mixed_or_broken(self):
        """Trainings of other configurations are not mixed, and one seed without a number makes the night's value none."""
        self.assertEqual(self.night(0.98, 0.99, params=({"lr": 1}, {"lr": 2})), {})
        self.assertTrue(math.isnan(self.night(0.98, math.nan)["m"]))


class Stored(RegistryCase):
    """Baselines in the registry."""

    def training(self, accuracy: float, name: str, status: RunStatus = RunStatus.FINISHED, seed: int | None = None):
        """Record a training."""
        with self.registry.start(NewRun(RunKind.TRAIN, name, seed)) as run:
            run.log_metrics([Metric("test_accuracy", accuracy, direction=HIGHER)])
            run.finish(status)
        return self.registry.find_run(name)

    def test_set_move_and_find(self):
        """A baseline means the run that it was set to last, and tells where it was before; its bar stays at the best."""
        first, second = self.training(0.99, "one"), self.training(0.98, "two")
        self.assertIsNone(self.registry.baselines.set("main", first).before)
        moved = self.registry.baselines.set("main", second)
        self.assertEqual((moved.before.run, moved.baseline.run, moved.bars[0].change), ("one", "two", "stays"))
        self.assertEqual(self.registry.find_run("baseline:main").name, "two")
        self.assertEqual(self.registry.expectations("baseline:main", first, second).bars, (Bar("test_accuracy", 0.99, "one"),))
        self.assertEqual(self.registry.expectations("two", first, second).bars, ())

    def test_a_loss_that_is_accepted(self):
        """With lower_bar the bar falls to the run."""
        self.registry.baselines.set("main", self.training(0.99, "one"))
        self.registry.baselines.set("main", self.training(0.98, "two"), lower_bar=True)
        self.assertEqual(self.registry.baselines.listed()[0].bars, (Bar("test_accuracy", 0.98, "two"),))

    def test_two_baselines(self):
        """Baselines are listed by name, each with its own bars."""
        self.registry.baselines.set("b", self.training(0.99, "one"))
        self.registry.baselines.set("a", self.training(0.98, "two"))
        found = [(one.name, one.run, one.bars[0].value) for one in self.registry.baselines.listed()]
        self.assertEqual(found, [("a", "two", 0.98), ("b", "one", 0.99)])

    def test_a_night(self):
        """A baseline that means a night holds the metrics of its trainings to their medians; one that is gone holds nothing."""
        night = self.registry.start(NewRun(RunKind.NIGHTLY, "night"))
        for number, accuracy in enumerate((0.97, 0.99, 0.98)):
            self.registry.nights.add_part(night.run, f"mnist seed {number}", self.training(accuracy, f"t{number}", seed=number))
        night.finish(RunStatus.FINISHED)
        self.registry.baselines.set("main", self.registry.find_run("night"))
        run = self.registry.find_run("t0")
        (bar,) = self.registry.expectations("baseline:main", run, run).bars
        self.assertEqual((bar, bar.seeds), (Bar("test_accuracy", 0.98, "night"), {0: 0.97, 1: 0.99, 2: 0.98}))
        self.registry.baselines.remove("main")
        self.assertEqual(self.registry.expectations("baseline:main", run, run).bars, ())

    def test_remove(self):
        """A baseline that is removed is gone with its bars, and the run stays."""
        self.registry.baselines.set("main", self.training(0.99, "one"))
        self.assertEqual(self.registry.baselines.remove("main").run, "one")
        self.assertEqual(self.registry.baselines.listed(), [])
        self.assertEqual(self.registry.find_run("one").name, "one")
        self.assertEqual(self.registry.check(), [])

    def test_unknown_names(self):
        """An unknown baseline is refused with near ones."""
        self.registry.baselines.set("main", self.training(0.99, "one"))
        for ask in (lambda: self.registry.find_run("baseline:mian"), lambda: self.registry.baselines.remove("mian")):
            with self.assertRaisesRegex(BaselineNotFound, "no baseline 'mian'.*near names are main"):
                ask()

    def test_names_and_runs_that_do_not_fit(self):
        """A name like a reference is refused, and a run that did not come to its end."""
        run, broken = self.training(0.99, "one"), self.training(0.99, "two", RunStatus.INTERRUPTED)
        with self.assertRaises(InvalidName):
            self.registry.baselines.set("latest", run)
        with self.assertRaisesRegex(BaselineUnfit, "two is interrupted"):
            self.registry.baselines.set("main", broken)
        self.assertEqual(self.registry.baselines.listed(), [])
