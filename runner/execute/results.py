"""What a worker says of tests that ended, and of its own end, into the account; rows of tests that passed as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.events import FixtureFinished, PassedInARow, Printed, TestFinished
from runner.execute.lines import finished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.execute.lane import Lane
    from runner.execute.ledger import Ledger
    from runner.execute.lines import Message
    from runner.execute.process import Leaving


def passes_from(messages: Sequence[Message], start: int) -> list[Message]:
    """Return the `p` messages, from a place on, of tests of which nothing else is told between their start and their end."""
    passes: list[Message] = []
    for index in range(start, len(messages) - 1, 2):
        begin, end = messages[index], messages[index + 1]
        if begin[0] != "s" or end[0] != "p" or begin[1] != end[1]:
            break
        passes.append(end)
    return passes


def take_row(ledger: Ledger, lane: Lane, passes: Sequence[Message]) -> None:
    """Take tests that started and passed one right after the other in a worker whose positions are those of the run."""
    positions = [message[1] for message in passes]
    keys = [ledger.schedule.end(position) for position in positions]
    lane.end_row(positions)
    ledger.finish_row(PassedInARow(keys, lane.number, [message[2] for message in passes]))


def take_pass(ledger: Ledger, lane: Lane, message: Message) -> None:
    """Take a test that passed."""
    position = lane.end(message[1])
    if position is not None:
        ledger.finish(TestFinished(ledger.schedule.end(position), "passed", lane.number, duration_s=message[2]))


def take_result(ledger: Ledger, lane: Lane, message: Message) -> None:
    """Take a test that ended in any way."""
    position = lane.end(message[1])
    if position is not None:
        ledger.finish(finished(ledger.schedule.end(position), lane.number, message))


def tell_leaving(ledger: Ledger, left: Leaving, *, is_stopped: bool) -> None:
    """Tell what exit handlers printed, and where they ended the process: to unittest's caller its exit code would tell."""
    if left.problem is not None and not is_stopped:
        ledger.fixture(FixtureFinished("atexit (worker)", "crashed", left.problem, left.stacks, left.printed))
    elif left.printed is not None:
        ledger.printed(Printed(None, left.printed))
