"""The report of a night, made from the registry alone: what its parts are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from registry.expected.bars import Bar
from registry.expected.known import KnownFailure
from registry.naming import is_of_each_run
from registry.past.night import Found
from registry.records import Dataset, Direction, Metric, NewRun, Outcome, Run, RunKind, RunStatus, TestRecord
from registry.regress import Tolerance, Verdict
from runner.commands._night_page import NightView
from runner.commands._night_terms import Terms, terms_of
from tests.test_registry.factories import ENVIRONMENT, RegistryCase, result

MNIST = Dataset("mnist", "d" * 64, 54_000, 6_000, 10_000)
GREEN = (result("suite.Case.test_one"),)
RED = (result("suite.Case.test_one", Outcome.FAILED),)

Recorded = tuple[TestRecord, ...] | float
"""The results of a suite, or the accuracy of a training."""


class NightCase(RegistryCase):
    """A registry with nights whose parts recorded what a test says."""

    def night(self, parts: Mapping[str, Recorded], terms: Terms | None = None, **facts: Any) -> Run:
        """Record a finished night."""
        with self.registry.start(NewRun(RunKind.NIGHTLY, params=(terms or Terms(tuple(parts))).params())) as run:
            for role, recorded in parts.items():
                part = self.part(recorded, f"{run.run.name}/{role.replace(' ', '-')}", **facts)
                self.registry.nights.add_part(run.run, role, part)
            run.finish(RunStatus.FINISHED, green=True)
        return self.registry.find_run(run.run.name)

    def part(self, recorded: Recorded, name: str | None = None, status: RunStatus = RunStatus.FINISHED) -> Run:
        """Record a suite or a training; the latter by a machine, on data, with a seed."""
        is_suite = isinstance(recorded, tuple)
        kind = RunKind.TEST if is_suite else RunKind.TRAIN
        with self.registry.start(NewRun(kind, name, environment=ENVIRONMENT)) as run:
            green = None
            if isinstance(recorded, tuple):
                run.add_results(recorded)
                green = not any(one.outcome.is_red for one in recorded)
            else:
                run.log_dataset(MNIST)
                run.log_metrics([Metric("test_accuracy", recorded, direction=Direction.HIGHER)])
            run.finish(status, green=green)
        return self.registry.find_run(run.run.name)

    def view(self, night: Run, *against: tuple[str, str], **terms: Any) -> NightView:
        """Return what a night shows."""
        return NightView(self.registry, night, self.folder, Terms(against=against, **terms))

    def known(self, test_id: str) -> None:
        """Let a test fail for today."""
        today = datetime.now(UTC).astimezone().date()
        self.registry.known_failures.add(KnownFailure(test_id, "why", "me", today, datetime.now(UTC)), today)


class References(NightCase):
    """References that mean another run for each part."""

    def test_which_they_are(self):
        """The last runs, and the last green one of a kind, are another run for each part; every other reference means one run."""
        for reference in ("rolling:5", "last-green:test", "last-green:train"):
            self.assertTrue(is_of_each_run(reference), reference)
        for reference in ("last-green", "last-green:nightly", "branch:main", "baseline:main", "latest:test", "nightly-1"):
            self.assertFalse(is_of_each_run(reference), reference)

    def test_the_last_runs(self):
        """rolling:N compares each part with those of its role, metrics with their median, and the page says so."""
        for accuracy in (0.98, 0.99, 0.97):
            self.night({"suite a": GREEN, "suite b": RED, "mnist seed 0": accuracy, "mnist seed 1": 0.5})
        self.part(RED)
        night = self.night({"suite a": RED, "suite b": RED, "mnist seed 0": 0.98, "mnist seed 1": 0.5})
        view = self.view(night, ("rolling:3", "rolling:3"))
        page = view.page("text")
        told = {section.role: section.diff.a.name for section in page.sections}
        self.assertEqual(told["suite a"], "nightly-11/suite-a")
        self.assertEqual(
            page.facts["rolling:3"].split("; ")[:2],
            [
                "suite a with 3 runs, nightly-1/suite-a to nightly-11/suite-a",
                "mnist seed 0 with 3 runs, nightly-1/mnist-seed-0 to nightly-11/mnist-seed-0",
            ],
        )
        self.assertIn("suite b has nothing to compare with in rolling:3", [finding.sentence for finding in page.findings])
        self.assertEqual([change.name for section in page.sections for change in section.diff.metrics], [])
        self.assertEqual(view.verdict, Verdict.REGRESSED)

    def test_a_suite_with_a_known_failure(self):
        """A run that is red for nothing but known failures is among the last ones that a suite is compared with."""
        self.night({"suite a": RED})
        night = self.night({"suite a": RED})
        reference = ("rolling:3", "rolling:3")
        self.assertEqual(self.view(night, reference).page("text").sections, ())
        self.known("suite.Case.test_one")
        (section,) = self.view(night, reference).page("text").sections
        self.assertEqual(section.diff.a.name, "nightly-1/suite-a")

    def test_the_last_green_one_of_a_kind(self):
        """last-green:test compares each suite with the last green one of its role, and no training."""
        first = self.night({"suite a": GREEN, "suite b": GREEN, "mnist seed 0": 0.5})
        self.night({"suite a": RED, "suite b": GREEN, "mnist seed 0": 0.5})
        night = self.night({"suite a": GREEN, "suite b": GREEN, "mnist seed 0": 0.5})
        page = self.view(night, ("last-green:test", "last-green:test")).page("text")
        self.assertEqual(page.facts["last-green:test"], f"suite a with {first.name}/suite-a; suite b with nightly-5/suite-b")


class Again(NightCase):
    """The report of a night, made again when bars and known failures are others."""

    def test_known_failures_of_the_time(self):
        """What may fail is what might when the night began, whatever was added or removed since."""
        self.night({"suite a": GREEN})
        self.known("suite.Case.test_one")
        terms = Terms(("suite a",), (("last green night", "nightly-1"),), known=tuple(self.registry.known_failures.listed()))
        night = self.night({"suite a": RED}, terms)
        self.registry.known_failures.remove("suite.Case.test_one")
        self.assertEqual(NightView(self.registry, night, self.folder, terms_of(night)).verdict, Verdict.UNCHANGED)
        strict = self.night({"suite a": RED}, replace(terms, known=()))
        self.known("suite.Case.test_one")
        self.assertEqual(NightView(self.registry, strict, self.folder, terms_of(strict)).verdict, Verdict.REGRESSED)

    def test_bars_of_the_time(self):
        """Metrics are held to the bars that the baseline had when the night began, also where it has risen since."""
        self.registry.baselines.set("main", self.night({"mnist seed 0": 0.97}))
        bars = self.registry.baselines.listed()[0].bars
        terms = Terms(("mnist seed 0",), (("baseline:main", "nightly-1"),), known=(), bars=bars, barred_by="baseline:main")
        night = self.night({"mnist seed 0": 0.97}, terms)
        self.registry.baselines.set("main", self.night({"mnist seed 0": 0.99}))
        self.assertEqual(NightView(self.registry, night, self.folder, terms_of(night)).verdict, Verdict.UNCHANGED)
        self.assertEqual(self.view(night, ("baseline:main", "nightly-1")).verdict, Verdict.REGRESSED)

    def test_what_it_is_held_to_is_kept(self):
        """All that a night is held to is recorded with it, and comes back as it was."""
        self.night({"suite a": GREEN})
        self.known("suite.Case.test_one")
        known = tuple(self.registry.known_failures.listed())
        terms = Terms(("suite a",), (("x", "y"),), {"loss": Tolerance(0.1)}, "never", 26, known, (Bar("loss", 0.1, "z"),), "x")
        self.assertEqual(terms_of(self.night({"suite a": GREEN}, terms)), terms)
        self.assertEqual(terms_of(self.night({"suite a": GREEN}, Terms())), Terms())

    def test_what_is_gone(self):
        """A night that does not come out as it did, since what it was compared with is gone, keeps its verdict and says so."""
        night = self.night({"suite a": RED})
        page = self.view(night).page("text", Found(Verdict.UNCHANGED, "UNCHANGED: nothing"))
        self.assertEqual((page.verdict, page.sentence), (Verdict.UNCHANGED, "UNCHANGED: nothing"))
        self.assertIn("made again, it comes out RED now", page.findings[-1].sentence)
