"""The live view of a terminal: what is written as ever, and below it, for as long as tests run, how far they are.

A stream for the text reporter and a sink in one. The run's thread only notes; a thread of its own draws, a few times a second and
only what changed. Where the run ends, the view is taken off the screen, and what is left is what any other stream would hold.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from shutil import get_terminal_size
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TextIO

from runner.events import Event, TestKey
from runner.report.progress import Progress
from runner.report.safe import width_of

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

_DRAW_EVERY_S: Final = 0.2
_HISTORY_AFTER_S: Final = 1.0
_JOIN_S: Final = 1.0
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


class LiveScreen:
    """Use as a context manager around the run.

    Args:
        stream: The terminal.
        expected: Returns the seconds that each test will probably take; asked once, in the thread that draws, and only of a run
            that lasts.
        clock: Tells seconds.
    """

    def __init__(
        self, stream: TextIO, expected: Callable[[], Mapping[TestKey, float]], clock: Callable[[], float] = monotonic
    ) -> None:
        self._stream = stream
        self._expected = expected
        self._clock = clock
        self._begun = clock()
        self._progress = Progress(self._begun)
        self._lock = threading.RLock()
        self._is_open = True
        self._live: Live | None = None
        self._complete: list[str] = []
        self._partial = ""
        self._partial_width = 0
        self._width = get_terminal_size().columns
        self._drawn: tuple[str, ...] = ()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw_until_over, name="live view", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Take the view off the screen; what is written from now on goes straight to the terminal."""
        self._over.set()
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            if self._live is not None:
                self._live.update("")
                self._live.stop()
            self._stream.write("".join(f"{line}\n" for line in self._complete) + self._partial)
            self._stream.flush()
        self._thread.join(_JOIN_S)

    def emit(self, event: Event, /) -> None:
        """Take an event."""
        with self._lock:
            self._progress.take(event, self._clock())

    def write(self, text: str, /) -> int:
        """Write text; a line that is not complete yet stands in the view until it is."""
        with self._lock:
            if not self._is_open:
                return self._stream.write(text)
            first, *rest = text.split("\n")
            self._append(first)
            for line in rest:
                self._end_line()
                self._append(line)
        return len(text)

    def flush(self) -> None:
        """Let what was written be seen, as the thread that draws does soon while the view is there."""
        with self._lock:
            if not self._is_open:
                self._stream.flush()

    def isatty(self) -> bool:
        """Say that this is a terminal."""
        return True

    def _append(self, piece: str) -> None:
        """Add to the open line, and break it where the terminal would, so that dots are seen as they come."""
        width = width_of(_STYLE.sub("", piece))
        if self._partial and self._partial_width + width > self._width:
            self._end_line()
        self._partial += piece
        self._partial_width += width

    def _end_line(self) -> None:
        self._complete.append(self._partial)
        self._partial, self._partial_width = "", 0

    def _draw_until_over(self) -> None:
        """Draw from time to time; a run that is over before the first time needs no view, and no library for it."""
        knows_history = False
        while not self._over.wait(_DRAW_EVERY_S):
            if not knows_history and self._clock() - self._begun > _HISTORY_AFTER_S:
                knows_history = True
                expected = self._expected()
                with self._lock:
                    self._progress.expect(expected)
            with self._lock:
                if self._is_open:
                    self._draw()

    def _draw(self) -> None:
        live = self._live = self._live or _started_view(self._stream)
        self._width = live.console.width
        if self._complete:
            live.console.out("\n".join(self._complete), highlight=False)
            self._complete.clear()
        lines = (self._partial, *self._progress.lines(self._clock(), self._width - 1))
        if lines != self._drawn:
            self._drawn = lines
            live.update(_rows(lines), refresh=True)


def _started_view(stream: TextIO) -> Live:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream, force_terminal=True, highlight=False, markup=False, emoji=False)
    # What others print while the view is there goes above it, unless it goes somewhere else altogether.
    live = Live(
        console=console,
        auto_refresh=False,
        transient=True,
        vertical_overflow="crop",
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=sys.stderr.isatty(),
    )
    live.start()
    return live


def _rows(lines: Iterable[str]) -> Text:
    from rich.text import Text

    return Text("\n", no_wrap=True, overflow="crop").join(Text.from_ansi(line) for line in lines if line)
