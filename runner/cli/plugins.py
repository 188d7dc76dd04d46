"""The command line of plug-ins: `runner plugins`, and the commands that they add."""

from typing import Any

import typer
from typer.core import TyperGroup

from runner.cli.options import Color, Debug, Format, Output, Registry, exit_with, given_globals

_RAW = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def plugins(
    ctx: typer.Context, output: Output = Format.TEXT, registry: Registry = None, debug: Debug = False, color: Color = None
) -> None:
    """List the installed plug-ins and what they add."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.plugins import list_plugins

        return list_plugins(as_json=output is Format.JSON)

    exit_with(command, debug=given.debug)


class Commands(TyperGroup):
    """The commands of the program; a name that is none of them is looked for among those of the plug-ins."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer keeps the types of its commands to itself
        """Return a command of ours, else one of a plug-in, else None."""
        return super().get_command(ctx, cmd_name) or _plugged(cmd_name)


def _plugged(name: str) -> Any:  # noqa: ANN401 - see above
    from runner.commands.plugged import find_command

    run = find_command(name)
    if run is None:
        return None
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

    @app.command(name, context_settings=_RAW)
    def command(ctx: typer.Context) -> None:
        given = given_globals(ctx, None, None, debug=False)
        exit_with(lambda: run(tuple(ctx.args), given.registry), debug=given.debug)

    return typer.main.get_command(app)
