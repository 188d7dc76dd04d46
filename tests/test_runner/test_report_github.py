"""What GitHub Actions reads, through a reader that follows the rules of its runner."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unittest
from typing import ClassVar

from registry.records import RunStatus
from runner.events import Event, SubtestProblem
from runner.report.github import Problems, error_commands, summary_markdown
from runner.report.places import Places
from runner.report.tally import Tallier

from .factories import HOSTILE, make_finished, make_fixture_event, make_run
from .projects import CONSOLE_SCRIPT, GREEN_SUITE, TIMEOUT_S, ProjectCase

PLACES = Places("/repo", ("/repo",), {"/repo/pkg/test_mod.py"}.__contains__)
FAILURE = 'Traceback (most recent call last):\n  File "/repo/pkg/test_mod.py", line 7, in test_one\nAssertionError: 1 != 2\n'
COMMAND = re.compile(r"\s*::(?P<name>[\w-]+)(?: (?P<properties>.*?))?::(?P<data>.*)")
OLD_COMMAND = re.compile(r"##\[(?P<name>[\w-]+)")
INJECTING_SUITE = """
import os, sys, unittest

COMMANDS = "::error::fake\\n::set-output name=a::b\\n::stop-commands::mine\\n::mine::\\n##[error]fake\\n::add-mask::x\\n"
os.write(1, COMMANDS.encode())

class Injecting(unittest.TestCase):
    def test_prints(self):
        self.assertNotIn("GITHUB_STEP_SUMMARY", os.environ)
        print(COMMANDS)
        os.write(2, COMMANDS.encode())

    def test_fails(self):
        print(COMMANDS)
        self.fail(COMMANDS)
"""


def commands(log: str) -> list[tuple[str, dict[str, str], str]]:
    """Return the workflow commands that GitHub's runner would act upon: name, properties and data."""
    acted, token = [], None
    for line in log.splitlines():
        match = COMMAND.match(line)
        if token is not None:
            token = None if line.strip() == f"::{token}::" else token
        elif match and match["name"] == "stop-commands":
            token = match["data"]
        elif match:
            pairs = (pair.partition("=") for pair in (match["properties"] or "").split(","))
            acted.append((match["name"], {key: unescaped(value) for key, _, value in pairs if key}, unescaped(match["data"])))
        elif old := OLD_COMMAND.search(line):
            acted.append((old["name"], {}, ""))
    return acted


def unescaped(text: str) -> str:
    """Undo GitHub's escapes."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def problems(*events: Event) -> Problems:
    """Return what is kept of these events."""
    found = Problems()
    for event in events:
        found.emit(event)
    return found


def annotated(*events: Event) -> list[tuple[str, dict[str, str], str]]:
    """Return the workflow commands for these events."""
    return commands(error_commands(problems(*events).found, PLACES))


def summary(*events: Event) -> str:
    """Return the summary of a run with these events."""
    tallier = Tallier()
    for event in events:
        tallier.emit(event)
    return summary_markdown(problems(*events).found, make_run(status=RunStatus.FINISHED), tallier.tally)


class Annotations(unittest.TestCase):
    """Errors at lines."""

    def test_file_line_and_title(self):
        """A failure is an error at its line, with the test in the title."""
        found = annotated(make_finished("failed", message="AssertionError: 1 != 2", traceback=FAILURE))
        facts = {"file": "pkg/test_mod.py", "line": "7", "title": "pkg.test_mod.Case.test_one failed"}
        self.assertEqual(found, [("error", facts, "AssertionError: 1 != 2")])

    def test_without_a_line(self):
        """What has no traceback is an error of the file; what is in no file has only its title."""
        found = annotated(make_finished("crashed", message="gone"), make_finished("failed", "else.where", message="x"))
        self.assertEqual([set(facts) for _, facts, _ in found], [{"file", "title"}, {"title"}])

    def test_subtests_give_the_line(self):
        """A test that failed only in a subtest is an error at the line of that subtest."""
        parts = (SubtestProblem("(n=1)", "failed", "x", FAILURE),)
        self.assertEqual(annotated(make_finished("failed", message="(n=1) x", subtests=parts))[0][1]["line"], "7")

    def test_fixtures_and_imports(self):
        """A broken fixture is an error of its class's file, before the tests; the tests that it prevented are none."""
        found = annotated(make_finished("not_run"), make_finished("failed"), make_fixture_event(message="OSError: a, b: 100%"))
        self.assertEqual([facts["title"] for _, facts, _ in found], [
            "setUpClass (pkg.test_mod.Case) errored", "pkg.test_mod.Case.test_one failed",
        ])  # fmt: skip
        self.assertEqual((found[0][1]["file"], found[0][2]), ("pkg/test_mod.py", "OSError: a, b: 100%"))

    def test_at_most_ten(self):
        """GitHub shows ten errors of a step; more would push out others."""
        self.assertEqual(len(annotated(*(make_finished("failed", f"m.C.t{number}") for number in range(30)))), 10)

    def test_green_and_flaky(self):
        """What passed is no error, also where it passed only when it was tried again."""
        events = (make_finished(test_id="m.C.green"), make_finished("failed"), make_finished("passed", attempt=2))
        self.assertEqual(annotated(*events), [])
        self.assertIn("1 flaky", summary(*events))
        self.assertNotIn("flaky", summary(events[0]))

    def test_hostile_text_stays_in_its_place(self):
        """Newlines, commas, colons, percent signs and commands in names and messages stay text of their one error."""
        nasty = HOSTILE + "\n::error::fake\r\n%0A::error::fake ##[error]fake,line=1::x"
        found = annotated(
            make_finished("failed", f"m.{nasty}", message=nasty), make_fixture_event(fixture_id=nasty, message=nasty)
        )
        self.assertEqual([name for name, _, _ in found], ["error", "error"])
        self.assertEqual([set(facts) for _, facts, _ in found], [{"title"}, {"title"}])


