"""The commands of the program by name: each is loaded when it is asked for, so that none pays for the others."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from runner.cli.options import exit_with, given_globals

COMMANDS: Mapping[str, str] = {
    "test": "runner.cli.test:test",
    "train": "runner.cli.train:train",
    "diff": "runner.cli.reading:diff",
    "show": "runner.cli.reading:show",
    "runs": "runner.cli.reading:runs",
    "history": "runner.cli.reading:history",
    "flaky": "runner.cli.reading:flaky",
    "baseline": "runner.cli.baseline:app",
    "known": "runner.cli.known:app",
    "bisect": "runner.cli.bisect:bisect",
    "nightly": "runner.cli.nightly:nightly",
    "report": "runner.cli.nightly:report",
    "db": "runner.cli.db:app",
    "plugins": "runner.cli.plugins:plugins",
}
"""Name of each command, in the order of --help, to the function that is its command line, or to the group of its own commands."""

_RAW = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


# typer keeps the types of its contexts and commands to itself.
class Commands(TyperGroup):
    """The commands of the program; a name that is none of them is looked for among those of the plug-ins."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002
        """Return the names of ours."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Return a command of ours, else one of a plug-in, else None."""
        if cmd_name in COMMANDS:
            return _ours(cmd_name)
        found = _plugged(cmd_name)
        if found is None:  # typer then looks here for what the user may have meant
            self.commands.update((name, self.get_command(ctx, name)) for name in COMMANDS)
        return found


def _ours(name: str) -> Any:  # noqa: ANN401
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(module), attribute)
    return typer.main.get_command(found if isinstance(found, typer.Typer) else _alone(name, found))


def _plugged(name: str) -> Any:  # noqa: ANN401
    from runner.commands.plugged import find_command

    run = find_command(name)
    if run is None:
        return None

    def command(ctx: typer.Context) -> None:
        given = given_globals(ctx, None, None, debug=False)
        exit_with(lambda: run(tuple(ctx.args), given.registry), debug=given.debug)

    return typer.main.get_command(_alone(name, command, _RAW))


def _alone(name: str, command: Callable[..., None], settings: Mapping[str, Any] | None = None) -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, context_settings=dict(settings or {}))(command)
    return app
