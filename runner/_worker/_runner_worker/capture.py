"""What is written to the file descriptors 1 and 2: into a file of this worker, and out of it piece by piece.

The file holds only what was written since the last piece was taken. The parent has it open too: of a worker that dies it finds
there what the last test wrote.
"""

import gc
import io
import os
import sys

from .wire import Channel, array, out_of_reach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

__unittest = True

_STREAMS = ("stdin", "stdout", "stderr")
_KEPT_BYTES = 32 * 1024
"""Kept of each end; `runner.execute.printed` keeps as much of a worker that died."""


class Capture:
    """Takes the place of standard output and standard error.

    The functions of `os` are kept as attributes, because tests replace those of the module.

    Args:
        descriptor: An empty file open for appending.
        is_on: Whether it takes their place; a debugger needs them to be the terminal.
    """

    def __init__(self, descriptor: int, *, is_on: bool = True) -> None:
        self._file = out_of_reach(descriptor)
        self._seek, self._read, self._truncate = os.lseek, os.pread, os.ftruncate
        self._streams: list[TextIO] = [sys.stdout, sys.stderr]
        self._flush_c: Callable[[], object] = _nothing
        self._is_on = is_on
        self._is_ours = True
        self.redirect()
        self._adopt_streams()
        os.register_at_fork(after_in_child=self._become_stray)

    def follow_c(self) -> None:
        """Take also what C code prints, which waits in the C library's own buffer; called when the suite is loaded."""
        if "ctypes" not in sys.modules and not any(map(_is_foreign_binary, list(sys.modules.values()))):
            return  # pure Python need not pay the milliseconds that ctypes takes
        import ctypes
        from functools import partial

        library = ctypes.CDLL(None)
        name = "stdout" if hasattr(library, "stdout") else "__stdoutp"  # as macOS calls it
        # Not all streams: a thread may hold one for as long as it waits for input.
        self._flush_c = partial(library.fflush, ctypes.c_void_p.in_dll(library, name))

    def redirect(self) -> None:
        """Lead the descriptors 1 and 2 into the file, wherever they lead now."""
        for number in (1, 2) if self._is_on else ():
            os.dup2(self._file, number)

    def reopen(self, name: str) -> None:
        """Put a new stream in the place of sys.stdin, sys.stdout or sys.stderr, which a test closed."""
        number = _STREAMS.index(name)
        closed = getattr(sys, name)
        mode = "w" if number else "r"
        stream = open(number, mode, closefd=False, encoding=closed.encoding, errors=closed.errors)  # noqa: SIM115
        setattr(sys, name, stream)
        if number:
            self._streams[number - 1] = stream  # type: ignore[call-overload]
            self._adopt_streams()

    def take(self) -> str | None:
        """Return what was written since the last call, its middle left out where it is long; None where nothing was."""
        try:
            self._flush_output()
            self._flush_errors()
            self._flush_c()
            size = self._seek(self._file, 0, 2)
        except (AttributeError, OSError, ValueError):  # a test closed a stream or a descriptor
            size = self._size()
        return self._piece(size) if size else None

    def report(self, channel: Channel, place: str | None = None) -> None:
        """Tell the parent of what was written outside of tests."""
        text = self.take()
        if text is not None:
            channel.send(array("o", place, text))

    def _adopt_streams(self) -> None:
        """Write at each end of a line, as on a terminal: what waits in a buffer is lost when the process dies."""
        for stream in self._streams:
            if stream is not None:
                stream.reconfigure(line_buffering=True)  # type: ignore[attr-defined]
        self._flush_output, self._flush_errors = (getattr(stream, "flush", _nothing) for stream in self._streams)

    def _size(self) -> int:
        for flush in (self._flush_output, self._flush_errors):
            try:
                flush()
            except (AttributeError, OSError, ValueError):
                continue
        try:
            return self._seek(self._file, 0, 2)
        except OSError:
            return 0

    def _piece(self, size: int) -> str | None:
        if not self._is_ours:
            return None
        if size <= 2 * _KEPT_BYTES:
            text = _text(self._read(self._file, size, 0))
        else:
            head = self._read(self._file, _KEPT_BYTES, 0)
            tail = self._read(self._file, _KEPT_BYTES, size - _KEPT_BYTES)
            text = _joined(head, tail, size)
        self._truncate(self._file, 0)
        return text

    def _become_stray(self) -> None:
        """In a child that a test forked: leave to the parent what is in the file."""
        self._is_ours = False


def flush_open_files() -> None:
    """Write what waits in files that nobody closed, as the interpreter does at its end, which `os._exit` leaves out."""
    kinds = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)
    for item in gc.get_objects():
        if type(item) in kinds:
            try:
                item.flush()
            except (OSError, ValueError):  # closed, or its other end is
                continue


def _is_foreign_binary(module: object) -> bool:
    """Tell whether a module is a compiled one from outside the standard library."""
    if not isinstance(module, type(sys)):
        return False
    file = object.__getattribute__(module, "__dict__").get("__file__")  # one that loads lazily shall not load now
    return isinstance(file, str) and file.endswith((".so", ".pyd")) and "lib-dynload" not in file


def _nothing() -> None:
    """Stand in for what a stream that is not there would do."""


def _joined(head: bytes, tail: bytes, size: int) -> str:
    """Join both ends at whole lines, with the number of bytes left out between them."""
    head = head[: head.rfind(b"\n") + 1] or head + b"\n"
    tail = tail[tail.find(b"\n") + 1 :] or tail
    return f"{_text(head)}... {size - len(head) - len(tail):,} bytes left out ...\n{_text(tail)}"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