class Summary(unittest.TestCase):
    """The summary of the job."""

    def test_counts_and_failures(self):
        """The summary leads with the counts and lists what failed."""
        text = summary(make_finished("failed", message="AssertionError"), make_finished(test_id="m.C.green"))
        self.assertTrue(text.startswith("### \u274c 1 passed, 1 failed, 0 skipped\n"))
        self.assertIn("| <code>pkg.test_mod.Case.test_one</code> | failed | <code>AssertionError</code> |", text)
        self.assertIn("recorded as <code>run&#45;a &#40;run 1&#41;</code>", text)

    def test_green(self):
        """A green run has no table."""
        text = summary(make_finished())
        self.assertIn("\u2705 1 passed, 0 failed, 0 skipped", text)
        self.assertNotIn("|", text)

    def test_hostile_text_is_no_markdown(self):
        """Tables, links, tags, mentions and code of a message are shown as they are."""
        nasty = "| x | <img src=x> `code` [a](b) *bold* @user #1 \n"
        row = summary(make_finished("failed", message=nasty)).splitlines()[-2]
        self.assertEqual(row.count("|"), 4)
        self.assertEqual([character for character in "`*@[<" if character in re.sub("</?code>", "", row)], [])

    def test_many(self):
        """A summary stays readable: fifty rows, and how many more there are."""
        text = summary(*(make_finished("failed", f"m.C.t{number}") for number in range(60)))
        self.assertEqual((text.count("\n| <code>"), "and 10 more problems" in text), (50, True))


class InActions(ProjectCase):
    """Real runs in the environment of GitHub Actions."""

    logs: ClassVar[dict[str, str]]

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_injecting=INJECTING_SUITE)
        summary_file = str(cls.home.root / "summary.md")
        actions = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary_file}
        cls.answers = {
            "json": cls.home.run("test", "--format", "json", **actions),
            "elsewhere": cls.home.run("test", GITHUB_STEP_SUMMARY=summary_file),
        }
        cls.logs = {
            "text": cls.log(**actions),
            "verbose": cls.log("-v", **actions),
            "json": cls.log("--format", "json", **actions),
        }

    @classmethod
    def log(cls, *arguments: str, **variables: str) -> str:
        """Run the suite and return what it wrote to both its outputs, in the order in which GitHub's runner reads it."""
        done = subprocess.run(
            [sys.executable, CONSOLE_SCRIPT, "test", *arguments],
            cwd=cls.home.root,
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        return done.stdout

    def test_only_our_own_commands_act(self):
        """Whatever tests print, at import, while they run and when they fail, the only commands that act are our errors."""
        for name, log in self.logs.items():
            with self.subTest(name=name):
                found = commands(log)
                self.assertEqual(
                    [(command, facts["file"]) for command, facts, _ in found], [("error", "tests/test_injecting.py")]
                )
                self.assertEqual(found[0][1]["title"], "test_injecting.Injecting.test_fails failed")

    def test_documents_and_the_last_line_stay_as_they_are(self):
        """The last line is still the counts, and JSON is still JSON."""
        self.assertEqual(self.logs["text"].splitlines()[-1], "1 passed, 1 failed, 0 skipped")
        self.assertEqual(self.answers["json"].documents[-1]["counts"], {"passed": 1, "failed": 1})

    def test_the_summary_is_appended(self):
        """Each run in Actions appends its summary; a run elsewhere does not, nor can one inside a test."""
        text = (self.home.root / "summary.md").read_text(encoding="utf-8")
        self.assertEqual(text.count("### \u274c 1 passed, 1 failed, 0 skipped"), 4)

    def test_elsewhere_nothing_is_annotated(self):
        """Outside of Actions there is no stop and no error."""
        self.assertNotIn("stop-commands::mine\n::error file", self.answers["elsewhere"].output)
        self.assertNotRegex(self.answers["elsewhere"].output, r"(?m)^::stop-commands::[0-9a-f]{32}$")

    def test_a_summary_that_cannot_be_written(self):
        """A summary that cannot be written costs a sentence and nothing else."""
        home = self.project(test_green=GREEN_SUITE)
        answer = home.run("test", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(home.root / "no" / "summary.md"))
        self.assert_refused(answer, 0, "report-unwritable", "summary.md")

    def test_commands_act_again_after_an_error(self):
        """Where the run cannot even start, commands are not left stopped for the rest of the step."""
        answer = self.home.run("test", "no_such_module", GITHUB_ACTIONS="true")
        self.assertEqual(commands(answer.output + "::notice::later\n")[-1][0], "notice")
        self.assertNotEqual(answer.code, 0)
