"""Standard output of a run that is recorded: whoever reads it may go away, and the run goes on."""

from __future__ import annotations

import os
from typing import Protocol, TextIO


class Writable(Protocol):
    """What text can be written to: a file, a terminal, a live view."""

    def write(self, text: str, /) -> int:
        """Take text."""

    def flush(self) -> None:
        """Let it be seen."""

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""


class Outlet:
    """A stream that writes to another one until nobody takes its text any more.

    Attributes:
        is_open: Whether all that was written so far was taken.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_open = True

    @property
    def encoding(self) -> str:
        """That of the stream: who draws a bar asks which characters it has."""
        return self._stream.encoding

    def write(self, text: str, /) -> int:
        """Take text."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._close()
            return len(text)

    def flush(self) -> None:
        """Let it be seen."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._close()

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._stream.isatty()

    def require_taken(self) -> None:
        """Say at the end of a run that its output was not read to the end.

        Raises:
            BrokenPipeError: It was not.
        """
        if not self.is_open:
            raise BrokenPipeError("nobody read standard output to its end")

    def _close(self) -> None:
        self.is_open = False
        discard(self._stream)


def discard(stream: TextIO) -> None:
    """Send to nowhere what a stream still holds and will be given: the interpreter flushes it once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
