"""The command line of `runner plugins`."""

import typer

from runner.cli.options import Color, Debug, Format, Output, Registry, exit_with, given_globals


def plugins(
    ctx: typer.Context, output: Output = Format.TEXT, registry: Registry = None, debug: Debug = False, color: Color = None
) -> None:
    """List the installed plug-ins and what they add."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.plugins import list_plugins

        return list_plugins(as_json=output is Format.JSON)

    exit_with(command, debug=given.debug)
