"""What to run and how, and the form in which the worker reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from runner.events import TestKey

    Chooser = Callable[[Sequence[TestKey]], Sequence[int]]


StartMethod = Literal["auto", "fork", "spawn"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What to run, with unittest's meanings.

    Attributes:
        names: Dotted names and files, as `python -m unittest` takes them; empty for discovery.
        start_directory: Where discovery starts: a folder or a dotted name.
        name_patterns: As given to -k.
        expected_durations: Tells how many seconds tests took lately, by key; read where several workers share the units, of
            which the longest then start first.
        choose: Told every loaded test in load order, returns the positions of those to run, in the order to run them; None
            runs all. Units are kept: where the order leaves a class and comes back, its fixtures run again.
    """

    names: tuple[str, ...] = ()
    start_directory: str = "."
    pattern: str = "test*.py"
    top_level_directory: str | None = None
    name_patterns: tuple[str, ...] = ()
    choose: Chooser | None = None
    expected_durations: Callable[[], Mapping[TestKey, float]] | None = None


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How the worker runs the selection.

    Attributes:
        show_locals: Local variables in tracebacks.
        coverage_source: Packages or folders to measure; empty leaves it to coverage's own configuration.
        coverage_data: Folder for the data files; None where coverage is off.
        interpreter: Python of the worker; None for this one.
        seed: Seeds the random generators before each test and fixture; None leaves them.
        order_seed: Runs in a random order that follows from it; None runs in load order.
        pollution: Where state that tests leave changed is looked for and put right: "class", "test" or "off".
        stdout_to_stderr: Sends what tests print to standard error, so that standard output stays a document.
        environment: Variables added to ours.
        jobs: How many workers run at the same time.
        start_method: How several workers start: forked from a process that has loaded the suite, spawned as fresh
            interpreters, or auto: forked where that is proven safe.
        timeout_s: Seconds after which a test, a fixture or an import is ended; None lets them run.
        pdb: The worker gets our terminal, and debugs the first problem in it; see `runner.execute.terminal`.
    """

    failfast: bool = False
    buffer: bool = False
    show_locals: bool = False
    coverage_source: tuple[str, ...] | None = None
    coverage_data: Path | None = None
    stdout_to_stderr: bool = False
    working_directory: Path = field(default_factory=Path.cwd)
    interpreter: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 1
    start_method: StartMethod = "auto"
    timeout_s: float | None = None
    pdb: bool = False
    seed: int | None = None
    order_seed: int | None = None
    pollution: str = "class"


def encode(
    selection: Selection,
    options: WorkerOptions,
    skipped_modules: tuple[str, ...] = (),
    *,
    otherwise: Mapping[str, str] | None = None,
) -> bytes:
    """Return the block of NUL-separated fields that the worker reads first, with its length on a line of its own.

    Args:
        selection: What to run.
        options: How.
        skipped_modules: Modules not to import.
        otherwise: Makes it load the suite and be forked; the variables that it sets where that is not safe.
    """
    fields = list(_fields(selection, options, skipped_modules))
    if otherwise is not None:
        fields += [("template", options.start_method), *(("otherwise", f"{name}={value}") for name, value in otherwise.items())]
    block = _joined(fields)
    return f"{len(block)}\n".encode() + block


def encode_environment(environment: Mapping[str, str]) -> bytes:
    """Return variables as the NUL-separated fields that a forked worker reads."""
    return _joined(environment.items())


def _joined(fields: Iterable[tuple[str, str]]) -> bytes:
    return b"\0".join(os.fsencode(f"{key}={value}") for key, value in fields)


def _fields(selection: Selection, options: WorkerOptions, skipped_modules: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield from (("name", name) for name in selection.names)
    yield "start", selection.start_directory
    yield "pattern", selection.pattern
    if selection.top_level_directory is not None:
        yield "top", selection.top_level_directory
    yield from (("k", pattern) for pattern in selection.name_patterns)
    yield from (("skip", module) for module in skipped_modules)
    switches = (
        ("failfast", options.failfast),
        ("buffer", options.buffer),
        ("locals", options.show_locals),
        ("settle", options.jobs > 1),
        ("pdb", options.pdb),
    )
    yield from ((key, "") for key, is_on in switches if is_on)
    yield "pollution", options.pollution
    if options.seed is not None:
        yield "seed", str(options.seed)
    if options.order_seed is not None:
        yield "order", str(options.order_seed)
    if options.coverage_data is not None:
        yield "coverage", str(options.coverage_data.absolute() / "data")
        yield from (("source", source) for source in options.coverage_source or ())
