"""From what was asked to what runs: the selection for the loader, and the steps that choose among what it found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner import execute
from runner.choose.chain import Chain
from runner.commands._test_request import TestRequest
from runner.commands.surroundings import open_existing, registry_url, shown_location
from runner.errors import NothingToRun, UsageError
from runner.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry.past.latest import LastFailures
    from runner.choose.chain import Step
    from runner.choose.changes import Changes
    from runner.events import TestKey


Selected = tuple[execute.Selection, Chain | None]
"""What to load, and what chooses among it; None where everything runs as it was loaded."""


def selection(request: TestRequest, settings: Settings) -> Selected:
    """Return what to load, and what chooses among it.

    Raises:
        UsageError: Flags contradict each other, or one of TESTS is not there.
        NothingToRun: It is known before anything is loaded that there is nothing to run.
    """
    if request.shard is not None and "shard" in request.tags:
        raise UsageError("--shard sets the tag `shard` itself; choose another key for --tag")
    if request.names[:1] == ("discover",) and not any(Path(place).exists() for place in ("discover", "discover.py")):
        raise UsageError(
            "`discover` names no test; `runner test` discovers by itself where no TESTS are given: leave the word out"
        )
    steps = tuple(_steps(request, settings))
    chain = Chain(steps) if steps else None
    flagged = request.start_directory is not None or request.top_level_directory is not None
    if request.names and (flagged or (request.pattern is not None and not any("/" in name for name in request.names))):
        raise UsageError("-s, -p and -t belong to discovery and TESTS names the tests itself; give one or the other")
    configured = not request.names and not flagged
    start = settings.start_directory if configured else request.start_directory
    top = settings.top_level_directory if configured else request.top_level_directory
    anchor = settings.root if configured else Path()
    pattern = request.pattern or settings.pattern or "test*.py"
    chosen = execute.Selection(
        names=_names(request, pattern),
        start_directory=str(anchor / start) if start else ".",
        pattern=pattern,
        top_level_directory=str(anchor / top) if top else None,
        name_patterns=request.name_patterns,
        choose=chain,
        expected_durations=lambda: _expected_durations(request, settings),
    )
    return chosen, chain


def _names(request: TestRequest, pattern: str) -> tuple[str, ...]:
    if not request.names:
        return ()
    from runner.choose.places import dotted_names

    return dotted_names(request.names, Path.cwd(), pattern)


def _steps(request: TestRequest, settings: Settings) -> Iterator[Step]:
    """Yield the steps in the order in which they follow each other: first what leaves tests out, then what sorts the rest."""
    if request.since is not None:
        from runner.choose.changes import OnlyChanged

        yield OnlyChanged(_changes(request.since, settings))
    asked = request.last_failed or request.failed_first
    last, location = _last_failures(request, settings) if asked else (None, "")
    if last is not None and request.last_failed:
        from runner.choose.failures import OnlyFailed

        yield OnlyFailed(_required(last, location))
    if request.shard is not None:
        from runner.choose.shards import OneShard, parse_shard

        yield OneShard(parse_shard(request.shard), _durations(request, settings))
    if last is not None and request.failed_first and last.is_anything_recorded:
        from runner.choose.failures import FailedFirst

        yield FailedFirst(last)


def _changes(since: str, settings: Settings) -> Changes:
    from registry.git import changed_files, list_python_files
    from runner.choose.changes import Changes

    found = changed_files(settings.root, since)
    if isinstance(found, str):
        raise UsageError(
            f"what changed since {since} is not known: {found}; --changed and --since need a git work tree and a commit"
        )
    top, changed = found
    if not changed:
        raise NothingToRun(f"nothing changed since {since}: the work tree is equal to it")
    return Changes(top, since, tuple(changed), tuple(list_python_files(top) or ()))


def _durations(request: TestRequest, settings: Settings) -> dict[TestKey, float]:
    registry = open_existing(request.registry, settings)
    if registry is None:
        return {}
    with registry:
        return registry.expected_durations(of_whole_runs=True)


def _expected_durations(request: TestRequest, settings: Settings) -> dict[TestKey, float]:
    """Return how long tests took lately; nothing where that cannot be read, for it only decides the order."""
    from registry.errors import RegistryError

    try:
        registry = open_existing(request.registry, settings)
        if registry is None:
            return {}
        with registry:
            return registry.expected_durations()
    except RegistryError:
        return {}


def _last_failures(request: TestRequest, settings: Settings) -> tuple[LastFailures, str]:
    """Return what the registry says failed last, nothing where there is no registry yet, and where it is."""
    from registry.past.latest import LastFailures

    registry = open_existing(request.registry, settings)
    if registry is None:
        return LastFailures(is_anything_recorded=False), str(registry_url(request.registry, settings))
    with registry:
        return registry.last_failures(), registry.location


def _required(last: LastFailures, location: str) -> LastFailures:
    where = shown_location(location)
    if not last.is_anything_recorded:
        raise NothingToRun(f"no result of a test is recorded in {where} yet; run the suite once with `runner test --record`")
    if not last.tests and not last.units:
        raise NothingToRun(f"nothing failed last time: each test recorded in {where} was green when it last ran")
    return last
