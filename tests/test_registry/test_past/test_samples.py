"""Earlier runs as a verdict sees them: only those that can be compared, and only for the tests that may be slower."""

from __future__ import annotations

from dataclasses import replace

from registry.comparing.facts import EarlierDurations
from registry.diff import Diff, compare_runs
from registry.past.samples import NIGHTS
from registry.records import Direction, Metric, NewRun, Outcome, Run, RunKind, RunStatus, TestRecord
from registry.regress import Tolerance, Verdict
from tests.test_registry.diff_factories import MNIST
from tests.test_registry.factories import ENVIRONMENT, RegistryCase, result

OTHER_MACHINE = replace(ENVIRONMENT, machine={"cpu": "two"})


class Nights(RegistryCase):
    """A test that takes a second every night, and what a later night says of it."""

    def night(self, *durations: float | TestRecord, status=RunStatus.FINISHED, **facts) -> Run:
        """Record a night with the durations of t0, t1 ..."""
        with self.registry.start(NewRun(RunKind.TEST, **({"environment": ENVIRONMENT} | facts))) as run:
            run.add_results(
                one if isinstance(one, TestRecord) else result(f"t{number}", duration_s=one)
                for number, one in enumerate(durations)
            )
            run.finish(status)
        return self.registry.find_run(str(run.run.id))

    def earlier(self, a: Run, b: Run) -> EarlierDurations | None:
        return self.registry.compare(a, b).earlier.get(("t0", 0))

    def diff(self, a: Run, b: Run, **facts) -> Diff:
        return compare_runs(self.registry.compare(a, b), **facts)

    def test_up_to_a_and_between(self):
        """Runs up to A are the past, newest first, the last one between A and B is the night before; later ones do not count."""
        self.night(1.0)
        a = self.night(1.1)
        self.night(7.0)
        self.night(8.0)
        b = self.night(9.0)
        self.night(10.0)
        self.assertEqual(self.earlier(a, b), EarlierDurations((1.1, 1.0), 8.0))

    def test_what_cannot_be_compared(self):
        """Unfinished runs, other machines, and results that are red or came with another try are left out."""
        self.night(1.0)
        self.night(2.0, status=RunStatus.INTERRUPTED)
        self.night(3.0, environment=OTHER_MACHINE)
        self.night(result("t0", Outcome.FAILED, duration_s=4.0))
        self.night(result("t0", Outcome.FAILED, duration_s=5.0), result("t0", attempt=2, duration_s=5.5))
        a, b = self.night(1.5), self.night(9.0)
        self.assertEqual(self.earlier(a, b), EarlierDurations((1.5, 1.0)))

    def test_other_numbers_of_workers(self):
        """Runs that another number of workers shared say nothing of how long a test takes."""
        self.night(1.0)
        self.night(2.0, params={"jobs": 4})
        a, b = self.night(1.5, params={"jobs": 2}), self.night(9.0, params={"jobs": 2})
        self.assertEqual(self.earlier(a, b), EarlierDurations((1.5,)))
        alone = self.night(9.0)
        self.assertIsNone(self.earlier(a, alone))
        self.assertEqual(self.diff(a, alone).paces["t0", 0].evidence, "A ran with another number of workers")

    def test_other_suites(self):
        """Runs of other suites, however many lie between, take no place of those that hold the test."""
        self.night(1.0)
        for _ in range(NIGHTS):
            self.night(result("elsewhere", duration_s=7.0))
        a = self.night(1.1)
        self.assertEqual(self.earlier(a, self.night(9.0)), EarlierDurations((1.1, 1.0)))

    def test_second_measurements(self):
        """What a night measured again, a few tests alone, is no earlier run."""
        a, again = self.night(1.0), self.night(8.0)
        with self.registry.start(NewRun(RunKind.NIGHTLY)) as night:
            self.registry.nights.add_part(night.run, "suite tests again", again)
        self.assertEqual(self.earlier(a, self.night(9.0)), EarlierDurations((1.0,)))

    def test_another_machine(self):
        """Where A ran on another machine nothing is read, and nothing judged, which is said."""
        for _ in range(6):
            a = self.night(1.0)
        b = self.night(9.0, environment=OTHER_MACHINE)
        self.assertIsNone(self.earlier(a, b))
        found = self.diff(a, b)
        self.assertEqual((found.verdict, found.reasons), (Verdict.UNCHANGED, ()))
        self.assertEqual(found.paces["t0", 0].evidence, "A ran on another machine")

    def test_only_the_slower_tests_are_read(self):
        """Tests that are as quick as before, or quicker, cost no reading."""
        a, b = self.night(1.0, 1.0, 9.0), self.night(9.0, 1.0, 1.0)
        self.assertEqual(set(self.registry.compare(a, b).earlier), {("t0", 0)})

    def test_the_last_twenty(self):
        """No more than the last twenty nights are looked at."""
        nights = [self.night(1.0 + number) for number in range(NIGHTS + 2)]
        found = self.earlier(nights[-1], self.night(1000.0))
        self.assertEqual(found.before, tuple(1.0 + number for number in range(NIGHTS + 1, 1, -1)))

    def test_how_many_are_timed(self):
        """Tests of B that passed and took longer than the floor could have been slower; others could not."""
        failed = result("t3", Outcome.FAILED, duration_s=9.0)
        a, b = self.night(1.0, 0.1, 0.1), self.night(1.0, 0.1, 0.5, failed, result("t4", duration_s=None))
        self.assertEqual(self.registry.compare(a, b).timed, 2)

    def test_two_runs_alone(self):
        """Two single runs raise no alarm for a duration: there is not enough to go by."""
        found = self.diff(self.night(1.0), self.night(60.0))
        self.assertEqual((found.verdict, found.reasons), (Verdict.UNCHANGED, ()))
        self.assertEqual(found.paces["t0", 0].verdict, Verdict.INSUFFICIENT_DATA)

    def test_one_night_and_two(self):
        """After six nights one slow night is suspected; the second one, or another measurement, makes it regressed."""
        for _ in range(6):
            a = self.night(1.0)
        first, second = self.night(3.0), self.night(3.1)
        found = self.diff(a, first)
        busy = "nothing that was recorded changed (code and commit not recorded): the machine may have had other work"
        self.assertEqual((found.verdict, found.reasons), (Verdict.SUSPECTED, ("1 test slower, measured once", busy)))
        for found in (self.diff(a, second), self.diff(a, first, confirmed={("t0", 0)})):
            self.assertEqual((found.verdict, found.reasons), (Verdict.REGRESSED, ("1 test slower, measured twice", busy)))


