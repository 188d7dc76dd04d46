"""The command lines that read the registry: diff, show, runs, history, flaky."""

from enum import StrEnum
from typing import Annotated

import typer

from runner.cli.options import (
    Color,
    Debug,
    Format,
    Output,
    Registry,
    Report,
    ReportFormat,
    ReportPath,
    exit_with,
    given_globals,
)


class Kind(StrEnum):
    """The kinds of run."""

    TEST = "test"
    TRAIN = "train"
    NIGHTLY = "nightly"


class FailOn(StrEnum):
    """The verdict from which on a diff exits with 1."""

    REGRESSED = "regressed"
    SUSPECTED = "suspected"
    NEVER = "never"


def diff(
    ctx: typer.Context,
    a: Annotated[
        str,
        typer.Argument(
            metavar="A", help="The reference: a name, an id, latest, latest~N, latest:test, last-green, baseline:NAME ..."
        ),
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The run to look at.")],
    form: Report = ReportFormat.TEXT,
    output: ReportPath = None,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="Exit 1 from this verdict on.")] = FailOn.REGRESSED,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Tell what changed from run A to run B; exit 1 on a regression."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.diff import DiffRequest, run_diff

        return run_diff(DiffRequest(a, b, form, output, fail_on, given.registry, given.colour))

    exit_with(command, debug=given.debug)


def show(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A name, an id, latest, latest~N, last-green, baseline:NAME ...")],
    output: Annotated[
        str, typer.Option("--format", metavar="text|json|NAME", help="Text, JSON, or a format that a plug-in adds.")
    ] = "text",
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Show everything recorded about one run."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.show import show_run

        return show_run(run, output=output, registry=given.registry, colour=given.colour)

    exit_with(command, debug=given.debug)


def runs(
    ctx: typer.Context,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only runs of this kind.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most so many, newest first.")] = None,
    output: Output = Format.TEXT,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """List the recorded runs, newest first."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.runs import list_runs

        return list_runs(kind, limit, as_json=output is Format.JSON, registry=given.registry, colour=given.colour)

    exit_with(command, debug=given.debug)


def history(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="TEST|METRIC", help="Id of a test, or its end, or name of a metric.")],
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many results, newest first.")] = 20,
    test: Annotated[bool, typer.Option("--test", help="It is a test, although a metric is called so too.")] = False,
    metric: Annotated[bool, typer.Option("--metric", help="It is a metric, although a test is called so too.")] = False,
    output: Output = Format.TEXT,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Show one test, or one metric, over the latest runs."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.history import HistoryRequest, asked_kind, show_history

        kind = asked_kind(test=test, metric=metric)
        return show_history(HistoryRequest(subject, limit, kind, output is Format.JSON, given.registry, given.colour))

    exit_with(command, debug=given.debug)


def flaky(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many of each list.")] = 20,
    output: Output = Format.TEXT,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """List the tests that are proven to be flaky, and those that are suspected."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.flaky import list_flaky

        return list_flaky(limit, as_json=output is Format.JSON, registry=given.registry, colour=given.colour)

    exit_with(command, debug=given.debug)
