"""The command line: parse, import one command, exit with its code. No logic.

Heavy imports stay inside the commands, so that `runner --help` costs little more than typer itself.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, cast

import typer

from runner import __version__


class _Format(StrEnum):
    TEXT = "text"
    JSON = "json"


class _Colour(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class _Kind(StrEnum):
    TEST = "test"
    TRAIN = "train"
    NIGHTLY = "nightly"


class _FailOn(StrEnum):
    REGRESSED = "regressed"
    SUSPECTED = "suspected"
    NEVER = "never"


class _Device(StrEnum):
    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


_SETTINGS = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="runner",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings=_SETTINGS,
    pretty_exceptions_enable=False,
    help="Run unittest suites and trainings, record them, and tell what changed between two runs.",
)
db = typer.Typer(
    name="db",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=_SETTINGS,
    help="Look after the registry.",
)
app.add_typer(db)

_Registry = Annotated[str | None, typer.Option("--registry", metavar="URL", help="Registry: a path or an SQLAlchemy URL.")]
_Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
_Color = Annotated[_Colour | None, typer.Option("--color", help="When to colour.")]
_Output = Annotated[_Format, typer.Option("--format", help="Text for people or JSON for programs.")]
_Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="K=V", help="A tag of the run; may be repeated.")]
_Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the run; default KIND-ID.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"runner {__version__}")
        raise typer.Exit


# Eager, or the missing command would be complained of first.
_Version = Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)]


@dataclass(frozen=True, slots=True)
class _Globals:
    """The options that every command takes, before its name or after it; the later one wins."""

    registry: str | None = None
    debug: bool = False
    color: _Colour | None = None

    def overridden(self, registry: str | None, color: _Colour | None, *, debug: bool) -> _Globals:
        return _Globals(registry or self.registry, debug or self.debug, color or self.color)

    @property
    def colour(self) -> str:
        return (self.color or _Colour.AUTO).value


@app.callback()
def _root(
    ctx: typer.Context,
    registry: _Registry = None,
    debug: _Debug = False,
    color: _Color = None,
    version: _Version = False,  # noqa: ARG001 - its callback has done the work
) -> None:
    ctx.obj = _Globals(registry, debug, color)


@app.command()
def test(
    ctx: typer.Context,
    tests: Annotated[list[str] | None, typer.Argument(metavar="TESTS...", help="Dotted names or files; none discovers.")] = None,
    start: Annotated[
        str | None, typer.Option("-s", "--start-directory", metavar="DIR", help="Where discovery starts ('.').")
    ] = None,
    pattern: Annotated[str | None, typer.Option("-p", "--pattern", metavar="GLOB", help="Test files ('test*.py').")] = None,
    top: Annotated[str | None, typer.Option("-t", "--top-level-directory", metavar="DIR", help="Top of the project.")] = None,
    patterns: Annotated[
        list[str] | None, typer.Option("-k", metavar="PATTERN", help="Only tests whose id matches; may be repeated.")
    ] = None,
    failfast: Annotated[bool, typer.Option("-f", "--failfast", help="Stop on the first failure.")] = False,
    buffer: Annotated[bool, typer.Option("-b", "--buffer", help="Hide the output of tests that pass.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="A line for each test.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only failures and counts.")] = False,
    show_locals: Annotated[bool, typer.Option("--locals", help="Show local variables in tracebacks.")] = False,
    durations: Annotated[int | None, typer.Option("--durations", metavar="N", min=0, help="Show the N slowest; 0: all.")] = None,
    record: Annotated[bool | None, typer.Option("--record/--no-record", help="Keep the results in the registry.")] = None,
    name: _Name = None,
    tag: _Tags = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Measure coverage in the worker.")] = False,
    source: Annotated[list[str] | None, typer.Option("--source", metavar="PKG", help="What coverage measures.")] = None,
    output: _Output = _Format.TEXT,
    registry: _Registry = None,
    debug: _Debug = False,
    color: _Color = None,
) -> None:
    """Run a unittest suite in a supervised worker process."""
    given = _given(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.test import TestRequest, run_tests

        return run_tests(
            TestRequest(
                names=tuple(tests or ()),
                start_directory=start,
                pattern=pattern,
                top_level_directory=top,
                name_patterns=tuple(patterns or ()),
                failfast=failfast,
                buffer=buffer,
                show_locals=show_locals,
                verbosity=0 if quiet else 2 if verbose else 1,
                durations=durations,
                record=record,
                name=name,
                tags=_pairs(tag),
                coverage=coverage,
                source=_listed(source),
                as_json=output is _Format.JSON,
                registry=given.registry,
                colour=given.colour,
            )
        )

    _exit(command, debug=given.debug)


@app.command()
def train(
    ctx: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK", help="What to train.")] = "mnist",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Root seed, recorded.")] = 42,
    epochs: Annotated[int | None, typer.Option("--epochs", metavar="N", help="Passes over the training set.")] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", metavar="N", help="Images per step.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", metavar="X", help="Peak learning rate.")] = None,
    device: Annotated[_Device, typer.Option("--device", help="Where to train.")] = _Device.AUTO,
    threads: Annotated[int | None, typer.Option("--threads", metavar="N", help="CPU threads of one operation.")] = None,
    name: _Name = None,
    tag: _Tags = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", metavar="DIR", help="Folder of the data ('.runner/data').")
    ] = None,
    checkpoint_dir: Annotated[
        Path | None, typer.Option("--checkpoint-dir", metavar="DIR", help="Folder of the checkpoints.")
    ] = None,
    record: Annotated[bool, typer.Option("--record/--no-record", help="Keep the run in the registry.")] = True,
    registry: _Registry = None,
    debug: _Debug = False,
    color: _Color = None,
) -> None:
    """Train a task and record its metrics, seed, data and checkpoints."""
    given = _given(ctx, registry, color, debug=debug)

    def command() -> int:
        from mnist.config import TrainConfig
        from runner.commands.train import TrainRequest, run_training

        options: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "learning_rate": lr, "threads": threads}
        config = TrainConfig(seed=seed, device=device, **{key: value for key, value in options.items() if value is not None})
        return run_training(
            TrainRequest(
                config=config,
                task=task,
                name=name,
                tags=_pairs(tag),
                data_dir=data_dir,
                checkpoint_dir=checkpoint_dir,
                record=record,
                registry=given.registry,
            )
        )

    _exit(command, debug=given.debug)


@app.command()
def diff(
    ctx: typer.Context,
    a: Annotated[
        str, typer.Argument(metavar="A", help="The reference: a name, an id, latest, latest~N, latest:test, last-green ...")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The run to look at.")],
    output: _Output = _Format.TEXT,
    fail_on: Annotated[_FailOn, typer.Option("--fail-on", help="Exit 1 from this verdict on.")] = _FailOn.REGRESSED,
    registry: _Registry = None,
    debug: _Debug = False,
    color: _Color = None,
) -> None:
    """Tell what changed from run A to run B; exit 1 on a regression."""
    given = _given(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.diff import DiffRequest, run_diff

        as_json = output is _Format.JSON
        return run_diff(DiffRequest(a, b, as_json, fail_on, given.registry, given.colour))

    _exit(command, debug=given.debug)


@app.command()
def show(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A name, an id, latest, latest~N, latest:test, last-green ...")],
    output: _Output = _Format.TEXT,
    registry: _Registry = None,
    debug: _Debug = False,
    color: _Color = None,
) -> None:
    """Show everything recorded about one run."""
    given = _given(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.show import show_run

        return show_run(run, as_json=output is _Format.JSON, registry=given.registry, colour=given.colour)

    _exit(command, debug=given.debug)


@app.command()
def runs(
    ctx: typer.Context,
    kind: Annotated[_Kind | None, typer.Option("--kind", help="Only runs of this kind.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most so many, newest first.")] = None,
    output: _Output = _Format.TEXT,
    registry: _Registry = None,
    debug: _Debug = False,
    color: _Color = None,
) -> None:
    """List the recorded runs, newest first."""
    given = _given(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.runs import list_runs

        return list_runs(kind, limit, as_json=output is _Format.JSON, registry=given.registry, colour=given.colour)

    _exit(command, debug=given.debug)


@db.command()
def info(
    ctx: typer.Context, output: _Output = _Format.TEXT, registry: _Registry = None, debug: _Debug = False, color: _Color = None
) -> None:
    """Show where the registry is, its schema and what it holds."""
    given = _given(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.db import show_info

        return show_info(as_json=output is _Format.JSON, registry=given.registry)

    _exit(command, debug=given.debug)


@db.command()
def upgrade(ctx: typer.Context, registry: _Registry = None, debug: _Debug = False, color: _Color = None) -> None:
    """Bring the schema to the newest revision; a backup is made first."""
    given = _given(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.db import upgrade as upgrade_registry

        return upgrade_registry(registry=given.registry)

    _exit(command, debug=given.debug)


@db.command()
def check(ctx: typer.Context, registry: _Registry = None, debug: _Debug = False, color: _Color = None) -> None:
    """Look for damage in the registry."""
    given = _given(ctx, registry, color, debug=debug)

    def command() -> int:
        from runner.commands.db import check as check_registry

        return check_registry(registry=given.registry)

    _exit(command, debug=given.debug)


def main() -> None:
    """Run the program."""
    sys.stdout, sys.stderr = _tolerant(sys.stdout), _tolerant(sys.stderr)
    try:
        app()
    finally:
        # The interpreter collects garbage once more at its end, and would walk through every object for nothing.
        gc.freeze()


def _tolerant(stream: TextIO | None) -> TextIO:
    """Return a stream that takes every text: a terminal may lack a character, and a job may have closed its output."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _given(ctx: typer.Context, registry: str | None, color: _Colour | None, *, debug: bool) -> _Globals:
    return cast("_Globals", ctx.obj).overridden(registry, color, debug=debug)


def _exit(command: Callable[[], int], *, debug: bool) -> NoReturn:
    from runner.boundary import guarded

    raise typer.Exit(guarded(command, debug=debug))


def _listed(values: list[str] | None) -> tuple[str, ...]:
    return tuple(part for value in values or () for part in value.split(",") if part)


def _pairs(tags: list[str] | None) -> dict[str, str]:
    from runner.errors import UsageError

    pairs = [tag.partition("=") for tag in tags or ()]
    for key, equals, _ in pairs:
        if not key or not equals:
            raise UsageError(f"a tag is K=V, and {key!r} is not; write --tag branch=main, say")
    return {key: value for key, _, value in pairs}
