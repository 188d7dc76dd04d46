"""Throw-away projects in which the real program runs, in real processes, with real SQLite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import unittest
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

TIMEOUT_S = 60
CONSOLE_SCRIPT = str(Path(sysconfig.get_path("scripts"), "runner"))
MIXED_SUITE = '''
import sys
import sysconfig
import unittest

print("a module that prints while it is imported")

class Arithmetic(unittest.TestCase):
    def test_sum(self):
        """Sums are right."""
        print("a test that prints")
        self.assertEqual(1 + 1, 2)

    def test_product(self):
        """Products are wrong."""
        self.assertEqual(2 * 3, 7)

    def test_division(self):
        1 / 0

    @unittest.skip("no such machine")
    def test_skipped(self):
        pass

    @unittest.expectedFailure
    def test_known(self):
        self.assertTrue(False)

    @unittest.expectedFailure
    def test_surprise(self):
        pass

    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)

class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise OSError("the fixture is broken")

    def test_never(self):
        pass
'''
GREEN_SUITE = """
import unittest

class Arithmetic(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(1 + 1, 2)

    def test_product(self):
        self.assertEqual(2 * 3, 6)
"""
SLEEPING_SUITE = """
import pathlib, time, unittest

class Night(unittest.TestCase):
    def test_a_short(self):
        pass

    def test_b_long(self):
        pathlib.Path("asleep").touch()
        time.sleep(60)

    def test_c_later(self):
        pass
"""


@dataclass(frozen=True)
class Answer:
    """What a finished process said."""

    code: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.output.splitlines()

    @property
    def document(self) -> Any:
        """Standard output as one strict JSON document."""
        if self.errors:
            raise AssertionError(self.errors)
        return strict_json(self.output)

    @property
    def documents(self) -> list[Any]:
        """The lines of standard output, each a strict JSON document."""
        return [strict_json(line) for line in self.lines]


class Project:
    """A folder with a suite, outside every git repository and far from the checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def registry(self) -> Path:
        """Where the project's own registry is made."""
        return self.root / ".runner" / "registry.db"

    def write(self, path: str, text: str) -> Path:
        """Write a file, and the folders it lies in.

        One that is there gets a later second: to Python a module of the same size and second is the one that it has compiled.
        """
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        before = target.stat().st_mtime if target.exists() else None
        target.write_text(text, encoding="utf-8")
        if before is not None:
            os.utime(target, (before + 2, before + 2))
        return target

    def run(self, *arguments: str, cwd: str = ".", script: str | None = None, **variables: str) -> Answer:
        """Run `runner` to its end; environment variables are given by name.

        Args:
            arguments: What is typed after `runner`.
            cwd: Folder of the project to run in.
            script: A Python file to run in the place of the console script.
            variables: Added to the environment.
        """
        process = self.start(*arguments, cwd=cwd, script=script, **variables)
        return finish(process)

    def together(self, variables: dict[str, str] | None = None, /, **commands: tuple[str, ...]) -> dict[str, Answer]:
        """Run several independent commands side by side, each a name and what is typed; return their answers by name.

        Args:
            variables: Added to the environment of each.
            commands: What is typed, by name.
        """
        processes = {name: self.start(*arguments, **(variables or {})) for name, arguments in commands.items()}
        return {name: finish(process) for name, process in processes.items()}

    def start(self, *arguments: str, cwd: str = ".", script: str | None = None, **variables: str) -> subprocess.Popen[str]:
        """Start `runner` and return at once."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("RUNNER_", "GITHUB_", "PYTHONPATH"))}
        return subprocess.Popen(
            [sys.executable, script or CONSOLE_SCRIPT, *arguments],
            cwd=self.root / cwd,
            env=kept | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def wait_for(self, path: str) -> None:
        """Wait until a file is there, which a test of the suite makes to say how far it is."""
        self.wait_until((self.root / path).exists)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        deadline = monotonic() + TIMEOUT_S
        while not holds():
            if monotonic() > deadline:
                raise AssertionError(f"what was waited for did not come within {TIMEOUT_S} s")
            sleep(0.02)


class ProjectCase(unittest.TestCase):
    """A test case with throw-away projects; a class shares its project and what the program said in it."""

    home: Project
    answer: Answer
    answers: dict[str, Answer]

    @classmethod
    def class_project(cls, **files: str) -> Project:
        """Make a project that lives as long as the class; files are given as name=text, for tests/name.py."""
        return _filled(Path(cls.enterClassContext(TemporaryDirectory(prefix="runner-project-"))), files)

    def project(self, **files: str) -> Project:
        """Make a project that lives as long as the test; files are given as name=text, for tests/name.py."""
        return _filled(Path(self.enterContext(TemporaryDirectory(prefix="runner-project-"))), files)

    def assert_refused(self, answer: Answer, code: int, slug: str, *words: str) -> None:
        """Assert an exit code and one sentence on standard error with its slug and these words."""
        self.assertEqual(answer.code, code, answer.errors + answer.output)
        self.assertEqual(len(answer.errors.splitlines()), 1, answer.errors)
        self.assertRegex(answer.errors, rf"^runner: .+ \[{slug}\]\n$")
        for word in words:
            self.assertIn(word, answer.errors)


def finish(process: subprocess.Popen[str]) -> Answer:
    """Wait for a process and return what it said; one that hangs is killed and fails the test."""
    try:
        output, errors = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Answer(process.returncode, output, errors)


def strict_json(text: str) -> Any:
    """Parse JSON that holds no NaN and no Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def _filled(folder: Path, files: dict[str, str]) -> Project:
    project = Project(folder.resolve())
    project.write("pyproject.toml", "[tool.runner]\nstart-directory = 'tests'\n")
    for name, text in files.items():
        project.write(f"tests/{name}.py", text)
    return project
