"""Plug-ins that are really installed: the example of docs/plugins.md, built as a wheel, and several that are broken."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import unittest
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from runner.events import Collected, Ended, Event, TestStarted
from runner.plugins import HOOKS, HookSink, Plugins

from .factories import make_finished, make_fixture_event
from .projects import GREEN_SUITE, ProjectCase
from .training import FAKE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"
SUMS_SUITE = """
import unittest

class Sums(unittest.TestCase):
    def test_right(self):
        self.assertEqual(1 + 1, 2)

    def test_wrong(self):
        self.assertEqual(1 + 1, 3)
"""
BROKEN = {
    "absent": "import no_such_module\n",
    "leaving": "raise SystemExit(4)\n",
    "misspelt": "from runner.hookspecs import hookimpl\n@hookimpl\ndef runner_test_finishd(event): ...\n",
    "greedy": "from runner.hookspecs import hookimpl\n@hookimpl\ndef runner_test_finished(event, secret): ...\n",
    "wrapping": "from runner.hookspecs import hookimpl\n@hookimpl(wrapper=True)\ndef runner_test_finished(event): yield\n",
    "raising": """
from runner.hookspecs import hookimpl
@hookimpl
def runner_test_finished(event):
    raise ValueError("no paper")
""",
    "spoiling": """
from runner.hookspecs import Command, ReportFormat, hookimpl
def fail(_):
    raise ValueError("no ink")
@hookimpl
def runner_run_started(run):
    print("a plug-in that prints")
@hookimpl
def runner_commands():
    return [Command("fail", "", fail), Command("nothing", "", lambda call: None), Command("test", "", fail)]
@hookimpl
def runner_report_formats():
    return [ReportFormat("fail", "", fail), ReportFormat("nothing", "", lambda details: None)]
""",
    "unmarked": "def runner_test_finished(event): raise ValueError('never called')\n",
    "confused": "from runner.hookspecs import hookimpl\n@hookimpl\ndef runner_commands(): return ['lint']\n",
}

RIVAL = """
from runner.hookspecs import Command, hookimpl

@hookimpl
def runner_commands():
    return [Command("who", "", lambda call: print("{name}") or 0)]
"""
WATCHING = """
from runner.hookspecs import hookimpl

@hookimpl
def runner_run_started(run):
    print("watched", run.id, run.name, run.status)

@hookimpl
def runner_run_finished(run, counts):
    print("watched", run.id, run.name, run.status, dict(counts))
"""


def block(language: str) -> str:
    """Return the page's only block in a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return text


def install_example(site: Path, folder: Path) -> None:
    """Build the wheel of the page's example and install it."""
    for language, name in (("toml", "pyproject.toml"), ("python", "runner_diary.py")):
        (folder / name).write_text(block(language), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=folder, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)


def install(site: Path, name: str, source: str, entry: str | None = None) -> None:
    """Install a module as a distribution that names it as a plug-in, by default with its own name."""
    (site / f"plugged_{name}.py").write_text(source, encoding="utf-8")
    metadata = site / f"runner_{name}-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: runner-{name}\nVersion: 0.1\n")
    (metadata / "entry_points.txt").write_text(f"[runner]\n{entry or name} = plugged_{name}\n")


class Example(ProjectCase):
    """The example of the page."""

    site: str

    @classmethod
    def setUpClass(cls):
        cls.site = cls.enterClassContext(TemporaryDirectory(prefix="runner-site-"))
        with TemporaryDirectory(prefix="runner-example-") as folder:
            install_example(Path(cls.site), Path(folder))
        cls.home = cls.class_project(test_sums=SUMS_SUITE)

    def test_the_page_is_true(self):
        """Each command of the page prints what the page shows; a quiet run shows nothing of interest."""
        session = block("console")
        written = ""
        for command in re.findall(r"^\$ (.*)$", session, re.MULTILINE):
            answer = self.home.run(*shlex.split(command)[1:], PYTHONPATH=self.site)
            self.assertEqual(answer.errors, "")
            written += f"$ {command}\n" + ("" if "test --record" in command else answer.output)
        self.assertEqual(written, session)

    def test_an_unknown_command_is_refused_all_the_same(self):
        """A name that is no command of a plug-in either is refused with 2, and so is such a format."""
        answer = self.home.run("dairy", PYTHONPATH=self.site)
        self.assertEqual(answer.code, 2)
        self.assertIn("No such command 'dairy'", answer.errors)
        self.assert_refused(self.home.run("show", "1", "--format", "cvs", PYTHONPATH=self.site), 2, "usage", "'cvs'", "csv")

    def test_arguments_reach_the_command(self):
        """A command gets what was typed after its name as it is, flags and --help among it, and the registry."""
        site = Path(self.enterContext(TemporaryDirectory()))
        source = "from runner.hookspecs import *\nfrom runner.hookspecs import hookimpl\n@hookimpl\ndef runner_commands():\n"
        source += "    return [Command('echo', '', lambda call: print(call) or len(call.arguments))]\n"
        install(site, "echo", source)
        arguments = ("--registry", "x.db", "echo", "-x", "--help", "a b")
        answer = self.home.run(*arguments, PYTHONPATH=str(site))
        self.assertEqual((answer.code, answer.errors), (3, ""))
        self.assertEqual(answer.output, "CommandCall(arguments=('-x', '--help', 'a b'), registry='x.db')\n")