class Trainings(RegistryCase):
    """Trainings that differ in their seed only."""

    def training(self, seed: int | None, accuracy: float, loss: float = 0.1, **facts) -> Run:
        """Record a training."""
        status = facts.pop("status", RunStatus.FINISHED)
        known = {"params": {"lr": 0.1}, "environment": ENVIRONMENT, "code": {"a.py": "1"}}
        with self.registry.start(NewRun(RunKind.TRAIN, seed=seed, **(known | facts))) as run:
            run.log_dataset(MNIST)
            run.log_metrics([Metric("test_accuracy", accuracy, direction=Direction.HIGHER), Metric("loss", loss)])
            run.finish(status)
        return self.registry.find_run(str(run.run.id))

    def test_what_belongs_together(self):
        """Finished runs of equal code, configuration, data and numerics belong together; the last one of a seed counts."""
        a, *_ = (self.training(seed, 0.99 + seed / 1000) for seed in range(3))
        self.training(0, 0.5)
        for facts in ({"params": {"lr": 0.2}}, {"code": {"a.py": "2"}}, {"status": RunStatus.FAILED}):
            self.training(9, 0.1, **facts)
        self.training(8, 0.1, environment=replace(ENVIRONMENT, numerics={"threads": "9"}))
        found = self.registry.compare(a, a).seeds_a
        self.assertEqual(found["test_accuracy"], {0: 0.5, 1: 0.991, 2: 0.992})

    def test_without_a_seed_or_code(self):
        """A run without a seed, or whose code is unknown, has no others."""
        for facts in ({"seed": None}, {"seed": 1, "code": {}}):
            run = self.training(accuracy=0.9, **facts)
            self.assertEqual(self.registry.compare(run, run).seeds_a, {})

    def test_several_seeds_decide(self):
        """Five seeds a side show what one run's test set cannot: a recipe that is worse by a quarter of a point."""
        noise = (0.0, 0.0003, -0.0002, 0.0001, -0.0003)
        a = [self.training(seed, 0.9930 + noise[seed]) for seed in range(5)]
        b = [self.training(seed, 0.9905 - noise[seed], code={"a.py": "2"}) for seed in range(5)]
        found = compare_runs(self.registry.compare(a[0], b[0]))
        (change,) = found.metrics
        self.assertEqual((found.verdict, change.verdict), (Verdict.REGRESSED, Verdict.REGRESSED))
        self.assertIn("5 pairs of seeds", change.evidence)

    def test_another_seed_of_the_same_recipe(self):
        """Two seeds of one recipe are one group, which says nothing against itself; the test set's noise decides."""
        runs = [self.training(seed, 0.99 + seed / 10_000) for seed in range(6)]
        (change,) = compare_runs(self.registry.compare(runs[0], runs[5])).metrics
        self.assertEqual(change.verdict, Verdict.UNCHANGED)
        self.assertIn("standard errors", change.evidence)

    def test_a_limit(self):
        """A limit that somebody set decides before any statistics, for a metric of one run too, and what is lost is said."""
        a, b = self.training(1, 0.993, 0.1), self.training(1, 0.992, 0.2, params={})
        limits = {"test_accuracy": Tolerance(0.0001), "loss": Tolerance(relative=2.0), "gone": Tolerance()}
        found = {change.name: change for change in compare_runs(self.registry.compare(a, b), limits=limits).metrics}
        self.assertEqual(found["test_accuracy"].verdict, Verdict.REGRESSED)
        self.assertEqual(found["loss"].verdict, Verdict.UNCHANGED)
        self.assertEqual(found["loss"].evidence, "worse by 0.1, 0.2 is tolerated (0 + 2 of A)")
