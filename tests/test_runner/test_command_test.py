"""`runner test`, end to end: real processes, real SQLite, throw-away projects."""

from __future__ import annotations

import re
import signal
import subprocess
from typing import Any

from .projects import GREEN_SUITE, MIXED_SUITE, SLEEPING_SUITE, ProjectCase, finish

LAST_LINE = re.compile(r"\d+ passed, \d+ failed, \d+ skipped")
PYTEST_STYLE = "def test_free():\n    assert True\n"
SHADOWING_SUITE = """
import unittest
import mnist, registry, runner

class Own(unittest.TestCase):
    def test_ours(self):
        self.assertEqual([module.OWNER for module in (mnist, registry, runner)], ["user"] * 3)
"""
TELLTALE_SUITE = "import pathlib\npathlib.Path('imported').touch()\n" + GREEN_SUITE
CRASHING_SUITE = """
import os, unittest

class Crash(unittest.TestCase):
    def test_a_before(self):
        pass

    def test_b_gone(self):
        os._exit(0)

    def test_c_after(self):
        pass
"""


class RecordedRun(ProjectCase):
    """A suite with every outcome, recorded."""

    shown: Any

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_mixed=MIXED_SUITE)
        cls.answer = cls.home.run("test", "--record", "--name", "first", "--tag", "branch=main", "--tag", "night=1")
        cls.shown = cls.home.run("show", "first", "--format", "json").document

    def test_a_red_suite_ends_with_1(self):
        """A failed test gives exit code 1."""
        self.assertEqual(self.answer.code, 1, self.answer.errors)

    def test_the_last_line_is_for_programs(self):
        """The last line is `N passed, N failed, N skipped` alone; failed counts the fixture and the test it kept from running."""
        self.assertEqual(self.answer.lines[-1], "2 passed, 6 failed, 1 skipped")
        self.assertEqual([line for line in self.answer.lines[:-1] if LAST_LINE.fullmatch(line)], [])

    def test_the_counts_by_outcome_stand_above(self):
        """The lines above count each outcome, not_run among them."""
        start = max(number for number, line in enumerate(self.answer.lines) if line.startswith("took "))
        told = " ".join(line for line in self.answer.lines[start + 1 : -1] if not line.startswith("recorded as"))
        counts = {words: number for number, words in (part.strip().split(" ", 1) for part in told.split(","))}
        expected = {"passed": "1", "failed": "2", "errored": "1", "skipped": "1", "expected_failure": "1"}
        self.assertEqual(counts, expected | {"unexpected_success": "1", "not_run": "1", "failed fixture": "1"})

    def test_it_says_where_it_was_recorded(self):
        """The output names the run and its registry."""
        self.assertIn("recorded as first (run 1)", self.answer.output)
        self.assertIn("recorded as first (run 1) in .runner/registry.db", self.answer.output)

    def test_every_outcome_is_in_the_registry(self):
        """The registry holds one result a test, with the outcome that unittest means."""
        outcomes = {result["id"].rpartition(".")[2]: result["outcome"] for result in self.shown["results"]}
        expected = {"test_sum": "passed", "test_product": "failed", "test_division": "errored", "test_skipped": "skipped"}
        expected |= {"test_known": "expected_failure", "test_surprise": "unexpected_success", "test_parts": "failed"}
        self.assertEqual(outcomes, expected | {"test_never": "not_run"})

    def test_the_broken_fixture_is_recorded(self):
        """A setUpClass that raises is a fixture of its own, with the exception's message."""
        (fixture,) = self.shown["fixtures"]
        self.assertIn("setUpClass (", fixture["id"])
        self.assertIn("Broken", fixture["id"])
        self.assertIn("the fixture is broken", fixture["message"])

    def test_the_failed_subtest_is_recorded(self):
        """Of three subtests the one that failed is listed with its parameters, and the others are counted."""
        (result,) = (result for result in self.shown["results"] if result["id"].endswith("test_parts"))
        self.assertEqual([subtest["params"] for subtest in result["subtests"]], ["(number=1)"])
        self.assertEqual(result["subtests_passed"], 2)

    def test_what_was_typed_is_recorded(self):
        """The command line and the tags are in the registry."""
        run = self.shown["run"]
        self.assertEqual(run["tags"], {"branch": "main", "night": "1"})
        self.assertEqual(run["argv"][:3], ["runner", "test", "--record"])

    def test_the_folder_ignores_itself(self):
        """.runner/ holds its own .gitignore, so that recording never makes a work tree dirty."""
        self.assertEqual((self.home.root / ".runner" / ".gitignore").read_text(encoding="utf-8").split(), ["*"])

    def test_no_git_is_no_error(self):
        """Outside a git repository a run is recorded, and says why there is no commit."""
        self.assertFalse((self.home.root / ".git").exists())
        git = self.shown["run"]["git"]
        self.assertEqual((git["commit"], git["branch"], git["dirty"]), (None, None, None))
        self.assertTrue(git["reason"])

    def test_a_name_in_use_is_refused_before_anything_runs(self):
        """A second run of the same name is refused with 2, and the suite is not even imported."""
        self.home.write("tests/test_telltale.py", TELLTALE_SUITE)
        self.addCleanup((self.home.root / "tests" / "test_telltale.py").unlink)
        self.assert_refused(self.home.run("test", "--record", "--name", "first"), 2, "name-in-use", "'first'")
        self.assertFalse((self.home.root / "imported").exists())


