"""Processes that tests leave behind, and that left the worker's group: they end with the run.

On Linux a process can ask to be given the orphans among its descendants; elsewhere nothing is adopted, and only the worker's
group is ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_GENERATIONS = 100  # what is killed may have children, which come to us in turn


@contextlib.contextmanager
def strays_ended() -> Iterator[None]:
    """Adopt orphans inside the block, and end them after it."""
    if not _adopt(True):
        yield
        return
    own = _children() if _has_children() else set()
    try:
        yield
    finally:
        for _ in range(_GENERATIONS):
            if not _has_children() or not _end(_children() - own):
                break
        _adopt(False)


def _adopt(wanted: bool) -> bool:
    """Ask the kernel for the orphans, and tell whether it agrees."""
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) == 0)


def _has_children() -> bool:
    """Tell whether there is any child, which mostly saves us looking through all processes."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _children() -> set[int]:
    return {int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _parent(entry) == os.getpid()}


def _parent(entry: Path) -> int | None:
    try:
        status = (entry / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # gone meanwhile
        return None
    return int(status.rpartition(")")[2].split()[1])


def _end(strays: set[int]) -> bool:
    """End these processes, and tell whether there were any."""
    for pid in strays:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return bool(strays)
