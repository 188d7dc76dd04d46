"""`runner test --pdb` in a pseudo-terminal: a real debugger in a real worker."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import time

from .projects import CONSOLE_SCRIPT, TIMEOUT_S, Project, ProjectCase

CTRL_C, CTRL_Z = b"\x03", b"\x1a"
FAILING_SUITE = """
import unittest

class Broken(unittest.TestCase):
    def setUp(self):
        self.addCleanup(print, "cleaned up")

    def test_a_fine(self):
        pass

    def test_b_wrong(self):
        number = 6 * 7
        self.assertEqual(number, 43)

    def test_c_later(self):
        raise KeyError("never reached")
"""
STOPPING_SUITE = """
import time, unittest

class Stopping(unittest.TestCase):
    def test_a_breakpoint(self):
        secret = "in the test"
        breakpoint()
        self.assertEqual(secret, "changed")

    def test_b_sleeps(self):
        print("sleeping now", flush=True)
        time.sleep(60)
"""
FIXTURE_SUITE = """
import unittest

class Fixture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = "in the fixture"
        1 / 0

    def test_never(self):
        pass
"""


class Terminal:
    """The program in a terminal of its own, as a person sees it."""

    def __init__(self, home: Project, *arguments: str) -> None:
        self.said = ""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(home.root)
            os.environ["TERM"] = "xterm"
            os.execv(sys.executable, [sys.executable, CONSOLE_SCRIPT, *arguments])

    def wait_for(self, words: str) -> str:
        """Wait until something is shown, and return what was shown since the last time."""
        deadline = time.monotonic() + TIMEOUT_S
        while not re.search(words, self.said):
            if time.monotonic() > deadline or not self._read(1.0):
                raise AssertionError(f"{words!r} was not shown, but: {self.said}")
        shown, self.said = self.said, ""
        return shown

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._terminal, f"{line}\n".encode())

    def press(self, key: bytes) -> None:
        """Press a key for which the terminal sends a signal to whoever is in its foreground."""
        os.write(self._terminal, key)

    def press_until(self, key: bytes, words: str) -> None:
        """Press a key until something is shown: a signal just before Python waits for a line is seen only after the next one."""
        deadline = time.monotonic() + TIMEOUT_S
        while not re.search(words, self.said):
            if time.monotonic() > deadline:
                raise AssertionError(f"{words!r} was not shown, but: {self.said}")
            self.press(key)
            time.sleep(0.5)
            self._read(1.0)
        self.said = ""

    def finish(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what was shown."""
        deadline = time.monotonic() + TIMEOUT_S
        while self._read(1.0):
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status), self.said

    def _read(self, seconds: float) -> bool:
        """Read what is there; False at the end."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # the last process has closed its end
            return False
        self.said += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


class Debugging(ProjectCase):
    """The debugger."""

    def terminal(self, *arguments: str, **files: str) -> Terminal:
        """Start the program over a suite, in a terminal."""
        return Terminal(self.project(__init__="", **files), "test", "--pdb", *arguments)

    def test_post_mortem(self):
        """The first failure stops in the test's own frame with its variables; after `q` its cleanups run, and no more tests."""
        terminal = self.terminal("tests/", "-v", test_broken=FAILING_SUITE)
        self.assertIn("AssertionError: 42 != 43", terminal.wait_for(r"\(Pdb\) $"))
        terminal.type("p number * 1000")
        self.assertIn("42000", terminal.wait_for(r"\(Pdb\) $"))
        terminal.type("where")
        self.assertNotIn("unittest/case.py", terminal.wait_for(r"\(Pdb\) $"))
        terminal.type("q")
        code, said = terminal.finish()
        self.assertEqual((code, said.splitlines()[-1]), (1, "1 passed, 2 failed, 0 skipped"), said)
        self.assertIn("cleaned up", said)
        self.assertNotIn("never reached", said)
        self.assertIn("NOT RUN: 1 test", said)
        self.assertIn("the run ended with the debugger (--pdb)\n", said)

    def test_breakpoint(self):
        """breakpoint() stops in the test, whose variables can be changed before it goes on."""
        terminal = self.terminal("tests/", "-k", "breakpoint", test_stopping=STOPPING_SUITE)
        terminal.wait_for(r"\(Pdb\) $")
        terminal.type("secret = 'changed'")
        terminal.wait_for(r"\(Pdb\) $")
        terminal.type("c")
        code, said = terminal.finish()
        self.assertEqual((code, said.splitlines()[-1]), (0, "1 passed, 0 failed, 0 skipped"), said)
        self.assertNotIn("left changed by tests", said)  # the debugger's own handler of Ctrl-C

    def test_quitting_at_a_breakpoint(self):
        """`q` at a breakpoint ends the run without another debugger over it."""
        terminal = self.terminal("tests/", test_stopping=STOPPING_SUITE)
        terminal.wait_for(r"\(Pdb\) $")
        terminal.type("q")
        code, said = terminal.finish()
        self.assertEqual((code, said.splitlines()[-1]), (1, "0 passed, 2 failed, 0 skipped"), said)

    def test_ctrl_c(self):
        """Ctrl-C is the debugger's at its prompt, and ends the run with 130 while a test runs; Ctrl-Z does nothing."""
        at_prompt = self.terminal("tests/", "-k", "breakpoint", test_stopping=STOPPING_SUITE)
        in_test = self.terminal("tests/", "-k", "sleeps", test_stopping=STOPPING_SUITE)
        at_prompt.wait_for(r"\(Pdb\) $")
        at_prompt.press(CTRL_Z)
        at_prompt.press_until(CTRL_C, r"KeyboardInterrupt[^$]*\(Pdb\) $")
        at_prompt.type("q")
        in_test.wait_for("sleeping now")
        in_test.press(CTRL_C)
        self.assertEqual((at_prompt.finish()[0], in_test.finish()[0]), (1, 130))

    def test_a_fixture(self):
        """A fixture that fails is debugged too."""
        terminal = self.terminal("tests/", test_fixture=FIXTURE_SUITE)
        terminal.wait_for(r"\(Pdb\) $")
        terminal.type("p place")
        self.assertIn("in the fixture", terminal.wait_for(r"\(Pdb\) $"))
        terminal.type("c")
        self.assertEqual(terminal.finish()[0], 1)


class Refused(ProjectCase):
    """Where it cannot be."""

    def test_without_a_terminal_and_beside_other_flags(self):
        """Without a terminal, and beside flags that make no sense with it, it is refused with a sentence."""
        home = self.project(test_broken=FAILING_SUITE)
        flags = {"plain": (), "record": ("--record",), "jobs": ("-j", "2"), "buffer": ("-b",), "retries": ("--retries", "1")}
        for name, answer in home.together(**{name: ("test", "--pdb", *more) for name, more in flags.items()}).items():
            with self.subTest(name=name):
                self.assert_refused(answer, 2, "usage", "--pdb", "terminal" if name == "plain" else f"--{name}")