class UnrecordedRun(ProjectCase):
    """Without --record nothing is written."""

    recorded: bool

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_green=GREEN_SUITE)
        cls.answers = cls.home.together(
            plain=("test",),
            verbose=("test", "-v", "-k", "sum"),
            name=("test", "--name", "lost"),
            both=("test", "-s", "tests", "test_green"),
            discover=("test", "discover", "-s", "tests"),
            tag=("test", "--record", "--tag", "main"),
            keyless=("test", "--record", "--tag", "=main"),
            flag=("test", "--nonsense"),
        )
        cls.answer = cls.answers["plain"]
        cls.recorded = (cls.home.root / ".runner").exists()

    def test_a_green_suite_ends_with_0(self):
        """A suite that passes gives exit code 0 and silence on standard error."""
        self.assertEqual((self.answer.code, self.answer.errors), (0, ""))
        self.assertEqual(self.answer.lines[-1], "2 passed, 0 failed, 0 skipped")

    def test_nothing_is_recorded(self):
        """No registry is made, and the output does not speak of one."""
        self.assertFalse(self.recorded)
        self.assertNotIn("recorded", self.answer.output)

    def test_verbose_names_each_test(self):
        """-v prints a line a test, and -k chooses among them."""
        answer = self.answers["verbose"]
        self.assertRegex(answer.output, r"test_sum \(test_green\.Arithmetic\.test_sum\) \.\.\. ok")
        self.assertNotIn("test_product", answer.output)

    def test_dotted_names_from_a_subfolder(self):
        """In a subfolder a test is named as unittest names it there."""
        answer = self.home.run("test", "test_green.Arithmetic.test_sum", cwd="tests")
        self.assertEqual((answer.code, answer.lines[-1]), (0, "1 passed, 0 failed, 0 skipped"))

    def test_a_name_needs_a_record(self):
        """--name without --record is refused: there would be nothing of that name."""
        self.assert_refused(self.answers["name"], 2, "usage", "--record")

    def test_names_and_discovery_exclude_each_other(self):
        """-s beside TESTS is refused."""
        self.assert_refused(self.answers["both"], 2, "usage", "-s", "TESTS")

    def test_the_word_discover(self):
        """What `python -m unittest` wants before the flags of discovery is refused with a hint, and not taken for a test."""
        self.assert_refused(self.answers["discover"], 2, "usage", "leave the word out")

    def test_a_tag_has_a_key_and_a_value(self):
        """--tag without an equals sign is refused with an example."""
        self.assert_refused(self.answers["tag"], 2, "usage", "K=V", "'main'")
        self.assert_refused(self.answers["keyless"], 2, "usage", "K=V", "'=main'")

    def test_an_unknown_flag_is_refused(self):
        """A flag that does not exist gives exit code 2 and is named."""
        self.assertEqual(self.answers["flag"].code, 2)
        self.assertIn("--nonsense", self.answers["flag"].errors)


