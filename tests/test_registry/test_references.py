"""References that depend on what else is recorded: the last green run, branches, baselines, the last runs together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from registry.errors import RunNotFound
from registry.expected.known import KnownFailure
from registry.naming import Branch, LastGreen, Rolling, check_name, parse_reference
from registry.records import Dataset, Direction, FixtureRecord, GitState, Metric, NewRun, Outcome, Run, RunKind, RunStatus

from .factories import ENVIRONMENT, RegistryCase, result

TODAY = datetime.now(UTC).astimezone().date()


class ReferenceCase(RegistryCase):
    """A registry whose runs tell more about themselves."""

    def run_of(self, kind: RunKind = RunKind.TEST, *results, metrics=(), dataset=None, **facts) -> Run:
        """Record a run."""
        ending = {"status": facts.pop("status", RunStatus.FINISHED), "green": facts.pop("green", None)}
        fixtures = facts.pop("fixtures", ())
        with self.registry.start(NewRun(kind, **({"environment": ENVIRONMENT} | facts))) as run:
            run.add_results(results)
            run.add_fixtures(fixtures)
            run.log_metrics(metrics)
            if dataset is not None:
                run.log_dataset(dataset)
            run.finish(**ending)
        return self.registry.find_run(str(run.run.id))

    def training(self, accuracy: float = 0.99, **facts) -> Run:
        """Record a training that reached an accuracy."""
        metrics = (Metric("test_accuracy", accuracy, direction=Direction.HIGHER),)
        return self.run_of(RunKind.TRAIN, metrics=metrics, **facts)

    def found(self, reference: str, like: Run | None = None) -> int:
        """Return the id of the run that a reference means."""
        return self.registry.find_run(reference, like=like).id


class Words(ReferenceCase):
    """What is a reference, and so no name."""

    def test_what_references_mean(self):
        """Each form is told from the others, and a count of runs is a number from 1."""
        self.assertEqual(parse_reference("last-green:train"), LastGreen(RunKind.TRAIN))
        self.assertEqual(parse_reference("branch:feature/x:y"), Branch("feature/x:y"))
        self.assertEqual(parse_reference("rolling:007"), Rolling(7))
        for reference in ("rolling:0", "rolling:x", "rolling:", "last-green:dog", "rolling:99999", "branch"):
            with self.subTest(reference=reference):
                self.assertIsNone(parse_reference(reference))

    def test_names_with_the_new_prefixes_are_refused(self):
        """A run cannot be called like a branch reference, a rolling one or a last-green of a kind."""
        for name in ("branch:main", "rolling:5", "rolling:x", "last-green:test", "baseline:"):
            with self.subTest(name=name), self.assertRaisesRegex(Exception, "kept for references"):
                check_name(name)

    def test_a_count_that_is_none(self):
        """`rolling:` without a good number is refused with an example."""
        for reference in ("rolling:0", "rolling:", "rolling:-1", "rolling:1.5"):
            with self.subTest(reference=reference), self.assertRaisesRegex(RunNotFound, "rolling:10"):
                self.found(reference)


class LastGreenRuns(ReferenceCase):
    """`last-green`."""

    def test_before_the_other_side_and_of_its_kind(self):
        """For a diff the last green run is of the other side's kind and before it."""
        green = self.run_of(green=True)
        self.training()
        self.run_of(green=False)
        new = self.run_of(green=True)
        self.assertEqual((self.found("last-green"), self.found("last-green", like=new)), (new.id, green.id))

    def test_of_a_kind(self):
        """`last-green:KIND` keeps to the kind; a training that finished has nothing red."""
        test, train = self.run_of(green=True), self.training()
        self.training(status=RunStatus.INTERRUPTED)
        self.assertEqual((self.found("last-green:test"), self.found("last-green:train")), (test.id, train.id))
        self.assertEqual(self.registry.find_run("last-green", kind=RunKind.TRAIN).id, train.id)

    def test_only_finished_runs(self):
        """A run that was interrupted is not the last green one, whatever was green in it."""
        first = self.run_of(green=True)
        self.run_of(green=True, status=RunStatus.INTERRUPTED)
        self.assertEqual(self.found("last-green"), first.id)

    def test_none(self):
        """The sentence says of which kind there is no green run, and before which run."""
        run = self.run_of(green=False)
        with self.assertRaisesRegex(RunNotFound, f"no test run before {run.name} .*is green.*runner runs"):
            self.found("last-green", like=run)

    def test_red_for_known_failures_only(self):
        """A run that is red only for a known failure counts; one with another red test or a red fixture does not."""
        first = self.run_of(RunKind.TEST, result("known"), green=True)
        known = self.run_of(RunKind.TEST, result("known", Outcome.FAILED), green=False)
        self.run_of(RunKind.TEST, result("known", Outcome.FAILED), result("other", Outcome.FAILED), green=False)
        broken = FixtureRecord("setUpClass (a.B)", Outcome.ERRORED, "broken")
        self.run_of(RunKind.TEST, result("known", Outcome.FAILED), fixtures=[broken], green=False)
        self.assertEqual(self.found("last-green"), first.id)
        self.registry.known_failures.add(KnownFailure("known", "why", "me", TODAY, datetime.now(UTC)), TODAY)
        self.assertEqual(self.found("last-green"), known.id)

    def test_red_for_an_expired_one(self):
        """What had expired when it ran counts as red."""
        first = self.run_of(RunKind.TEST, result("known"), green=True)
        self.run_of(RunKind.TEST, result("known", Outcome.FAILED), green=False)
        yesterday = TODAY - timedelta(days=1)
        self.registry.known_failures.add(KnownFailure("known", "why", "me", yesterday, datetime.now(UTC)), yesterday)
        self.assertEqual(self.found("last-green"), first.id)


