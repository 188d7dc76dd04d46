"""What loads what: the contracts between the packages, and that the quick commands stay quick."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "torchvision", "sqlalchemy", "alembic", "jinja2", "matplotlib", "scipy", "numpy", "rich", "coverage", "pluggy")
READING = ("registry.comparing", "registry.expected", "registry.past")
OURS = ("registry.store", "registry.models", "registry.queries", "mnist.train", "mnist.data", "runner.execute")

# Each command line runs in the same fresh interpreter: modules only accumulate, so the first that is at fault is named.
START_PROBE = """
import contextlib, importlib.metadata, io, json, sys

from runner.cli import main

scans = []
importlib.metadata.entry_points = lambda **selection: scans.append(selection) or ()
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["runner", *arguments]
    output, code = io.StringIO(), None
    with contextlib.redirect_stdout(output):
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    print(json.dumps({"code": code, "output": output.getvalue(), "modules": sorted(sys.modules), "scans": len(scans)}))
"""
IMPORT_PROBE = """
import importlib, json, sys

for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""
RECORDING_PROBE = """
import json, sys

import registry
from registry.records import Outcome, RunStatus, TestRecord

with registry.open(sys.argv[1]).start_run("test") as run:
    run.add_results([TestRecord("m.A.test", outcome=Outcome.PASSED)])
    run.finish(RunStatus.FINISHED, green=True, duration_s=1.0)
print(json.dumps(sorted(sys.modules)))
"""


def python(*arguments: str, cwd: Path = ROOT) -> str:
    """Run this interpreter and return its standard output; coverage is kept out, for it would be a heavy module itself."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_PROCESS")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def heavy(modules: list[str]) -> list[str]:
    """Return what a quick start must not load, of the modules that were loaded."""
    return [name for name in modules if name in HEAVY or name in OURS]


class QuickStart(unittest.TestCase):
    """`runner --help` costs little more than typer itself."""

    answers: ClassVar[dict[str, Any]]

    @classmethod
    def setUpClass(cls):
        lines = (
            ("--version",),
            ("--help",),
            ("-h",),
            ("test", "-h"),
            ("train", "-h"),
            ("diff", "--help"),
            ("db", "-h"),
            ("plugins", "-h"),
        )
        answers = python("-c", START_PROBE, json.dumps(lines)).splitlines()
        cls.answers = {" ".join(line): json.loads(answer) for line, answer in zip(lines, answers, strict=True)}

    def test_the_program_really_ran(self):
        """Each probed command line prints its help or version and ends with 0."""
        self.assertEqual({line: answer["code"] for line, answer in self.answers.items()}, dict.fromkeys(self.answers, 0))
        self.assertRegex(self.answers["--version"]["output"], r"^runner \d+\.\d+\.\d+\n$")
        self.assertIn("runner train [OPTIONS] [TASK]", self.answers["train -h"]["output"])

    def test_help_loads_nothing_heavy(self):
        """--help, -h and --version load no torch, no SQL, no plots, no rich, no coverage and none of our heavy modules."""
        for line, answer in self.answers.items():
            with self.subTest(line=line):
                self.assertEqual(heavy(answer["modules"]), [])

    def test_help_imports_no_command(self):
        """The command line imports a command only when that command runs."""
        modules = self.answers["db -h"]["modules"]
        self.assertIn("runner.cli", modules)
        self.assertEqual([name for name in modules if name.startswith("runner.commands")], [])

    def test_help_scans_no_entry_points(self):
        """Looking for plug-ins among all installed distributions is left to the commands that need plug-ins."""
        self.assertEqual({line: answer["scans"] for line, answer in self.answers.items()}, dict.fromkeys(self.answers, 0))

    def test_h_is_help(self):
        """-h and --help print the same."""
        self.assertEqual(self.answers["-h"]["output"], self.answers["--help"]["output"])


class LightImports(unittest.TestCase):
    """Importing a package costs nothing; what is heavy is loaded by the function that needs it."""

    def test_import_registry_loads_no_sqlalchemy(self):
        """`import registry` and its pure modules load neither SQLAlchemy nor Alembic nor SQLite."""
        loaded = json.loads(python("-c", IMPORT_PROBE, "registry", "registry.errors", "registry.records", "registry.diff"))
        self.assertIn("registry.diff", loaded)
        self.assertEqual(heavy(loaded), [])
        self.assertNotIn("sqlite3", loaded)

    def test_recording_loads_no_read_side(self):
        """Recording a run, and running tests, loads nothing that compares runs or looks back at them."""
        with TemporaryDirectory() as folder:
            loaded = json.loads(python("-c", RECORDING_PROBE, str(Path(folder) / "registry.db")))
        self.assertIn("registry.recording", loaded)
        self.assertEqual([name for name in loaded if name.startswith(READING)], [])
        loaded = json.loads(python("-c", IMPORT_PROBE, "runner.commands._test_session"))
        self.assertEqual([name for name in loaded if name.startswith(READING)], [])

    def test_import_mnist_loads_no_torch(self):
        """`import mnist`, its configuration, its events and its errors load no torch."""
        loaded = json.loads(python("-c", IMPORT_PROBE, "mnist", "mnist.config", "mnist.events", "mnist.errors"))
        self.assertIn("mnist.events", loaded)
        self.assertEqual(heavy(loaded), [])

    def test_reports_load_no_database(self):
        """The reports are pure over records: they load neither SQLAlchemy nor rich."""
        names = ("document", "live", "text", "junit", "github", "nights", "plugins", "progress", "screen")
        loaded = json.loads(python("-c", IMPORT_PROBE, *(f"runner.report.{name}" for name in names)))
        self.assertIn("runner.report.live", loaded)
        self.assertEqual(heavy(loaded), [])

    def test_only_the_schema_knows_alembic(self):
        """The store opens a registry without Alembic, which is loaded only to create or upgrade one."""
        loaded = json.loads(python("-c", IMPORT_PROBE, "registry.store"))
        self.assertIn("sqlalchemy", loaded)
        self.assertNotIn("alembic", loaded)


class AlembicFolder(unittest.TestCase):
    """The folder `alembic/` holds our migrations and never stands in for the library."""

    def test_it_is_no_package(self):
        """There is no alembic/__init__.py, which would shadow the library for everybody who starts Python here."""
        self.assertTrue((ROOT / "alembic" / "env.py").is_file())
        self.assertFalse((ROOT / "alembic" / "__init__.py").exists())

    def test_import_alembic_is_the_library(self):
        """`import alembic` from the checkout's root gives the installed library."""
        origin = Path(python("-c", "import alembic; print(alembic.__file__)").strip())
        self.assertEqual(origin.name, "__init__.py")
        self.assertNotEqual(origin.parent, ROOT / "alembic")


class Contracts(unittest.TestCase):
    """The import-linter contracts of pyproject.toml."""

    def test_every_contract_is_kept(self):
        """No module imports what its contract forbids, and no module stands outside the layers."""
        if importlib.util.find_spec("importlinter") is None:
            self.skipTest("import-linter is not installed; `pip install -e '.[dev]'` brings it")
        report = python(
            "-c", "from importlinter.cli import lint_imports as lint; raise SystemExit(lint(no_cache=True, no_logo=True))"
        )
        self.assertRegex(report, r"Contracts: \d+ kept, 0 broken")
