"""Small real suites in a temporary folder, run by the engine and, to compare, by plain unittest."""

from __future__ import annotations

import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any, ClassVar, TypeVar

from runner import execute
from runner.events import Collected, Ended, Event, FixtureFinished, TestFinished, TestKey, TestStarted

Kind = TypeVar("Kind", bound=Event)
Files = dict[str, str]

DIARY = """
    import os
    _path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "diary.txt")
    def note(line):
        with open(_path, "a") as file:
            file.write(line + "\\n")
"""


class Events:
    """A sink that keeps everything, and answers in the words of the tests."""

    def __init__(self) -> None:
        self.all: list[Event] = []

    def emit(self, event: Event, /) -> None:
        self.all.append(event)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.all if isinstance(event, kind)]

    @property
    def collected(self) -> tuple[TestKey, ...]:
        return self.of(Collected)[0].tests

    @property
    def started(self) -> list[TestKey]:
        return [event.key for event in self.of(TestStarted)]

    @property
    def ended(self) -> list[Ended]:
        return self.of(Ended)

    @property
    def outcomes(self) -> list[tuple[str, int, str]]:
        """(id, ordinal, outcome) in the order in which the tests ended."""
        return [(*event.key, event.outcome) for event in self.of(TestFinished)]

    @property
    def by_name(self) -> dict[str, str]:
        """Outcome by the id without its module; for suites of one module."""
        return {event.key[0].partition(".")[2]: event.outcome for event in self.of(TestFinished)}

    @property
    def fixtures(self) -> list[tuple[str, str]]:
        return [(event.fixture_id, event.outcome) for event in self.of(FixtureFinished)]

    def test(self, name: str, ordinal: int = 0) -> TestFinished:
        return next(event for event in self.of(TestFinished) if event.key[0].endswith(name) and event.key[1] == ordinal)

    def message(self, name: str) -> str:
        return self.test(name).message or ""

    def traceback(self, name: str) -> str:
        return self.test(name).traceback or ""

    def fixture(self, name: str) -> FixtureFinished:
        return next(event for event in self.of(FixtureFinished) if event.fixture_id == name)


def write_suite(folder: str | Path, files: Files) -> None:
    """Write files (name to indented text), and the module `diary` with which a suite tells what ran."""
    for name, text in {"diary.py": DIARY, **files}.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))


def options(folder: str | Path, **changes: Any) -> execute.WorkerOptions:
    return execute.WorkerOptions(working_directory=Path(folder), **changes)


def run_suite(folder: str | Path, selection: execute.Selection | None = None, **changes: Any) -> tuple[Events, execute.Summary]:
    """Run the suite in the folder; returns the events and the summary."""
    events = Events()
    with execute.start(selection or execute.Selection(), options(folder, **changes)) as execution:
        summary = execution.run(events)
    return events, summary


def run_plain(folder: str | Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run plain unittest in the folder and return the completed process."""
    command = [sys.executable, "-m", "unittest", *(arguments or ("discover",))]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def read_diary(folder: str | Path) -> list[str]:
    """Return what the suite noted since the last call."""
    path = Path(folder) / "diary.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


class SuiteCase(unittest.TestCase):
    """Runs `files` once for all tests of the class."""

    files: ClassVar[Files] = {}
    selection: ClassVar[execute.Selection | None] = None
    changes: ClassVar[dict[str, bool]] = {}
    folder: ClassVar[str]
    events: ClassVar[Events]
    summary: ClassVar[execute.Summary]
    diary: ClassVar[list[str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = cls.enterClassContext(TemporaryDirectory())
        write_suite(cls.folder, cls.files)
        cls.events, cls.summary = run_suite(cls.folder, cls.selection, **cls.changes)
        cls.diary = read_diary(cls.folder)
