"""The command lines of the tests that may fail for a while."""

from typing import Annotated

import typer

from runner.cli.options import SETTINGS, Color, Debug, Format, Output, Registry, exit_with, given_globals

app = typer.Typer(
    name="known",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=SETTINGS,
    help="Mute tests that may fail until a day: they still run, and `runner test` stays red; a diff does not.",
)
_Test = Annotated[str, typer.Argument(metavar="TEST", help="Id of the test, such as pkg.test_mod.Case.test_one.")]


@app.command()
def add(
    ctx: typer.Context,
    test: _Test,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it may fail.")],
    owner: Annotated[str, typer.Option("--owner", metavar="NAME", help="Who looks after it.")],
    until: Annotated[str, typer.Option("--until", metavar="YYYY-MM-DD", help="The last day on which it may.")],
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Let a test fail until a day; after it, its failing is red in every diff."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.known import KnownRequest, add_known

        return add_known(KnownRequest(test, reason, owner, until), registry=given.registry)

    exit_with(command, debug=given.debug)


@app.command("list")
def list_(
    ctx: typer.Context, output: Output = Format.TEXT, registry: Registry = None, debug: Debug = False, color: Color = None
) -> None:
    """List the known failures, and which of them have expired."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.known import list_known

        return list_known(as_json=output is Format.JSON, registry=given.registry, colour=given.colour)

    exit_with(command, debug=given.debug)


@app.command()
def remove(ctx: typer.Context, test: _Test, registry: Registry = None, debug: Debug = False, color: Color = None) -> None:
    """Let a test's failing be red again."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.known import remove_known

        return remove_known(test, registry=given.registry)

    exit_with(command, debug=given.debug)
