"""Processes that tests left behind outside their worker's group: found by a mark in their environment, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_PR_SET_CHILD_SUBREAPER = 36
_ROUNDS = 50
_POLL_S = 0.01
_DYING_S = 5.0  # on a busy machine even what is killed takes its time


def adopt_orphans() -> bool:
    """Make orphans among our descendants our children, so that forked workers and strays can be waited for.

    Returns:
        Whether the system does it; only Linux does.
    """
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (AttributeError, OSError):
        return False


def wait_for_children() -> None:
    """Undo that our caller ignores SIGCHLD: the system would throw away how our children died before we ask."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def bury_orphans(known: Collection[int]) -> None:
    """Reap the orphans of tests that are dead: a test that waits until its daemon is gone would otherwise wait for ever.

    Args:
        known: Our own workers, dead or alive, for whose end somebody else waits.
    """
    with contextlib.suppress(ChildProcessError):
        if os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return
    ours = os.getsid(0)  # the session of the children that a plug-in of ours may have
    for pid in _children():
        if pid not in known and _session(pid) not in (ours, None):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def sweep(mark: str, sessions: Collection[int]) -> None:
    """Kill the children of ours that workers left, and theirs, which become ours when they are orphans.

    Args:
        mark: What the environment of each holds, unless a test emptied it.
        sessions: Those of the workers, in which a child stays unless it makes one of its own.
    """
    for _ in range(_ROUNDS):
        found = [pid for pid in _children() if _session(pid) in sessions or _is_marked(pid, mark)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            _reap(pid)


def _children() -> list[int]:
    """Return our children, dead ones too."""
    found: list[int] = []
    for path in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text(encoding="ascii").split())
    return found


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _is_marked(pid: int, mark: str) -> bool:
    try:
        return mark.encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def _reap(pid: int) -> None:
    deadline = time.monotonic() + _DYING_S
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
