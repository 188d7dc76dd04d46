"""The process that records: started by path, told by a private pipe, asked at the end how it went.

It is no child of ours when the tests begin (the one that we start leaves at once), for tests wait for all children or look for
processes that were left behind. It ends when the pipe closes or this process dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__unittest = True

_PATIENCE_S = 60.0
_HIGH = 512
_PIPE_BYTES = 1 << 20


class RecorderProcess:
    """A recorder for one run.

    The functions that are needed while tests run are kept as attributes, because tests replace those of `os`.

    Attributes:
        problem: Why nothing, or not everything, was recorded; one line.
    """

    def __init__(self, header: Mapping[str, object]) -> None:
        self.problem: str | None = None
        self._lock = threading.Lock()
        self._write, self._close, self._getpid = os.write, os.close, os.getpid
        self._pid = os.getpid()
        self._events: int | None = None
        self._reply: int | None = None
        try:
            self._start()
        except OSError as error:
            self.problem = f"the recorder cannot be started: {error}"
        self.send(json.dumps(["h", header]))

    def send(self, line: str) -> None:
        """Write one event; a recorder that is gone is told of at the end."""
        if self._getpid() != self._pid:  # a child that a test forked, and that came back
            return
        data = line.encode("ascii") + b"\n"
        with self._lock:
            try:
                while data and self._events is not None:
                    data = data[self._write(self._events, data) :]
            except OSError as error:
                self.problem = self.problem or f"the recorder cannot be reached any more: {error}"
                self._hang_up()

    def finish(self) -> str | None:
        """Let the recorder write what it has, and return the name of the run; None where `problem` says more."""
        if self._getpid() != self._pid:
            return None
        self._hang_up()
        answer = _answer(self._read_reply())
        if "run" in answer:
            return str(answer["run"])
        self.problem = answer.get("problem") or self.problem or "the recorder ended without a word"
        return None

    def _start(self) -> None:
        main = Path(__file__).resolve().parents[2] / "_recorder" / "__main__.py"
        theirs, ours = os.pipe()
        _enlarge(ours)
        reply, their_reply = os.pipe()
        us = _ourselves()
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-W", "ignore", str(main), *map(str, us)],
                stdin=theirs,
                stdout=their_reply,
                stderr=their_reply,
                pass_fds=us,
                start_new_session=True,
            )
            process.wait()
        except OSError:
            os.close(ours)
            os.close(reply)
            raise
        finally:
            for descriptor in (theirs, their_reply, *us):
                os.close(descriptor)
        self._events, self._reply = _out_of_reach(ours), _out_of_reach(reply)

    def _hang_up(self) -> None:
        if self._events is not None:
            self._close(self._events)
        self._events = None

    def _read_reply(self) -> bytes:
        if self._reply is None:
            return b""
        data, deadline = b"", time.monotonic() + _PATIENCE_S
        poll = select.poll()
        poll.register(self._reply, select.POLLIN)
        try:
            while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                chunk = os.read(self._reply, 65536)
                if not chunk:
                    return data
                data += chunk
        finally:
            os.close(self._reply)
            self._reply = None
        self.problem = self.problem or f"the recorder has not finished after {_PATIENCE_S:.0f} s; it goes on alone"
        return data


def _ourselves() -> tuple[int, ...]:
    """Return a descriptor that becomes readable when this process dies, where the system has such a thing."""
    if not hasattr(os, "pidfd_open"):
        return ()
    try:
        return (os.pidfd_open(os.getpid()),)
    except OSError:  # a sandbox that knows nothing of it
        return ()


def _enlarge(pipe: int) -> None:
    """Give the pipe room for thousands of events, where the system lets us: the tests do not wait for a recorder that loads."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _out_of_reach(descriptor: int) -> int:
    """Move a descriptor to a high number, where `os.closerange(3, 256)` of a test does not find it."""
    try:
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:  # beyond the limit of open files
        return descriptor
    os.close(descriptor)
    return moved


def _answer(reply: bytes) -> dict[str, Any]:
    """Return what the recorder said; if it only complained, its last line is the problem."""
    lines = [line.strip() for line in reply.decode("utf-8", "replace").splitlines() if line.strip()]
    for line in reversed(lines):
        if line.startswith("{"):
            return dict(json.loads(line))
    return {"problem": f"the recorder failed: {lines[-1]}"} if lines else {}
