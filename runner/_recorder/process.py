"""The life of a recorder: read events until the pipe closes or the process with the tests dies, then answer."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.boundary import described
from runner.commands.dropin import record_stream
from runner.execute.lines import LineDecoder

if TYPE_CHECKING:
    from runner.execute.lines import Message

_READ_BYTES = 1 << 20


def main(pid: int) -> None:
    """Record what standard input says about the tests of a process, and answer on standard output.

    Args:
        pid: The process with the tests.
    """
    batches = _batches(sys.stdin.fileno(), pid)
    try:
        answer = record_stream(batches)
    except Exception as error:  # noqa: BLE001 (whatever it is, the process with the tests must hear it)
        sentence, slug, _ = described(error)
        answer = {"problem": f"{sentence} [{slug}]"}
    # The other side goes on writing, and a pipe without a reader could end it.
    for _ in batches:
        continue
    with contextlib.suppress(BrokenPipeError):  # nobody is left to read it
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _batches(events: int, pid: int) -> Iterator[list[Message]]:
    """Yield the messages as they come; something else that was forked may keep the pipe open, so the process is watched too."""
    decoder = LineDecoder()
    poll = select.poll()
    poll.register(events, select.POLLIN)
    death = _death_of(pid)
    if death is not None:
        poll.register(death, select.POLLIN)
    while True:
        if events not in dict(poll.poll()):
            return
        data = os.read(events, _READ_BYTES)
        if not data:
            return
        messages = decoder.feed(data)
        if messages:
            yield messages


def _death_of(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process dies; None where the system has none."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:  # dead already: what it wrote is in the pipe
        return None