class Broken(ProjectCase):
    """Plug-ins that are broken in every way."""

    site: str

    @classmethod
    def setUpClass(cls):
        cls.site = cls.enterClassContext(TemporaryDirectory(prefix="runner-site-"))
        for name, source in BROKEN.items():
            install(Path(cls.site), name, source)
        cls.home = cls.class_project(test_green=GREEN_SUITE)
        cls.answers = cls.home.together(
            {"PYTHONPATH": cls.site},
            test=("test", "--record", "--name", "kept"),
            json=("test", "--format", "json"),
            listed=("plugins",),
            document=("plugins", "--format", "json"),
        )

    def test_the_run_is_not_lost(self):
        """The tests run, are recorded and end with 0, whatever the plug-ins do."""
        answer = self.answers["test"]
        self.assertEqual((answer.code, answer.lines[-1]), (0, "2 passed, 0 failed, 0 skipped"))
        self.assertEqual(self.home.run("show", "kept", "--format", "json").document["counts"], {"passed": 2})

    def test_each_is_named_once(self):
        """Each plug-in that cannot be loaded or fails is named in one sentence, also where it fails at every test."""
        lines = self.answers["test"].errors.splitlines()
        named = [re.match(r"runner: the plug-in '(\w+)' \(runner-\1 0\.1\) .+ \[plugin-failed\]$", line)[1] for line in lines]
        self.assertEqual(named, ["absent", "greedy", "leaving", "misspelt", "wrapping", "raising"])

    def test_the_sentence_says_why_and_what_to_do(self):
        """The error stands in the sentence, with its line, and the cure."""
        errors = self.answers["test"].errors
        self.assertIn("failed in runner_test_finished: ValueError at plugged_raising.py:5: no paper", errors)
        self.assertIn("cannot be loaded: ModuleNotFoundError at plugged_absent.py:1: No module named 'no_such_module'", errors)
        self.assertIn("there is no hook runner_test_finishd; known hooks are runner_commands, ", errors)
        self.assertIn("mend it or uninstall runner-raising", errors)

    def test_what_plugins_print_does_not_spoil_a_document(self):
        """With --format json, what a plug-in prints goes to standard error."""
        answer = self.answers["json"]
        self.assertEqual(answer.documents[-1]["counts"], {"passed": 2})
        self.assertIn("a plug-in that prints", answer.errors)

    def test_the_list_shows_what_is_broken(self):
        """`runner plugins` lists all, the broken ones with their reason, and fails for none of them."""
        answer = self.answers["listed"]
        self.assertEqual((answer.code, answer.errors), (0, ""))
        self.assertIn("absent (runner-absent 0.1)\n  broken    ModuleNotFoundError", answer.output)
        self.assertIn("unmarked (runner-unmarked 0.1)\n  hooks     none; a hook is a function that is marked", answer.output)
        self.assertEqual([line for line in answer.lines if len(line) > 80], [])

    def test_the_list_as_json(self):
        """The same as JSON: name, package, version, hooks, commands, formats, error."""
        plugins = {plugin["name"]: plugin for plugin in self.answers["document"].document["plugins"]}
        self.assertEqual(set(plugins), set(BROKEN))
        self.assertIn("'lint' is no Command", plugins["confused"].pop("error"))
        spoiling = {"name": "spoiling", "distribution": "runner-spoiling", "version": "0.1", "error": None}
        spoiling["hooks"] = ["runner_commands", "runner_report_formats", "runner_run_started"]
        self.assertEqual(
            plugins["spoiling"], spoiling | {"commands": ["fail", "nothing", "test"], "formats": ["fail", "nothing"]}
        )

    def test_a_command_or_a_format_that_fails(self):
        """A command and a format of a plug-in that raise or return nonsense end with 3 and name the plug-in."""
        answers = self.home.together(
            {"PYTHONPATH": self.site},
            command=("fail",),
            code=("nothing",),
            format=("show", "kept", "--format", "fail"),
            text=("show", "kept", "--format", "nothing"),
        )
        for name, answer in answers.items():
            with self.subTest(name=name):
                self.assertEqual(answer.code, 3)
                self.assertRegex(answer.errors.splitlines()[-1], r"^runner: the plug-in 'spoiling' .+ \[plugin-failed\]$")

    def test_a_built_in_command_is_not_replaced(self):
        """A plug-in's command of the name of a built-in one is never called."""
        self.assertNotIn("no ink", self.answers["test"].errors)


