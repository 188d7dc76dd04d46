"""What GitHub Actions reads of a test run: annotations at the lines that failed, and the summary of the job.

While commands are stopped by a token that no test can know, nothing that is printed acts as a workflow command, whoever prints
it. Source: "Workflow commands for GitHub Actions", sections "Stopping and starting workflow commands" and "Setting an error
message".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from registry.records import Outcome
from runner.events import Event, FixtureFinished, TestFinished, TestKey
from runner.report.markdown_text import code
from runner.report.numbers import counted, seconds
from runner.report.places import class_and_name
from runner.report.safe import safe_line
from runner.report.text import LONGEST_ID, RED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry.records import Run
    from runner.report.places import Places
    from runner.report.tally import Tally

ANNOTATIONS: Final = 10
"""GitHub shows no more errors of one step."""

_ROWS: Final = 50
_LONGEST_MESSAGE: Final = 300


def stopped(token: str) -> str:
    """Return the line after which nothing acts as a workflow command."""
    return f"::stop-commands::{token}\n"


def resumed(token: str) -> str:
    """Return the line after which workflow commands act again."""
    return f"::{token}::\n"


class Problems:
    """A sink that keeps what failed, and forgets a test that passes when it is tried again."""

    def __init__(self) -> None:
        self._fixtures: list[FixtureFinished] = []
        self._tests: dict[TestKey, TestFinished] = {}

    def emit(self, event: Event, /) -> None:
        """Keep the event where it is a failure; a test that a fixture kept from running is none of its own."""
        if isinstance(event, FixtureFinished) and event.outcome in RED:
            self._fixtures.append(event)
        elif isinstance(event, TestFinished):
            if event.outcome in RED and event.outcome != Outcome.NOT_RUN:
                self._tests[event.key] = event
            else:
                self._tests.pop(event.key, None)

    @property
    def found(self) -> list[FixtureFinished | TestFinished]:
        """Fixtures, for they are causes, then tests."""
        return [*self._fixtures, *self._tests.values()]


def error_commands(problems: Iterable[FixtureFinished | TestFinished], places: Places) -> str:
    """Return the workflow commands that mark what failed at its innermost line in the repository."""
    return "".join(_annotation(problem, places) for problem in tuple(problems)[:ANNOTATIONS])


def summary_markdown(problems: Iterable[FixtureFinished | TestFinished], run: Run, tally: Tally) -> str:
    """Return the Markdown of the job's summary."""
    recorded = f", recorded as {code(f'{run.name} (run {run.id})')}" if run.id else ""
    mark = "\u2705" if tally.green else "\u274c"
    lines = [f"### {mark} {tally.last_line}", "", f"`runner test`, {run.status}, took {seconds(run.duration_s)}{recorded}", ""]
    if tally.flaky:
        lines += [f"\u26a0 {tally.flaky} flaky: green only when tried again; the log names what", ""]
    found = tuple(problems)
    if found:
        lines += ["| failed | outcome | message |", "|---|---|---|"]
        lines += [_row(problem) for problem in found[:_ROWS]]
    if len(found) > _ROWS:
        lines += ["", f"and {counted(len(found) - _ROWS, 'more problem')}, which the log lists"]
    return "\n".join(lines) + "\n\n"


def _annotation(problem: FixtureFinished | TestFinished, places: Places) -> str:
    place = places.last_in(_traceback(problem))
    facts = {"title": f"{_title(problem)} {problem.outcome.replace('_', ' ')}"}
    path = place.path if place else places.file_of(_owner(problem))
    if path is not None:
        facts = {"file": path, **({"line": str(place.line)} if place else {}), **facts}
    properties = ",".join(f"{name}={_property(safe_line(value, LONGEST_ID))}" for name, value in facts.items())
    return f"::error {properties}::{_data(safe_line(problem.message or problem.outcome))}\n"


def _traceback(problem: FixtureFinished | TestFinished) -> str | None:
    if isinstance(problem, TestFinished):
        return problem.traceback or next((subtest.traceback for subtest in problem.subtests if subtest.traceback), None)
    return problem.traceback


def _title(problem: FixtureFinished | TestFinished) -> str:
    return ".".join(class_and_name(problem.key)) if isinstance(problem, TestFinished) else problem.fixture_id


def _owner(problem: FixtureFinished | TestFinished) -> str:
    if isinstance(problem, TestFinished):
        return class_and_name(problem.key)[0]
    return problem.fixture_id.partition("(")[2].rstrip(")")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _row(problem: FixtureFinished | TestFinished) -> str:
    message = safe_line(problem.message or "", _LONGEST_MESSAGE)
    return f"| {code(safe_line(_title(problem), LONGEST_ID))} | {problem.outcome} | {code(message) if message else ''} |"
