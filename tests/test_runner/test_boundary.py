"""Whatever ends a command becomes one sentence and an exit code."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import unittest
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from mnist.errors import DataDamaged, InvalidConfig
from registry.errors import RegistryLocked, RunNotFound
from runner.boundary import guarded
from runner.errors import ExitCode, NothingToCompare, RunnerError, Terminated, UsageError

from .factories import HOSTILE
from .projects import CONSOLE_SCRIPT

ROOT = Path(__file__).resolve().parent.parent.parent
PRINTING = "from runner.boundary import guarded; raise SystemExit(guarded(lambda: print('text') or 0))"


def ending(command: Callable[[], int], **options) -> tuple[int, str]:
    """Run a command at the boundary and return its exit code and what it wrote to standard error."""
    errors = io.StringIO()
    with redirect_stderr(errors):
        code = guarded(command, **options)
    return code, errors.getvalue()


def raising(error: BaseException) -> Callable[[], int]:
    """Return a command that breaks."""

    def command() -> int:
        raise error

    return command


class Errors(unittest.TestCase):
    """Errors become sentences."""

    def test_success(self):
        """A command that comes to its end decides its own exit code and writes nothing."""
        for code in (ExitCode.OK, ExitCode.RED, ExitCode.NOTHING):
            self.assertEqual(ending(lambda code=code: code), (code, ""))

    def test_our_own_errors(self):
        """Each error of ours is its sentence and its slug, with the exit code of its kind."""
        cases = (
            (UsageError("wrong flag"), "runner: wrong flag [usage]\n", 2),
            (RunnerError("it broke"), "runner: it broke [runner]\n", 3),
            (NothingToCompare("nothing"), "runner: nothing [nothing-to-compare]\n", 5),
            (RunNotFound("no run"), "runner: no run [run-not-found]\n", 2),
            (RegistryLocked("locked"), "runner: locked [registry-locked]\n", 3),
            (InvalidConfig("lr is 0"), "runner: lr is 0 [invalid-config]\n", 2),
            (DataDamaged("truncated"), "runner: truncated [data-damaged]\n", 3),
        )
        for error, sentence, code in cases:
            with self.subTest(error=error):
                self.assertEqual(ending(raising(error)), (code, sentence))

    def test_our_bugs(self):
        """An error that nobody foresaw is named and called ours, without a traceback."""
        code, text = ending(raising(KeyError("x")))
        self.assertEqual(code, ExitCode.TOOL)
        self.assertTrue(text.startswith("runner: an error of this tool itself, KeyError: 'x'; run again with --debug"), text)
        self.assertTrue(text.endswith("[internal-error]\n"))
        self.assertEqual(text.count("\n"), 1)

    def test_errors_of_the_system(self):
        """A full disk is not called a bug of ours."""
        code, text = ending(raising(OSError(28, "No space left on device", "/data/x")))
        self.assertEqual(code, ExitCode.TOOL)
        self.assertIn("refused: [Errno 28] No space left on device: '/data/x'; ", text)
        self.assertTrue(text.endswith("[system-error]\n"))

    def test_debug(self):
        """With --debug the traceback comes before the sentence."""
        _, text = ending(raising(RunNotFound("no run")), debug=True)
        self.assertTrue(text.startswith("Traceback (most recent call last):\n"))
        self.assertTrue(text.endswith("\nrunner: no run [run-not-found]\n"))

    def test_hostile_text(self):
        """A sentence is one line without active characters, whatever it quotes."""
        _, text = ending(raising(RunNotFound(HOSTILE)))
        self.assertEqual(len(text.splitlines()), 1)
        self.assertFalse(set(text) & set("\x1b\x00\r\u202e\u2028\ud800\x9b"))

    def test_the_sentence_comes_last(self):
        """What was written before the error is flushed before its sentence."""
        both = io.StringIO()
        waiting = io.TextIOWrapper(io.BytesIO(), write_through=False)
        waiting.flush = lambda: both.write("output\n")  # type: ignore[method-assign]
        with redirect_stdout(waiting), redirect_stderr(both):
            guarded(raising(RunnerError("it broke")))
        self.assertEqual(both.getvalue(), "output\nrunner: it broke [runner]\n")


class Signals(unittest.TestCase):
    """Ctrl-C and SIGTERM."""

    def test_ctrl_c(self):
        """Ctrl-C is 130, and nothing is said to be kept."""
        self.assertEqual(ending(raising(KeyboardInterrupt())), (130, "runner: interrupted [interrupted]\n"))

    def test_sigterm(self):
        """SIGTERM is 143."""
        self.assertEqual(ending(raising(Terminated())), (143, "runner: terminated by SIGTERM [terminated]\n"))

    def test_what_is_kept(self):
        """What a command has to say of its interrupt stands in the sentence."""
        interrupt = KeyboardInterrupt()
        interrupt.add_note("what was recorded of night-1 is kept")
        expected = "runner: interrupted; what was recorded of night-1 is kept [interrupted]\n"
        self.assertEqual(ending(raising(interrupt)), (130, expected))


class Processes(unittest.TestCase):
    """What only a process of its own shows: its exit code, and what the interpreter says at its end."""

    def run_python(self, code: str, **options) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=variables, stderr=subprocess.PIPE, text=True, timeout=60, check=False, **options)

    def test_a_closed_pipe(self):
        """When nobody reads the output any more, that is said in one sentence, without the interpreter's own complaint."""
        reading, writing = os.pipe()
        os.close(reading)
        self.addCleanup(os.close, writing)
        with self.assertRaises(BrokenPipeError):
            os.write(writing, b"x")
        answer = self.run_python(PRINTING, stdout=writing)
        expected = "runner: standard output was closed before everything was written [stdout-closed]\n"
        self.assertEqual((answer.returncode, answer.stderr), (3, expected))

    @unittest.skipUnless(Path("/dev/full").exists(), "this system has no /dev/full")
    def test_a_full_disk(self):
        """When the output cannot be written, that is said in one sentence, and the exit code is 3."""
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            answer = self.run_python(PRINTING, stdout=full)
        self.assertEqual((answer.returncode, answer.stderr.count("\n")), (3, 1), answer.stderr)
        self.assertIn("No space left on device", answer.stderr)

    def project_with_registry(self, file: str) -> Path:
        return self.project_with_package("registry", file)

    def project_with_package(self, name: str, file: str) -> Path:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        package = Path(folder.name).resolve() / name
        package.mkdir()
        (package / file).touch()
        return package

    def test_a_package_of_the_same_name(self):
        """When Python finds a `registry` of the user's first, the sentence names it, and no import breaks on the way."""
        package = self.project_with_registry("__init__.py")
        answer = self.run_python(PRINTING, cwd=package.parent, stdout=subprocess.DEVNULL)
        self.assertEqual(answer.returncode, ExitCode.TOOL, answer.stderr)
        self.assertIn(f"the package 'registry' that Python finds first ({package / '__init__.py'})", answer.stderr)
        self.assertTrue(answer.stderr.endswith("[modules-shadowed]\n"), answer.stderr)

    def test_a_package_runner_of_the_user(self):
        """Where the user's `runner` comes first nobody asks ours; what Python says then is what docs/messages.md quotes."""
        package = self.project_with_package("runner", "__init__.py")
        variables = {**os.environ, "PYTHONPATH": str(package.parent)}
        answer = subprocess.run(
            [sys.executable, CONSOLE_SCRIPT, "--version"], env=variables, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        said = answer.stderr.splitlines()[-1]
        self.assertEqual(said, "ModuleNotFoundError: No module named 'runner.__main__'")
        self.assertIn(said, (ROOT / "docs" / "messages.md").read_text(encoding="utf-8"))

    def test_a_folder_of_the_same_name(self):
        """A folder `registry` that is no package gives way to ours."""
        package = self.project_with_registry("runs.txt")
        answer = self.run_python(PRINTING, cwd=package.parent, stdout=subprocess.DEVNULL)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
