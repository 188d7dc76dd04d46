"""The command line: parse, import one command, exit with its code. No logic.

Heavy imports stay inside the commands, so that `runner --help` costs little more than typer itself. Typer evaluates the
annotations of every command at each start: these files have none that are texts, which would be compiled each time.
"""

import io
import os
import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer

from runner import __version__
from runner.cli.group import Commands
from runner.cli.options import SETTINGS, Color, Debug, Globals, Registry

app = typer.Typer(
    name="runner",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings=SETTINGS,
    pretty_exceptions_enable=False,
    help="Run unittest suites and trainings, record them, and tell what changed between two runs.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"runner {__version__}")
        raise typer.Exit


# Eager, or the missing command would be complained of first.
_Version = Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)]


@app.callback()
def _root(
    ctx: typer.Context,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
    version: _Version = False,  # noqa: ARG001 - its callback has done the work
) -> None:
    ctx.obj = Globals(registry, debug, color)


def main() -> None:
    """Run the program."""
    sys.stdout, sys.stderr = _tolerant(sys.stdout), _tolerant(sys.stderr)
    app()


def _tolerant(stream: TextIO | None) -> TextIO:
    """Return a stream that takes every text: a terminal may lack a character, and a job may have closed its output."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