class JsonLines(ProjectCase):
    """`runner test --format json`."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_mixed=MIXED_SUITE)
        cls.answer = cls.home.run("test", "--format", "json", "--record")

    def test_each_line_is_strict_json(self):
        """Every line is a document of its own, whatever the suite prints."""
        self.assertGreater(len(self.answer.documents), 8)
        self.assertEqual({type(document) for document in self.answer.documents}, {dict})

    def test_what_the_suite_prints_stands_in_the_documents(self):
        """The output of the suite does not get between the documents, and is not lost."""
        printed = {"place": None, "text": "a module that prints while it is imported\n"}
        self.assertIn({"schema": 1, "event": "printed"} | printed, self.answer.documents)
        outputs = [document.get("output") for document in self.answer.documents]
        self.assertIn("a test that prints\n", outputs)

    def test_the_events_come_in_order(self):
        """First what was collected, then each test, then the end."""
        events = [document.get("event") for document in self.answer.documents]
        self.assertEqual((events[0], events[-2], events[-1]), ("collected", "ended", None))
        self.assertEqual(len(self.answer.documents[0]["tests"]), events.count("finished"))

    def test_the_last_line_is_the_run(self):
        """The last line is what `runner show --format json` says."""
        shown = self.home.run("show", "latest", "--format", "json").document
        told = self.answer.documents[-1]
        self.assertEqual(told["schema"], 1)
        self.assertEqual(told["run"]["name"], "test-1")
        self.assertEqual(
            {key: told[key] for key in ("counts", "results", "fixtures")},
            {key: shown[key] for key in ("counts", "results", "fixtures")},
        )

    def test_the_exit_code_stays(self):
        """JSON changes what is printed, not the exit code."""
        self.assertEqual(self.answer.code, 1)


class NothingToRun(ProjectCase):
    """No tests found."""

    def test_pytest_style_functions_are_noticed(self):
        """A file with bare test functions gives 5 and a sentence that says why they were not run."""
        answer = self.project(test_free=PYTEST_STYLE).run("test")
        self.assert_refused(answer, 5, "no-tests", "test_free")
        self.assertEqual(answer.lines[-1], "0 passed, 0 failed, 0 skipped")

    def test_an_empty_folder(self):
        """A folder without test files gives 5 and one sentence."""
        home = self.project()
        (home.root / "tests").mkdir()
        self.assert_refused(home.run("test"), 5, "no-tests", "test*.py")


class Names(ProjectCase):
    """Names are checked before anything starts."""

    def test_reserved_names_are_refused(self):
        """A name that could be taken for a reference is refused with 2, and the suite is not even imported."""
        home = self.project(test_telltale=TELLTALE_SUITE)
        names = ("latest", "test-7", "")
        for name, answer in home.together(**{name: ("test", "--record", "--name", name) for name in names}).items():
            with self.subTest(name=name):
                self.assert_refused(answer, 2, "invalid-name", name)
        self.assertFalse((home.root / "imported").exists())


class WhichRegistry(ProjectCase):
    """The flag beats RUNNER_REGISTRY, which beats the settings, which beat the project's own."""

    def test_the_flag_before_and_after_the_command(self):
        """--registry is accepted before the command and after it, as a path and as a URL."""
        home = self.project(test_green=GREEN_SUITE)
        before = home.run("--registry", "mine.db", "test", "--record")
        after = home.run("test", "--record", "--registry", f"sqlite:///{home.root}/mine.db")
        self.assertEqual((before.code, after.code), (0, 0), before.errors + after.errors)
        self.assertIn("test-2 (run 2)", after.output)
        self.assertFalse(home.registry.exists())

    def test_the_variable_beats_the_settings_and_the_flag_beats_both(self):
        """RUNNER_REGISTRY is read, and --registry goes before it."""
        home = self.project(test_green=GREEN_SUITE)
        home.write("pyproject.toml", "[tool.runner]\nstart-directory = 'tests'\nregistry = 'settings.db'\nrecord = true\n")
        home.run("test", RUNNER_REGISTRY=str(home.root / "variable.db"))
        home.run("test", "--registry", "flag.db", RUNNER_REGISTRY=str(home.root / "variable.db"))
        self.assertEqual({path.name for path in home.root.glob("*.db")}, {"variable.db", "flag.db"})

    def test_a_file_that_is_no_registry(self):
        """A file that is no database is refused with 3, is named, and stays as it is."""
        home = self.project(test_green=GREEN_SUITE)
        path = home.write("notes.txt", "not a database, but long enough to look like a header of one, if one reads on\n" * 20)
        before = path.read_bytes()
        self.assert_refused(
            home.run("test", "--record", "--registry", "notes.txt", "--name", "x"), 3, "registry-damaged", "notes.txt"
        )
        self.assertEqual(path.read_bytes(), before)

    def test_a_registry_that_cannot_be_made(self):
        """A registry below a file instead of a folder is refused with 3."""
        home = self.project(test_green=GREEN_SUITE)
        home.write("file", "")
        answer = home.run("test", "--record", "--registry", "file/registry.db", "--name", "x")
        self.assert_refused(answer, 3, "registry-unreachable", "file/registry.db")


