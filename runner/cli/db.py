"""The command lines that look after the registry."""

from typing import Annotated

import typer

from runner.cli.options import SETTINGS, Color, Debug, Format, Name, Output, Registry, exit_with, given_globals

app = typer.Typer(
    name="db",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
    help="Look after the registry.",
)


@app.command()
def info(
    ctx: typer.Context, output: Output = Format.TEXT, registry: Registry = None, debug: Debug = False, color: Color = None
) -> None:
    """Show where the registry is, its schema and what it holds."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.db import show_info

        return show_info(as_json=output is Format.JSON, registry=given.registry)

    exit_with(command, debug=given.debug)


@app.command()
def upgrade(ctx: typer.Context, registry: Registry = None, debug: Debug = False, color: Color = None) -> None:
    """Bring the schema to the newest revision; a backup is made first."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.db import upgrade as upgrade_registry

        return upgrade_registry(registry=given.registry)

    exit_with(command, debug=given.debug)


@app.command()
def check(ctx: typer.Context, registry: Registry = None, debug: Debug = False, color: Color = None) -> None:
    """Look for damage in the registry."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.db import check as check_registry

        return check_registry(registry=given.registry)

    exit_with(command, debug=given.debug)


@app.command("import")
def import_(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="SQLite files of other registries; only read.")],
    name: Name = None,
    output: Output = Format.TEXT,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Take over runs that are not here yet; the shards of a test run become one run."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.db_import import import_registries

        return import_registries(files, name=name, as_json=output is Format.JSON, registry=given.registry)

    exit_with(command, debug=given.debug)