class Branches(ReferenceCase):
    """`branch:NAME`."""

    def test_the_newest_finished_run(self):
        """A branch means its newest finished run; for a diff one of the kind of the other side, before it."""
        main, side = GitState("1" * 40, "main", dirty=False), GitState("2" * 40, "feature/x", dirty=False)
        old = self.run_of(git=main)
        other = self.run_of(git=side)
        self.training(git=main)
        new = self.run_of(git=main)
        self.run_of(git=main, status=RunStatus.INTERRUPTED)
        self.assertEqual((self.found("branch:main"), self.found("branch:feature/x")), (new.id, other.id))
        self.assertEqual(self.found("branch:main", like=new), old.id)
        self.assertEqual(self.registry.find_run("branch:main", kind=RunKind.TRAIN).id, 3)

    def test_an_unknown_branch(self):
        """A branch without a run is refused with near ones."""
        self.run_of(git=GitState("1" * 40, "main", dirty=False))
        with self.assertRaisesRegex(RunNotFound, "no finished run of the branch 'mian'.*near branches are main"):
            self.found("branch:mian")


class RollingRuns(ReferenceCase):
    """`rolling:N`."""

    def test_medians_of_comparable_runs(self):
        """The newest comparable run stands for the tests, the medians over the last N for the metrics."""
        for accuracy in (0.5, 0.97, 0.99, 0.98):
            self.training(accuracy)
        self.training(0.1, params={"epochs": 1})
        self.training(0.2, environment=None)
        b = self.training(0.9)
        self.assertEqual(self.found("rolling:3", like=b), 6)
        window = self.registry.expectations("rolling:3", self.registry.find_run("6"), b).window
        self.assertIsNotNone(window)
        self.assertEqual(window.metrics, {"test_accuracy": (0.2, 0.98, 0.99)})

    def test_other_data_is_left_out(self):
        """Runs on other data are not comparable."""
        self.training(dataset=Dataset("mnist", "d" * 64, 1, 1, 1))
        same = self.training(dataset=Dataset("mnist", "e" * 64, 1, 1, 1))
        self.training(dataset=Dataset("mnist", "f" * 64, 1, 1, 1))
        b = self.training(dataset=Dataset("mnist", "e" * 64, 1, 1, 1))
        self.assertEqual(self.found("rolling:9", like=b), same.id)

    def test_red_runs_are_left_out(self):
        """What is red is nothing to compare with."""
        green = self.run_of(green=True)
        self.run_of(green=False)
        self.assertEqual(self.found("rolling:2", like=self.run_of()), green.id)

    def test_nothing_comparable(self):
        """Where no run is comparable the sentence says what must be equal."""
        self.training(params={"epochs": 1})
        with self.assertRaisesRegex(RunNotFound, "data set, configuration, machine and Python"):
            self.found("rolling:3", like=self.training(params={"epochs": 2}))

    def test_by_itself(self):
        """Without another side there is nothing to be comparable with."""
        self.training()
        with self.assertRaisesRegex(RunNotFound, "use it as A"):
            self.found("rolling:3")


class Days(ReferenceCase):
    """Days of known failures."""

    def test_until_is_the_last_day(self):
        """On its last day a failure is known still, on the next no more."""
        failure = KnownFailure("t", "why", "me", date(2026, 1, 31), datetime.now(UTC))
        self.assertEqual([failure.is_expired(date(2026, 1, 31)), failure.is_expired(date(2026, 2, 1))], [False, True])
