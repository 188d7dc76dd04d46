"""The command lines of the named runs to compare with."""

from typing import Annotated

import typer

from runner.cli.options import SETTINGS, Color, Debug, Format, Output, Registry, exit_with, given_globals

app = typer.Typer(
    name="baseline",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=SETTINGS,
    help="Name runs to compare with: `runner diff baseline:NAME RUN`.",
)
_Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the baseline.")]


@app.command("set")
def set_(
    ctx: typer.Context,
    name: _Name,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run that it means from now on: a name, an id, latest ...")],
    lower_bar: Annotated[
        bool, typer.Option("--lower-bar", help="Accept metrics that are worse: what they are held to falls to this run.")
    ] = False,
    output: Output = Format.TEXT,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Let a baseline mean a run; one that is there is moved."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.baseline import set_baseline

        return set_baseline(name, run, lower_bar=lower_bar, as_json=output is Format.JSON, registry=given.registry)

    exit_with(command, debug=given.debug)


@app.command("list")
def list_(
    ctx: typer.Context, output: Output = Format.TEXT, registry: Registry = None, debug: Debug = False, color: Color = None
) -> None:
    """List the baselines, and what their metrics are held to."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.baseline import list_baselines

        return list_baselines(as_json=output is Format.JSON, registry=given.registry)

    exit_with(command, debug=given.debug)


@app.command()
def remove(ctx: typer.Context, name: _Name, registry: Registry = None, debug: Debug = False, color: Color = None) -> None:
    """Remove a baseline and its bars; the run stays."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.baseline import remove_baseline

        return remove_baseline(name, registry=given.registry)

    exit_with(command, debug=given.debug)
