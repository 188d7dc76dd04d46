"""[tool.runner.nightly] of pyproject.toml."""

from __future__ import annotations

import unittest
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.regress import Tolerance
from runner.errors import ExitCode, SettingsError
from runner.settings import read_settings
from runner.settings_nightly import Nightly, Suite, Task, read_nightly


class NightlyCase(unittest.TestCase):
    """A project of its own, with what a test writes into its table."""

    def setUp(self):
        self.root = Path(self.enterContext(TemporaryDirectory())).resolve()

    def read(self, table: str | None, runner: str = "") -> Nightly:
        text = f"[tool.runner]\n{runner}\n" + ("" if table is None else f"[tool.runner.nightly]\n{table}\n")
        (self.root / "pyproject.toml").write_text(text, encoding="utf-8")
        return read_nightly(read_settings(self.root))

    def refusal(self, table: str) -> str:
        with self.assertRaises(SettingsError) as caught:
            self.read(table)
        self.assertIn(f"[tool.runner.nightly] of {self.root / 'pyproject.toml'}", str(caught.exception))
        return str(caught.exception)


class Known(NightlyCase):
    """What is there is taken."""

    def test_nothing(self):
        """Without the table a night is the project's own suite."""
        runner = "start-directory = 'tests'\npattern = 'check_*.py'\ntop-level-directory = '.'"
        self.assertEqual(self.read(None, runner), Nightly((Suite("tests", "tests", "check_*.py", "."),)))
        self.assertEqual(self.read("").suites[0].role, "suite all")

    def test_every_key(self):
        """Each key is read under its name with hyphens."""
        table = """
            suites = [
                "tests/unit",
                {name = "slow", start-directory = "slow", pattern = "s*.py", top-level-directory = ".", coverage = true},
            ]
            tasks = [
                "mnist",
                {task = "mnist", seeds = [0, 1], epochs = 1, batch-size = 64, lr = 0.1, device = "cpu", threads = 2},
            ]
            baseline = "baseline:main"
            tolerances = {test_accuracy = {absolute = 0.002, relative = 0.01}}
            keep = 30
            output = "reports"
            formats = ["html", "html", "text"]
            notify-command = ["mail", "-s", "{sentence}"]
            notify-webhook = "https://example.org/hook"
            fail-on = "suspected"
            max-gap = 26
            part-timeout = 6
        """
        expected = Nightly(
            suites=(Suite("tests/unit", "tests/unit"), Suite("slow", "slow", "s*.py", ".", coverage=True)),
            tasks=(Task("mnist"), Task("mnist", (0, 1), 1, 64, 0.1, "cpu", 2)),
            baseline="baseline:main",
            tolerances={"test_accuracy": Tolerance(0.002, 0.01)},
            keep=30,
            output="reports",
            formats=("html", "text"),
            notify_command=("mail", "-s", "{sentence}"),
            notify_webhook="https://example.org/hook",
            fail_on="suspected",
            max_gap=26,
            part_timeout=6,
        )
        self.assertEqual(self.read(table), expected)
        defaults = Nightly()
        self.assertEqual(
            [field.name for field in fields(Nightly) if getattr(expected, field.name) == getattr(defaults, field.name)], []
        )

    def test_names_of_folders(self):
        """The name of a suite comes from its folder, never leads out of the folder of logs, and can be typed."""
        suites = self.read("suites = ['../other/../a b again', '/abs/./tests', '.']").suites
        self.assertEqual([suite.name for suite in suites], ["a-b-again", "abs/tests", "all"])

    def test_only_trainings(self):
        """A night of trainings alone is one, where that is said."""
        self.assertEqual(self.read("suites = []\ntasks = ['mnist']").suites, ())


class Refused(NightlyCase):
    """What is not known, or does not fit, is refused with one sentence."""

    def test_unknown_keys(self):
        """An unknown key names the nearest one, in each of the tables."""
        cases = {
            "kep = 3": "unknown key 'kep'; did you mean 'keep'?",
            "fail_on = 'never'": "unknown key 'fail_on'; did you mean 'fail-on'?",
            "suites = [{start = 'x', nam = 'y'}]": "unknown key",
            "tasks = [{task = 'mnist', seed = 3}]": "unknown key 'seed'; did you mean 'seeds'?",
            "tolerances = {loss = {absolut = 1}}": "loss in tolerances in",
        }
        for table, words in cases.items():
            with self.subTest(table=table):
                self.assertIn(words, self.refusal(table))
        self.assertEqual(SettingsError.exit_code, ExitCode.USAGE)

    def test_wrong_values(self):
        """A value of another type is refused with the key, the value and what it must be."""
        cases = (
            ("suites = 'tests'", "'tests'; it must be a list of folders, or of tables with a start-directory"),
            ("suites = [3]", "3; it must be a table"),
            ("tasks = [{task = 'mnist', seeds = []}]", "[]; it must be a list of whole numbers, 0 or more"),
            ("tasks = [{task = 'mnist', seeds = [true]}]", "[True]; it must be a list of whole numbers, 0 or more"),
            ("tasks = [{task = 'mnist', lr = 0}]", "0; it must be a number above 0"),
            ("baseline = 'rolling:0'", "'rolling:0'; it must be rolling: and how many runs, 1 to 9999, such as rolling:10"),
            ("part-timeout = 0", "0; it must be a number above 0"),
            ("keep = 0", "0; it must be a whole number from 1"),
            ("max-gap = nan", "nan; it must be a number above 0"),
            ("formats = ['pdf']", "['pdf']; it must be a list of 'html' or 'markdown' or 'json' or 'text'"),
            ("fail-on = 'red'", "'red'; it must be 'regressed' or 'suspected' or 'never'"),
            ("tolerances = {loss = 3}", "3; it must be a table"),
            ("tolerances = {loss = {absolute = -1}}", "-1; it must be a number, 0 or more"),
            ("notify-command = 'mail me'", "'mail me'; it must be a list of strings"),
            ("max-gap = 1e12", "1000000000000.0; it must be a number of hours, 100,000 at most"),
            ("suites = [{name = 'a/../../b', start-directory = 'x'}]", "'a/../../b'; it must be a name"),
            ("suites = [{name = 'a b', start-directory = 'x'}]", "'a b'; it must be a name of letters, digits and . _ / -"),
        )
        for table, words in cases:
            with self.subTest(table=table):
                self.assertIn(words, self.refusal(table))

    def test_a_secret(self):
        """An address that does not fit is not shown, for it often is a secret."""
        refusal = self.refusal("notify-webhook = 'htps://example.org/s3cret'")
        self.assertIn("must be an address that begins with https:// or http://", refusal)
        self.assertNotIn("s3cret", refusal)

    def test_twice_and_nothing(self):
        """Two suites of one name, a seed given twice, a table without its main key, and a night without anything are refused."""
        self.assertIn("'suite tests' twice", self.refusal("suites = ['tests', './tests/']"))
        self.assertIn("'mnist seed 1' twice", self.refusal("tasks = [{task = 'mnist', seeds = [1, 1]}]"))
        self.assertIn("without start-directory", self.refusal("suites = [{name = 'x'}]"))
        self.assertIn("without task", self.refusal("tasks = [{seeds = [1]}]"))
        self.assertIn("a night would do nothing", self.refusal("suites = []"))

    def test_no_table(self):
        """A `nightly` that is no table is refused, by the commands that read it."""
        (self.root / "pyproject.toml").write_text("[tool.runner]\nnightly = 3\n", encoding="utf-8")
        with self.assertRaisesRegex(SettingsError, "is 3; it must be a table"):
            read_nightly(read_settings(self.root))
