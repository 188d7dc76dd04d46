"""The command line of bisect."""

from typing import Annotated

import typer

from runner.cli.options import Color, Debug, Format, Output, Registry, exit_with, given_globals


def bisect(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TEST_OR_METRIC", help="The id of a test, or the name of a metric.")],
    good: Annotated[str, typer.Option("--good", metavar="RUN", help="A recorded run in which it is good.")],
    bad: Annotated[str, typer.Option("--bad", metavar="RUN", help="A recorded run in which it is bad.")],
    output: Output = Format.TEXT,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Find the first bad commit between two runs, in a git work tree of its own."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.bisect import BisectRequest, run_bisect

        return run_bisect(BisectRequest(target, good, bad, output, given.registry))

    exit_with(command, debug=given.debug)
