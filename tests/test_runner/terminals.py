"""A real pseudo-terminal in which the program runs, and what can be seen on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from .projects import CONSOLE_SCRIPT, TIMEOUT_S

COLUMNS, ROWS = 80, 24
_TOKEN = re.compile(r"\x1b\[(?P<numbers>[?\d;]*)(?P<letter>[A-Za-z])|(?P<character>.)", re.DOTALL)
_READ_AT_ONCE = 65_536


class Screen:
    """What a terminal shows: lines, the oldest first, and whether there is a cursor."""

    def __init__(self) -> None:
        self.lines = [""]
        self.row = self.column = 0
        self.has_cursor = True

    def feed(self, text: str) -> None:
        """Act as a terminal does."""
        for token in _TOKEN.finditer(text):
            if token["letter"]:
                self._control(token["letter"], token["numbers"])
            else:
                self._character(token["character"])

    def _control(self, letter: str, numbers: str) -> None:
        if letter == "A":
            self.row = max(self.row - int(numbers or 1), 0)
        elif letter == "K":
            self.lines[self.row] = "" if numbers == "2" else self.lines[self.row][: self.column]
        elif numbers == "?25":
            self.has_cursor = letter == "h"
        elif letter != "m":
            raise AssertionError(f"this terminal does not know ESC [ {numbers} {letter}")

    def _character(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._go_down()
        else:
            if self.column == COLUMNS:
                self.column = 0
                self._go_down()
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += 1

    def _go_down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")


class Session:
    """A command in a terminal, from its start to its end.

    Attributes:
        code: Exit code.
        text: All that it wrote.
        screens: What the screen showed after each piece that it wrote.
    """

    def __init__(self, folder: Path, *arguments: str, act: Callable[[str, int], bool] | None = None, **variables: str) -> None:
        """Run `runner` to its end.

        Args:
            folder: Where to run.
            arguments: What is typed after `runner`.
            act: Told what was written so far and the process, until it returns True.
            variables: Added to the environment.
        """
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("RUNNER_", "GITHUB_", "PYTHONPATH"))}
        kept |= {"TERM": "xterm-256color", "NO_COLOR": "1"}
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, CONSOLE_SCRIPT, *arguments],
            cwd=folder,
            env=kept | variables,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.text = ""
        self.screen = Screen()
        self.screens: list[str] = []
        self._read(ours, act)
        self.code = self._process.wait(TIMEOUT_S)

    def _read(self, terminal: int, act: Callable[[str, int], bool] | None) -> None:
        deadline = monotonic() + TIMEOUT_S
        waiting = act
        while piece := _piece(terminal):
            text = piece.decode()
            self.text += text
            self.screen.feed(text)
            self.screens.append("\n".join(self.screen.lines))
            if waiting is not None and waiting(self.text, self._process.pid):
                waiting = None
            if monotonic() > deadline:
                os.kill(self._process.pid, signal.SIGKILL)
        os.close(terminal)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen at the end, without the spaces at the ends of lines."""
        return [line.rstrip() for line in self.screen.lines]


def _piece(terminal: int) -> bytes:
    """Return what comes next; nothing once the other side is closed, which Linux tells by an error."""
    try:
        return os.read(terminal, _READ_AT_ONCE)
    except OSError:
        return b""
