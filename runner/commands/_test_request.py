"""What `runner test` is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner import execute
from runner.execute.options import StartMethod
from runner.settings import Settings

if TYPE_CHECKING:
    from runner.choose.chain import Chain
    from runner.events import TestSink


@dataclass(frozen=True, slots=True)
class TestRequest:
    """What the command line asks for; None leaves the settings or unittest's default.

    Attributes:
        names: TESTS: dotted names, files, folders, `path::Class::test`.
        verbosity: 0 for counts and failures alone, 1 for dots, 2 for a line a test.
        seed: Seeds the random generators before each test.
        shuffle: Run in an order that follows from `shuffle_seed`, or where that is None from `seed`.
        seeds: How many seeds to run under, one after the other.
        pollution: Where state that tests leave changed is looked for: "class", "test" or "off".
        durations: How many of the slowest tests to list, 0 for all; None lists none.
        source: Packages or folders that coverage measures.
        shard: I/N, the part of the suite to run.
        bisect_order: A test of which to find the earlier ones that make it fail, instead of running the suite.
        pdb: Debug the first problem in the terminal, then stop.
        retries: How many more attempts a failing test gets, each alone in a fresh process.
        jobs: How many workers, or "auto": as many as there are processors.
        timeout_s: Seconds after which a test is ended.
        start_method: How several workers start: auto, fork or spawn.
        interpreter: Python of the workers; None for this one.
        junit_xml: Path of a JUnit XML file to write; None writes none.
        since: Only tests that may depend on files changed since this commit.
        last_failed: Only the tests that were red when they were last recorded; `failed_first` puts those first.
    """

    names: tuple[str, ...] = ()
    start_directory: str | None = None
    pattern: str | None = None
    top_level_directory: str | None = None
    name_patterns: tuple[str, ...] = ()
    since: str | None = None
    last_failed: bool = False
    failed_first: bool = False
    shard: str | None = None
    bisect_order: str | None = None
    pdb: bool = False
    seed: int | None = None
    seeds: int | None = None
    shuffle: bool | None = None
    shuffle_seed: int | None = None
    failfast: bool = False
    retries: int | None = None
    jobs: str | None = None
    timeout_s: float | None = None
    start_method: StartMethod = "auto"
    interpreter: str | None = None
    buffer: bool = False
    show_locals: bool = False
    pollution: str | None = None
    verbosity: int = 1
    durations: int | None = None
    record: bool | None = None
    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    coverage: bool = False
    source: tuple[str, ...] = ()
    as_json: bool = False
    junit_xml: str | None = None
    registry: str | None = None
    colour: str = "auto"

    @property
    def order_seed(self) -> int | None:
        """What the order of the tests follows from; None where nothing is shuffled."""
        if not self.shuffle:
            return None
        return self.seed if self.shuffle_seed is None else self.shuffle_seed


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked, as the engine takes it.

    Attributes:
        chain: What chooses among the loaded tests; None where all run.
        onlookers: Further sinks of the run.
    """

    request: TestRequest
    settings: Settings
    selection: execute.Selection
    options: execute.WorkerOptions
    chain: Chain | None = None
    onlookers: tuple[TestSink, ...] = ()
