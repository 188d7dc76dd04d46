"""A process in a session and a group of its own: whether it is dead, how it died, and how it is ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MIB = 1 << 20
_POLL_S = 0.02


class Child:
    """A child of ours, waited for by its id.

    Attributes:
        pid: Its id, and that of its group.
        descriptor: Becomes readable when the process ends; None where the system has no such thing.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        self._code: int | None = None
        self._peak_bytes = 0
        self._was_ended = False
        self._oom_kills = oom_kills()

    def is_dead(self) -> bool:
        """Ask without reaping, so that the group's number stays ours until the strays in it are killed."""
        if self._code is not None:
            return True
        if not hasattr(os, "waitid"):
            return self._reap(os.WNOHANG)
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def interrupt(self) -> None:
        """Pass a Ctrl-C on to the process and its children."""
        self._signal_group(signal.SIGINT)

    def abort(self) -> None:
        """Let faulthandler write the stacks of all threads and end the process, whatever it is doing."""
        self._was_ended = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGABRT)

    def kill(self) -> None:
        """End the process and everything in its group."""
        self._was_ended |= not self.is_dead()
        self._signal_group(signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGKILL)  # one that was just forked leads no group yet

    def bury(self) -> None:
        """Kill what is left of the group, then reap; may be called again."""
        if self._code is None:
            self.kill()
            self._reap(0)

    def wait(self, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> bool:
        """Wait so long for its end, with something else to do meanwhile; tell whether it came."""
        deadline = time.monotonic() + seconds
        while not self.is_dead() and time.monotonic() < deadline:
            self.pause(_POLL_S)
            meanwhile()
        return self.is_dead()

    def pause(self, seconds: float) -> None:
        """Sleep, but come back at once if the process ends."""
        if self.descriptor is None:
            time.sleep(seconds)
        else:
            end = select.poll()  # select() itself takes no descriptor beyond 1023
            end.register(self.descriptor, select.POLLIN)
            end.poll(seconds * 1000)

    @property
    def code(self) -> int:
        """The exit code, or the negative number of the signal; reaps the process."""
        self.bury()
        return self._code if self._code is not None else 0

    def cause(self) -> str:
        """Tell how the process ended: exit code, signal, or that the system was out of memory."""
        code = self.code
        if code >= 0:
            return f"exited with code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        if -code == signal.SIGKILL and not self._was_ended and oom_kills() > self._oom_kills:
            return f"killed by {name}, for the system was out of memory (it held {self._peak_bytes / _MIB:,.0f} MiB at most)"
        return f"killed by {name}"

    def close(self) -> None:
        """Free the descriptor."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def _reap(self, flags: int) -> bool:
        pid, status, usage = os.wait4(self.pid, flags)
        if pid:
            self._code = os.waitstatus_to_exitcode(status)
            self._peak_bytes = usage.ru_maxrss * 1024
        return bool(pid)

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def oom_kills() -> int:
    """Return how often the kernel killed a process of this control group, else of this system, because memory ran out."""
    for path in (_memory_events(), Path("/proc/vmstat")):
        try:
            lines = path.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
    return 0


def _memory_events() -> Path:
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        groups = []
    own = next((line.removeprefix("0::/") for line in groups if line.startswith("0::/")), "")
    return Path("/sys/fs/cgroup") / own / "memory.events"
