"""Which process records a run, and whether it still lives. Standard library only."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

HEARTBEAT_LIMIT_S = 60.0
"""A run that another machine records is taken for crashed when its last sign of life is older."""

_START_FIELD = 19
_STATE_FIELD = 0
_ENDED = {"Z", "X", "x"}


@dataclass(frozen=True, slots=True)
class Process:
    """A process, as it can be told from all others.

    Attributes:
        space: Host, boot and process-id namespace: only inside it does the id tell anything.
        started: Clock ticks from boot to the process's start; None where the system does not tell.
    """

    space: str
    pid: int
    started: int | None


def this_process() -> Process:
    """Return the process that asks."""
    pid = os.getpid()
    state = _state(pid)
    return Process(_space(), pid, None if state is None else state[1])


def has_ended(process: Process, heartbeat_us: int) -> bool:
    """Tell whether a process that records a run has ended, or else whether it was silent for too long.

    Args:
        process: The recording process.
        heartbeat_us: Its last sign of life, microseconds since 1970 UTC.
    """
    if process.space != _space():
        return time.time_ns() // 1_000 - heartbeat_us > HEARTBEAT_LIMIT_S * 1_000_000
    if process.started is None:
        return not _exists(process.pid)
    state = _state(process.pid)
    return state is None or state[0] in _ENDED or state[1] != process.started


def _space() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").readlink()
    except OSError:
        # Not Linux: the host's name has to do.
        return platform.node()
    return f"{platform.node()} {boot} {namespace}"


def _state(pid: int) -> tuple[str, int] | None:
    """Return state and start of a process; None where it does not exist or the system has no /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name of the program stands in parentheses and may hold anything, parentheses too.
    fields = text.rpartition(")")[2].split()
    return fields[_STATE_FIELD], int(fields[_START_FIELD])


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
