"""What a plug-in may implement: functions with these names and any of these arguments, marked with `hookimpl`.

A plug-in is a module, or an object, that an entry point of the group `runner` names. Arguments are frozen records: a plug-in
looks on, it changes nothing. docs/plugins.md has an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from registry.records import Outcome, Run, RunDetails
    from runner.events import Collected, Ended, FixtureFinished, Polluted, Printed, TestFinished, TestStarted, Workers

hookspec = HookspecMarker("runner")
hookimpl = HookimplMarker("runner")


@dataclass(frozen=True, slots=True)
class CommandCall:
    """How a command of a plug-in was called.

    Attributes:
        arguments: What was typed after the name of the command.
        registry: The registry that was asked for, as `registry.open` takes it; nobody has opened it yet.
    """

    arguments: tuple[str, ...]
    registry: str | Path


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a plug-in adds: `runner NAME`.

    Attributes:
        run: Does the work and returns an exit code.
    """

    name: str
    summary: str
    run: Callable[[CommandCall], int]


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A format that a plug-in adds: `runner show RUN --format NAME`.

    Attributes:
        render: Returns what to print about a run.
    """

    name: str
    summary: str
    render: Callable[[RunDetails], str]


@hookspec
def runner_run_started(run: Run) -> None:
    """A run of tests or a training begins; its id is 0 where it is not recorded."""


@hookspec
def runner_tests_collected(event: Collected) -> None:
    """The tests of a run were found, and begin."""


@hookspec
def runner_workers_chosen(event: Workers) -> None:
    """Several workers share the suite; sent where there are several."""


@hookspec
def runner_test_started(event: TestStarted) -> None:
    """A test is about to run."""


@hookspec
def runner_test_finished(event: TestFinished) -> None:
    """A test ended, or it is certain that it will not run."""


@hookspec
def runner_fixture_finished(event: FixtureFinished) -> None:
    """A class, a module or an import failed or was skipped."""


@hookspec
def runner_text_printed(event: Printed) -> None:
    """A fixture, an import or what runs between tests wrote something."""


@hookspec
def runner_state_polluted(event: Polluted) -> None:
    """Tests left the state of their process changed; it was put right."""


@hookspec
def runner_tests_ended(event: Ended) -> None:
    """The last test ended."""


@hookspec
def runner_run_finished(run: Run, counts: Mapping[Outcome, int]) -> None:
    """A run is over, recorded where that was asked for, and its reports are written; a training counts no outcomes."""


@hookspec
def runner_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Return the commands that the plug-in adds; it is asked when a command is typed that is not built in."""


@hookspec
def runner_report_formats() -> Iterable[ReportFormat]:  # type: ignore[empty-body]
    """Return the report formats that the plug-in adds; it is asked when a format is typed that is not built in."""
