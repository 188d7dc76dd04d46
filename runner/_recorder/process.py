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
from runner.report.safe import safe_line

if TYPE_CHECKING:
    from runner.execute.lines import Message

_READ_BYTES = 1 << 20


def main(process: int | None = None) -> None:
    """Record what standard input says about the tests of a process, and answer on standard output.

    Args:
        process: A descriptor that becomes readable when that process dies.
    """
    batches = _batches(sys.stdin.fileno(), process)
    try:
        answer = record_stream(batches)
    except Exception as error:  # noqa: BLE001 (whatever it is, the process with the tests must hear it)
        sentence, slug, _ = described(error)
        answer = {"problem": f"{safe_line(sentence)} [{slug}]"}
    # The other side goes on writing, and a pipe without a reader could end it.
    for _ in batches:
        continue
    with contextlib.suppress(BrokenPipeError):  # nobody is left to read it
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _batches(events: int, process: int | None) -> Iterator[list[Message]]:
    """Yield the messages as they come, until the last one is there, the pipe ends, or the process does.

    Something that a test forked may keep the pipe open.
    """
    decoder = LineDecoder()
    poll = select.poll()
    for descriptor in (events, process):
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
    while events in dict(poll.poll()):
        data = os.read(events, _READ_BYTES)
        if not data:
            return
        messages = decoder.feed(data)
        if messages:
            yield messages
            if messages[-1][0] == "e":
                return