class Hooks(unittest.TestCase):
    """The hooks of the events."""

    def test_every_event_has_a_hook(self):
        """Each kind of event calls a hook, which reaches our own sinks and is described on the page."""
        kinds = get_args(Event)
        self.assertEqual(set(HOOKS), set(kinds))
        for kind in kinds:
            with self.subTest(kind=kind.__name__):
                self.assertRegex(PAGE.read_text(encoding="utf-8"), rf"\| `{HOOKS[kind]}` \| `event: {kind.__name__}`")

    def test_sinks_are_called_in_their_order(self):
        """Our own sinks get every event, the first sink first, and hooks are called without pluggy's chain."""
        seen: list[tuple[str, Event]] = []
        sinks = [Noting(name, seen) for name in "ab"]
        sink = HookSink(Plugins(self.fail), sinks)
        events = [Collected(()), TestStarted(("t", 0), 0), make_finished(), make_fixture_event(), Ended(1.0)]
        for event in events:
            sink.emit(event)
        self.assertEqual(seen, [(name, event) for event in events for name in "ab"])

    def test_flushing(self):
        """Sinks that hold something back are flushed."""
        sink = Noting("a", [])
        HookSink(Plugins(self.fail), [sink]).flush()
        self.assertTrue(sink.is_flushed)


class Noting:
    """A sink that notes what it got, in a list that others share."""

    def __init__(self, name: str, seen: list[tuple[str, Event]]) -> None:
        self.name = name
        self.seen = seen
        self.is_flushed = False

    def emit(self, event: Event, /) -> None:
        """Note the event."""
        self.seen.append((self.name, event))

    def flush(self) -> None:
        """Note that."""
        self.is_flushed = True


class Rivals(ProjectCase):
    """Plug-ins that want the same name."""

    @classmethod
    def setUpClass(cls):
        site = Path(cls.enterClassContext(TemporaryDirectory(prefix="runner-site-")))
        for name, entry in (("b", "b"), ("a", "a"), ("c", "b")):
            install(site, name, RIVAL.format(name=name), entry)
        cls.home = cls.class_project()
        cls.answers = cls.home.together({"PYTHONPATH": str(site)}, command=("who",), listed=("plugins",))

    def test_the_first_in_the_alphabet_has_the_command(self):
        """Of two plug-ins with a command of one name, that one is called whose own name comes first."""
        self.assertEqual(self.answers["command"].output, "a\n")

    def test_two_plugins_of_one_name(self):
        """Of two plug-ins of one name the second is broken, and says why."""
        self.assertIn("broken    another plug-in has that name", self.answers["listed"].output)
        self.assertIn("another plug-in has that name", self.answers["command"].errors)


class OfATraining(ProjectCase):
    """The hooks of a run that has no tests."""

    def test_both_hooks_of_a_run_are_called(self):
        """A training tells plug-ins that it begins, and how it ended, recorded or not; one that fails says so."""
        site = self.enterContext(TemporaryDirectory(prefix="runner-site-"))
        install(Path(site), "watching", WATCHING)
        home = self.project()
        fake = str(home.write("fake.py", FAKE))
        lines = {"recorded": ("--name", "a"), "unrecorded": ("--no-record",), "failed": ("--name", "b", "--lr", "2")}
        said = {name: home.run("train", *line, script=fake, PYTHONPATH=site).lines for name, line in lines.items()}
        watched = {name: [line for line in lines if line.startswith("watched")] for name, lines in said.items()}
        self.assertEqual(watched["recorded"], ["watched 1 a running", "watched 1 a finished {}"])
        self.assertEqual(watched["unrecorded"], ["watched 0  running", "watched 0  finished {}"])
        self.assertEqual(watched["failed"], ["watched 2 b running", "watched 2 b failed {}"])


class NoPlugins(ProjectCase):
    """Nothing is installed."""

    def test_the_list_says_so(self):
        """Without plug-ins the list says where to read how to write one."""
        home = self.project(test_green=GREEN_SUITE)
        self.assertIn("docs/plugins.md", home.run("plugins").output)
        self.assertEqual(home.run("plugins", "--format", "json").document, {"schema": 1, "plugins": []})
