"""The file into which a worker's tests print, as the parent sees it: what the worker has not taken out of it when it dies."""

from __future__ import annotations

import fcntl
import os
from typing import IO

KEPT_BYTES = 32 * 1024
"""Kept of each end, as in the worker."""
_MOST_BYTES = 64 * 1024 * 1024
_PUNCH_HOLE = 0x01 | 0x02  # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE


class PrintedFile:
    """An anonymous file, open for appending, of which the worker gets the descriptor."""

    def __init__(self) -> None:
        self._freed = 0
        self._file = anonymous_file("runner-printed")
        fcntl.fcntl(self._file, fcntl.F_SETFL, fcntl.fcntl(self._file, fcntl.F_GETFL) | os.O_APPEND)

    def fileno(self) -> int:
        """Return the descriptor to hand to the worker."""
        return self._file.fileno()

    def read(self) -> str | None:
        """Return what is in the file, its middle left out where it is long; None where nothing is."""
        descriptor = self.fileno()
        size = os.fstat(descriptor).st_size
        if size <= 2 * KEPT_BYTES:
            return _text(os.pread(descriptor, size, 0)) or None
        head = os.pread(descriptor, KEPT_BYTES, 0)
        tail = os.pread(descriptor, KEPT_BYTES, size - KEPT_BYTES)
        head = head[: head.rfind(b"\n") + 1] or head + b"\n"
        tail = tail[tail.find(b"\n") + 1 :] or tail
        return f"{_text(head)}... {size - len(head) - len(tail):,} bytes left out ...\n{_text(tail)}"

    def forget_middle(self) -> None:
        """Free what would be left out anyway of a test that prints on and on, for the file lies in memory; only on Linux."""
        size = os.fstat(self.fileno()).st_size
        if size < self._freed:  # the worker has taken what was there
            self._freed = 0
        if size - self._freed < _MOST_BYTES:
            return
        import ctypes

        start, length = KEPT_BYTES, size - 2 * KEPT_BYTES
        punch = getattr(ctypes.CDLL(None), "fallocate", None)
        if punch is not None:
            punch(self.fileno(), _PUNCH_HOLE, ctypes.c_long(start), ctypes.c_long(length))
        self._freed = size

    def close(self) -> None:
        """Give it up."""
        self._file.close()


def anonymous_file(name: str) -> IO[bytes]:
    """Return a file without a place in any folder; the name is seen by who looks at the process from outside."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name), "w+b", buffering=0)
    import tempfile

    return tempfile.TemporaryFile(buffering=0)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
