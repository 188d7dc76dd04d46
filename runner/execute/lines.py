"""The worker's lines as messages, and the events that they are decoded into."""

from __future__ import annotations

import json
from typing import Any, cast

from runner.events import FixtureFinished, Polluted, Printed, StateChange, SubtestProblem, TestFinished, TestKey

Message = list[Any]
"""A decoded line of the worker: a letter that says what it is, then its fields.

- `i` module: about to be imported
- `c` ids, unit starts, blocks, exclusive positions, ordinals: the suite in the order to run; where it was shuffled, the ordinals
  are those of load order
- `t` reason: loaded and ready to be forked, or why that is not safe
- `x` message, traceback: it cannot be loaded
- `s` position: the test started
- `p` position, seconds: it passed
- `d` position and all fields of a result, then output and seed unless the test never ran
- `o` fixture or null, text: what was printed outside of tests
- `P` place, changes: state was left changed
- `a` position, id: a test that was not collected comes up
- `f` name, start and stop of the positions that it would prevent: a fixture started
- `g`: the fixture ended
- `F` fixture, outcome, message, traceback, output: it did not succeed
- `u`: a unit is done
- `e` reason: the end, the only proof that the worker did its work
"""


INTERRUPTED = "interrupted while it was running"
"""The message of a test that a KeyboardInterrupt ended; the worker uses the same words."""


class LineDecoder:
    """Turns what comes through the pipe into messages, many at a time."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that are complete; the rest of a line waits for the next call."""
        complete, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._rest += data
            return []
        complete, self._rest = self._rest + complete, rest
        try:
            return cast("list[Message]", json.loads(b"[" + complete.replace(b"\n", b",") + b"]"))
        except ValueError:
            return [message for line in complete.split(b"\n") if (message := _decode(line)) is not None]


def finished(key: TestKey, worker: int, message: Message) -> TestFinished:
    """Decode a `d` message."""
    _, _, outcome, duration, text, traceback, description, subtests, subtests_passed, *late = message
    output, seed = late or (None, None)
    return TestFinished(
        key,
        outcome,
        worker,
        duration_s=duration,
        message=text,
        traceback=traceback,
        description=description,
        subtests=tuple(SubtestProblem(*fields) for fields in subtests),
        subtests_passed=subtests_passed,
        seed=seed,
        output=output,
    )


def fixture_finished(message: Message) -> FixtureFinished:
    """Decode an `F` message."""
    return FixtureFinished(*message[1:])


def printed(message: Message) -> Printed:
    """Decode an `o` message."""
    return Printed(*message[1:])


def polluted(message: Message) -> Polluted:
    """Decode a `P` message."""
    return Polluted(message[1], tuple(StateChange(*change) for change in message[2]))


def _decode(line: bytes) -> Message | None:
    """Decode one line; a line that an interrupt tore in two says nothing, and its test is found unfinished at the end."""
    try:
        return cast("Message", json.loads(line))
    except ValueError:
        return None
