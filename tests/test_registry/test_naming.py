"""Names of runs and references to them."""

from __future__ import annotations

import time
import unittest

import registry
from registry.errors import InvalidName, NameInUse, RunNotFound
from registry.naming import check_name
from registry.records import NewRun, RunKind, RunStatus

from .factories import RegistryCase, result


class Names(unittest.TestCase):
    """Which names a run may have."""

    def test_good_names(self):
        """Words, dots, slashes, spaces inside and other alphabets are allowed."""
        for name in ("cifar", "run-a", "feature/x 2", "größe", "v1.2", "12a", "tests-12", "latter", "x" * 200):
            with self.subTest(name=name[:20]):
                self.assertIsNone(check_name(name))

    def test_names_that_could_be_references(self):
        """Digits alone, latest..., last-green, baseline:... and KIND-N are refused."""
        for name in ("12", "latest", "latest~1", "latestish", "last-green", "baseline:x", "test-3", "train-0", "nightly-99"):
            with self.subTest(name=name), self.assertRaisesRegex(InvalidName, "choose another|add a letter"):
                check_name(name)

    def test_names_like_options(self):
        """A name that begins with a hyphen could never be typed after a command."""
        with self.assertRaisesRegex(InvalidName, "option"):
            check_name("-x")

    def test_names_that_cannot_be_printed(self):
        """Empty, blank, very long and unprintable names are refused."""
        for name in ("", "  ", " a", "a\n", "a\tb", "a\x1b[31m", "a\0", "\ud800", "a\u202eb", "x" * 201):
            with self.subTest(name=name[:20]), self.assertRaises(InvalidName):
                check_name(name)


class NewNames(RegistryCase):
    """Names are checked before anything starts, and nothing is overwritten."""

    def test_default_names(self):
        """A run without a name is called after its kind and its id."""
        runs = [self.registry.start(NewRun(kind)) for kind in (RunKind.TEST, RunKind.TRAIN)]
        for run in runs:
            run.finish(RunStatus.FINISHED)
        self.assertEqual([run.run.name for run in runs], ["test-1", "train-2"])

    def test_a_name_in_use(self):
        """A name that a run has is refused, with that run's id."""
        self.recorded(name="first")
        for attempt in (self.registry.check_new_name, lambda name: self.registry.start(NewRun(RunKind.TEST, name))):
            with self.assertRaisesRegex(NameInUse, "'first' belongs to run 1"):
                attempt("first")
        self.assertEqual(len(self.registry.runs()), 1)

    def test_an_invalid_name_starts_nothing(self):
        """A run with a name that could be a reference is not started."""
        for start in (lambda: self.registry.start(NewRun(RunKind.TEST, "latest")), lambda: self.registry.start_run("test", "12")):
            with self.assertRaises(InvalidName):
                start()
        self.assertEqual(self.registry.runs(), [])


class References(RegistryCase):
    """What a reference leads to."""

    def setUp(self):
        super().setUp()
        self.recorded(name="one", green=True)
        self.recorded(name="two", green=False)
        with self.registry.start(NewRun(RunKind.TRAIN, "three")):
            pass

    def assert_finds(self, **expected: str):
        """Assert which run each reference leads to."""
        for reference, name in expected.items():
            self.assertEqual(self.registry.find_run(reference).name, name, reference)

    def test_names_and_ids(self):
        """A name and an id lead to their run."""
        self.assert_finds(**{"one": "one", "2": "two", "003": "three"})

    def test_latest(self):
        """`latest` counts back over all kinds, or over one."""
        self.assert_finds(
            **{"latest": "three", "latest~1": "two", "latest~2": "one", "latest:test": "two", "latest:test~1": "one"}
        )
        self.assert_finds(**{"latest:train": "three", "latest~0": "three"})

    def test_last_green(self):
        """`last-green` is the newest run that was green."""
        self.assert_finds(**{"last-green": "one"})

    def test_unknown_names(self):
        """An unknown name is refused with near ones and the command that lists all."""
        with self.assertRaisesRegex(RunNotFound, "'thre'.*near names are three.*runner runs"):
            self.registry.find_run("thre")

    def test_what_leads_nowhere(self):
        """Too far back, unknown ids of any size, no green run, hostile texts: each is refused, none breaks."""
        for reference in (
            "latest~9",
            "latest:nightly",
            "99",
            "9" * 40,
            "٣",
            "latest:dog",
            "",
            "'; DROP TABLE run",
            "a\0",
            "\ud800",
        ):
            with self.subTest(reference=reference), self.assertRaises(RunNotFound):
                self.registry.find_run(reference)

    def test_baselines(self):
        """A baseline of that name does not exist, and the sentence says so."""
        with self.assertRaisesRegex(RunNotFound, "no baseline 'main'"):
            self.registry.find_run("baseline:main")

    def test_an_empty_registry(self):
        """In a registry without runs the sentence says how to record one."""
        with registry.open(self.folder / "empty.db") as empty, self.assertRaisesRegex(RunNotFound, "runner test --record"):
            empty.find_run("latest")


class Lists(RegistryCase):
    """The list of runs."""

    def test_newest_first(self):
        """Runs come newest first, of one kind where that is asked for, up to a limit."""
        names = [self.recorded([result()]).name for _ in range(3)]
        self.registry.start_run("train", "t", git=None).finish(RunStatus.FINISHED)
        self.assertEqual([run.name for run in self.registry.runs("test")], names[::-1])
        self.assertEqual([run.name for run in self.registry.runs(limit=2)], ["t", names[-1]])

    def test_many_runs_are_quick(self):
        """Listing takes a few statements, however many runs there are."""
        for _ in range(50):
            self.recorded()
        began = time.perf_counter()
        self.assertEqual(len(self.registry.runs()), 50)
        self.assertLess(time.perf_counter() - began, 1.0)
