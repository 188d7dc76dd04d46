"""The command lines of the nightly regression report: nightly, report."""

from typing import Annotated

import typer

from runner.cli.options import Color, Debug, Registry, Report, ReportFormat, ReportPath, exit_with, given_globals
from runner.cli.reading import FailOn

_Against = Annotated[
    str | None, typer.Option("--against", metavar="REF", help="What to compare with: a night, or a run of one part.")
]


def nightly(
    ctx: typer.Context,
    against: _Against = None,
    fail_on: Annotated[FailOn | None, typer.Option("--fail-on", help="Exit 1 from this verdict on.")] = None,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Record suites and trainings, compare them with the baseline and the last green night, and write the report."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.nightly import NightRequest, run_nightly

        return run_nightly(NightRequest(against, fail_on and fail_on.value, given.registry, given.colour))

    exit_with(command, debug=given.debug)


def report(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A night, or any run together with --against.")] = "latest:nightly",
    against: _Against = None,
    nights: Annotated[
        int | None, typer.Option("--nights", metavar="N", min=1, help="An overview of the last N nights instead.")
    ] = None,
    form: Report = ReportFormat.TEXT,
    output: ReportPath = None,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Make the report of a night again, compare any two runs, or list the nights."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.report import ReportRequest, run_report

        return run_report(ReportRequest(run, against, nights, form.value, output, given.registry, given.colour))

    exit_with(command, debug=given.debug)
