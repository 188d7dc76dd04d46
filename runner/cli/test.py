"""The command line of `runner test`."""

import gc
from enum import StrEnum
from typing import Annotated

import typer

from runner.cli.options import (
    Color,
    Debug,
    Format,
    Name,
    Output,
    Pollution,
    Registry,
    Tags,
    exit_with,
    given_globals,
    listed,
    pairs,
)

_OBJECTS_BETWEEN_COLLECTIONS = 1_000_000


class StartMethod(StrEnum):
    """How several workers start."""

    AUTO = "auto"
    FORK = "fork"
    SPAWN = "spawn"


def test(
    ctx: typer.Context,
    tests: Annotated[
        list[str] | None,
        typer.Argument(metavar="TESTS...", help="Dotted names, files, folders/, path::Class::test; none discovers."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("-s", "--start-directory", metavar="DIR", help="Where discovery starts ('.').")
    ] = None,
    pattern: Annotated[str | None, typer.Option("-p", "--pattern", metavar="GLOB", help="Test files ('test*.py').")] = None,
    top: Annotated[str | None, typer.Option("-t", "--top-level-directory", metavar="DIR", help="Top of the project.")] = None,
    patterns: Annotated[
        list[str] | None, typer.Option("-k", metavar="PATTERN", help="Only tests whose id matches; may be repeated.")
    ] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only tests that may depend on uncommitted changes.")] = False,
    since: Annotated[str | None, typer.Option("--since", metavar="REF", help="... or on changes since a commit.")] = None,
    last_failed: Annotated[bool, typer.Option("--last-failed", help="Only tests that failed when last recorded.")] = False,
    failed_first: Annotated[bool, typer.Option("--failed-first", help="Those tests first, then the rest.")] = False,
    shard: Annotated[str | None, typer.Option("--shard", metavar="I/N", help="Part I of N; classes stay whole.")] = None,
    bisect_order: Annotated[
        str | None, typer.Option("--bisect-order", metavar="TEST", help="Find the earlier tests that make this one fail.")
    ] = None,
    pdb: Annotated[bool, typer.Option("--pdb", help="Debug the first failure in this terminal, then stop.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Seed before each test; recorded.")] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", metavar="N", min=1, help="Run under N seeds; tell what fails for some.")
    ] = None,
    shuffle: Annotated[bool | None, typer.Option("--shuffle/--no-shuffle", help="In a random order, told and recorded.")] = None,
    shuffle_seed: Annotated[
        int | None, typer.Option("--shuffle-seed", metavar="N", min=0, help="In the random order of this number.")
    ] = None,
    failfast: Annotated[bool, typer.Option("-f", "--failfast", help="Stop on the first failure.")] = False,
    retries: Annotated[
        int | None, typer.Option("--retries", metavar="N", min=0, help="Run a failing test up to N times more, alone.")
    ] = None,
    jobs: Annotated[
        str | None, typer.Option("-j", "--jobs", metavar="N|auto", help="Workers at the same time; auto: one a processor.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="S", help="End a test that takes more than S seconds.")
    ] = None,
    start_method: Annotated[
        StartMethod, typer.Option("--start-method", help="How several workers start: forked, or as fresh interpreters.")
    ] = StartMethod.AUTO,
    python: Annotated[str | None, typer.Option("--python", metavar="PATH", help="Interpreter of the workers.")] = None,
    buffer: Annotated[bool, typer.Option("-b", "--buffer", help="Hide the output of tests that pass.")] = False,
    pollution: Annotated[
        Pollution | None, typer.Option("--pollution", help="Look for state left changed, by class or by test.")
    ] = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="A line for each test.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only failures and counts.")] = False,
    show_locals: Annotated[bool, typer.Option("--locals", help="Show local variables in tracebacks.")] = False,
    durations: Annotated[int | None, typer.Option("--durations", metavar="N", min=0, help="Show the N slowest; 0: all.")] = None,
    record: Annotated[bool | None, typer.Option("--record/--no-record", help="Keep the results in the registry.")] = None,
    name: Name = None,
    tag: Tags = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Measure coverage in the worker.")] = False,
    source: Annotated[list[str] | None, typer.Option("--source", metavar="PKG", help="What coverage measures.")] = None,
    junit_xml: Annotated[str | None, typer.Option("--junit-xml", metavar="PATH", help="Write a JUnit XML report.")] = None,
    output: Output = Format.TEXT,
    registry: Registry = None,
    debug: Debug = False,
    color: Color = None,
) -> None:
    """Run a unittest suite in a supervised worker process."""
    given = given_globals(ctx, registry, color, debug=debug)

    def command() -> int:
        # For the rest of this process: importing libraries and keeping results makes many objects and hardly a cycle, and looking
        # for one costs a tenth of a short run's time.
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
        from runner.commands.test import TestRequest, run_tests

        return run_tests(
            TestRequest(
                names=tuple(tests or ()),
                start_directory=start,
                pattern=pattern,
                top_level_directory=top,
                name_patterns=tuple(patterns or ()),
                since=since or ("HEAD" if changed else None),
                last_failed=last_failed,
                failed_first=failed_first,
                shard=shard,
                bisect_order=bisect_order,
                pdb=pdb,
                seed=seed,
                seeds=seeds,
                shuffle=shuffle,
                shuffle_seed=shuffle_seed,
                failfast=failfast,
                retries=retries,
                jobs=jobs,
                timeout_s=timeout,
                start_method=start_method.value,
                interpreter=python,
                buffer=buffer,
                show_locals=show_locals,
                pollution=pollution and pollution.value,
                verbosity=0 if quiet else 2 if verbose else 1,
                durations=durations,
                record=record,
                name=name,
                tags=pairs(tag),
                coverage=coverage,
                source=listed(source),
                as_json=output is Format.JSON,
                junit_xml=junit_xml,
                registry=given.registry,
                colour=given.colour,
            )
        )

    exit_with(command, debug=given.debug)
