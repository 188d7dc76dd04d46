from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from registry.records import RunDetails

from .dropins import ROOT, ended, message, outcomes, recorded, start, write_project

MANAGE = """
    import os, sys

    if __name__ == "__main__":
        os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
        from django.core.management import execute_from_command_line
        execute_from_command_line(sys.argv)
"""
SETTINGS = """
    SECRET_KEY = "for tests"
    USE_TZ = True
    INSTALLED_APPS = [{apps}]
    DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
    DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
    TEST_RUNNER = "{runner}"
"""
MODELS = """
    from django.db import models

    class Entry(models.Model):
        text = models.CharField(max_length=20)
"""
TESTS = """
    import unittest
    from django.test import TestCase
    from registry.models import Entry

    class Entries(TestCase):
        @classmethod
        def setUpTestData(cls):
            Entry.objects.create(text="from the class")

        def test_database(self):
            Entry.objects.create(text="mine")
            self.assertEqual(Entry.objects.count(), 2)

        def test_rolled_back(self):
            self.assertEqual([entry.text for entry in Entry.objects.all()], ["from the class"])

        def test_fail(self):
            self.assertEqual(Entry.objects.count(), 7)

        def test_subtests(self):
            for number in (1, 2):
                with self.subTest(number=number):
                    self.assertEqual(Entry.objects.count(), number)

    class Others(TestCase):
        @unittest.skip("no network")
        def test_skip(self):
            pass

        def test_pass(self):
            pass

    class Prevented(TestCase):
        @classmethod
        def setUpTestData(cls):
            raise OSError("no data")

        def test_one(self):
            pass
"""
EXPECTED = {
    "tests.Entries.test_database": "passed",
    "tests.Entries.test_fail": "failed",
    "tests.Entries.test_rolled_back": "passed",
    "tests.Entries.test_subtests": "failed",
    "tests.Others.test_pass": "passed",
    "tests.Others.test_skip": "skipped",
    "tests.Prevented.test_one": "not_run",
}


def from_page(*words: str) -> str:
    """Return the example of docs/dropin.md that holds some words."""
    text = (ROOT / "docs" / "dropin.md").read_text(encoding="utf-8")
    (block,) = (
        block for block in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if all(w in block for w in words)
    )
    return block


def project(folder: Path, runner: str, *apps: str) -> Path:
    """Write a Django project with some apps, one of which, `registry`, has a model and the tests."""
    names = ", ".join(map(repr, apps))
    files = {"manage.py": MANAGE, "settings.py": SETTINGS.format(apps=names, runner=runner)}
    files |= {f"{app}/__init__.py": "" for app in apps}
    write_project(folder, {**files, "registry/models.py": MODELS, "registry/tests.py": TESTS})
    return folder


@unittest.skipUnless(importlib.util.find_spec("django"), "Django is not installed; `pip install -e '.[dev]'` brings it")
class Django(unittest.TestCase):
    """`manage.py test` with real Django, in projects whose own apps are called as our packages are."""

    plain: ClassVar[subprocess.CompletedProcess[str]]
    ended: ClassVar[dict[str, subprocess.CompletedProcess[str]]]
    runs: ClassVar[dict[str, RunDetails]]

    @classmethod
    def setUpClass(cls):
        top = Path(cls.enterClassContext(TemporaryDirectory()))
        manage = ("manage.py", "test")
        serial = project(top / "serial", "runner.django.RecordingDiscoverRunner", "registry", "mnist")
        parallel = project(top / "parallel", "nightly.NightlyRunner", "registry", "mnist")
        nightly = from_page("class NightlyRunner").replace("postgresql+psycopg://ci@db/runs", ".runner/registry.db")
        write_project(parallel, {"nightly.py": nightly})
        shadowed = project(top / "shadowed", "testing.RecordingDiscoverRunner", "registry", "runner", "unrelated")
        write_project(
            shadowed,
            {"testing.py": from_page("import RecordingDiscoverRunner", "sys.path"), "runner/models.py": "OURS = False\n"},
        )
        lines = {
            "plain": (serial, (*manage, "--testrunner", "django.test.runner.DiscoverRunner")),
            "serial": (serial, manage),
            "parallel": (parallel, (*manage, "--parallel", "2")),
            "shadowed": (shadowed, manage),
        }
        processes = {how: start(folder, *arguments) for how, (folder, arguments) in lines.items()}
        cls.ended = {how: ended(process) for how, process in processes.items()}
        cls.runs = {how: recorded(folder) for how, (folder, _) in lines.items() if how != "plain"}

    def test_outcomes(self):
        """Each test is recorded, those with a database too."""
        self.assertEqual(outcomes(self.runs["serial"]), EXPECTED)
        self.assertEqual(self.runs["serial"].run.argv, ("manage.py", "test"))
        self.assertIn("no data", message(self.runs["serial"], "Prevented.test_one"))

    def test_output_and_exit_code(self):
        """What Django prints and its exit code are those of its own runner."""
        self.assertIn("FAILED (failures=2, errors=1, skipped=1)", self.ended["plain"].stderr)
        lines = [[line for line in self.ended[how].stderr.splitlines() if "tests in" not in line] for how in ("plain", "serial")]
        self.assertEqual(lines[0], lines[1])
        self.assertEqual((self.ended["plain"].returncode, self.ended["serial"].returncode), (1, 1))

    def test_app_called_runner(self):
        """A project with an app called `runner` takes the class from `unittest_registry`, which the page shows how to find."""
        self.assertEqual(outcomes(self.runs["shadowed"]), EXPECTED)

    def test_parallel(self):
        """With --parallel, what Django's processes report is recorded in the process that collects it, tracebacks too."""
        details = self.runs["parallel"]
        self.assertEqual(outcomes(details), EXPECTED, self.ended["parallel"].stderr)
        (failure,) = (one for one in details.results if one.test_id.endswith("test_fail"))
        self.assertIn("AssertionError: 1 != 7", failure.traceback or "")

    def test_parameters_in_parallel(self):
        """A subtest has the same parameters whichever process it ran in."""
        for way in ("serial", "parallel"):
            params = [part.params for one in self.runs[way].results for part in one.subtests]
            self.assertEqual(params, ["(number=2)"])

    def test_options(self):
        """A subclass gives its test runner options, as the page shows."""
        self.assertEqual(self.runs["parallel"].run.tags, {"job": "nightly"})
        self.assertEqual(self.runs["serial"].run.tags, {})

    def test_durations_in_parallel(self):
        """Before Python 3.12 Django's processes do not tell how long a test took; then nothing is recorded of it."""
        times = {one.duration_s for one in self.runs["parallel"].results if one.outcome == "passed"}
        self.assertEqual(times == {None}, sys.version_info < (3, 12), times)
        self.assertNotIn(None, {one.duration_s for one in self.runs["serial"].results if one.outcome == "passed"})