class ProjectSettings(ProjectCase):
    """[tool.runner] of pyproject.toml."""

    def test_they_hold_in_every_subfolder(self):
        """In a subfolder the settings of the project hold: whether and where to record, and which tests to run."""
        home = self.project(check_green=GREEN_SUITE)
        home.write(
            "pyproject.toml",
            "[tool.runner]\nrecord = true\nregistry = 'runs.db'\nstart-directory = 'tests'\npattern = 'check_*.py'\n",
        )
        home.write("src/deep/readme", "")
        answer = home.run("test", cwd="src/deep")
        self.assertEqual((answer.code, answer.lines[-1]), (0, "2 passed, 0 failed, 0 skipped"), answer.errors)
        self.assertIn(f"in {home.root / 'runs.db'}", answer.output)

    def test_a_flag_beats_them(self):
        """--no-record goes before record = true."""
        home = self.project(test_green=GREEN_SUITE)
        home.write("pyproject.toml", "[tool.runner]\nrecord = true\nstart-directory = 'tests'\n")
        self.assertEqual(home.run("test", "--no-record").code, 0)
        self.assertFalse(home.registry.exists())

    def test_an_unknown_key_is_an_error(self):
        """A misspelt key is refused with 2 and the nearest known one."""
        home = self.project(test_green=GREEN_SUITE)
        home.write("pyproject.toml", "[tool.runner]\nrecrod = true\n")
        self.assert_refused(home.run("test"), 2, "settings", "'recrod'", "'record'")


class UsersModules(ProjectCase):
    """A project may have modules named as ours."""

    def test_the_suite_gets_its_own(self):
        """Modules named registry, mnist and runner in the project are what its tests import; recording works beside them."""
        home = self.project(test_own=SHADOWING_SUITE)
        for name in ("registry", "mnist", "runner"):
            home.write(f"tests/{name}.py", "OWNER = 'user'\n")
        answer = home.run("test", "--record")
        self.assertEqual((answer.code, answer.lines[-1]), (0, "1 passed, 0 failed, 0 skipped"), answer.output + answer.errors)

    def test_one_that_the_program_itself_would_meet(self):
        """Where PYTHONPATH puts the user's registry before ours, one sentence says so, with exit code 3."""
        home = self.project(test_green=GREEN_SUITE)
        home.write("registry.py", "OWNER = 'user'\n")
        self.assert_refused(home.run("test", PYTHONPATH=str(home.root)), 3, "modules-shadowed", str(home.root / "registry.py"))


class Interrupted(ProjectCase):
    """Signals: what was recorded is kept and marked."""

    def interrupt(self, number: signal.Signals) -> tuple[int, Any, str]:
        """Interrupt a recorded run in its second test; return its exit code, what was recorded and what it printed."""
        home = self.project(test_night=SLEEPING_SUITE)
        process = home.start("test", "--record", "--name", "stopped")
        assert process.stdout is not None, "its output is a pipe"
        # The worker runs ahead: only the first dot says that the program takes what it sends.
        self.assertEqual(process.stdout.read(1), ".")
        home.wait_for("asleep")
        process.send_signal(number)
        answer = finish(process)
        return answer.code, home.run("show", "stopped", "--format", "json").document, answer.output + answer.errors

    def test_ctrl_c(self):
        """Ctrl-C gives 130; the test that had ended is kept, the others are not_run, and the run is marked interrupted."""
        code, shown, said = self.interrupt(signal.SIGINT)
        self.assertEqual((code, shown["run"]["status"]), (130, "interrupted"), said)
        outcomes = [result["outcome"] for result in shown["results"]]
        self.assertEqual((outcomes[0], outcomes[2]), ("passed", "not_run"))
        self.assertIn("interrupted", said)
        self.assertNotIn("Traceback", said)

    def test_sigterm(self):
        """SIGTERM gives 143 and marks the run likewise."""
        code, shown, said = self.interrupt(signal.SIGTERM)
        self.assertEqual((code, shown["run"]["status"]), (143, "interrupted"), said)


class Crash(ProjectCase):
    """A worker that dies."""

    def test_it_costs_one_test(self):
        """A test that ends its process with exit code 0 is recorded as crashed, and the others still run."""
        home = self.project(test_crash=CRASHING_SUITE)
        answer = home.run("test", "--record")
        self.assertEqual((answer.code, answer.lines[-1]), (1, "2 passed, 1 failed, 0 skipped"))
        results = home.run("show", "latest", "--format", "json").document["results"]
        self.assertEqual([result["outcome"] for result in results], ["passed", "crashed", "passed"])


class InsideGit(ProjectCase):
    """The work tree's state."""

    def test_recording_leaves_the_tree_clean(self):
        """Commit and branch are recorded, and a second recording still finds a clean tree."""
        home = self.project(test_green=GREEN_SUITE)
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        for words in (("init", "-q", "-b", "trunk"), ("add", "."), (*identity, "commit", "-qm", "first")):
            subprocess.run(["git", *words], cwd=home.root, check=True)
        home.write(".git/info/exclude", "__pycache__\n")
        home.run("test", "--record")
        home.run("test", "--record")
        git = home.run("show", "latest", "--format", "json").document["run"]["git"]
        self.assertEqual((git["branch"], git["dirty"]), ("trunk", False))
        self.assertRegex(git["commit"], r"^[0-9a-f]{40}$")
