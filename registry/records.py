"""What the registry stores, as frozen dataclasses: pure values that know no database.

Durations are in seconds (`duration_s`), sizes in bytes (`size_bytes`), accuracies in 0-1, and times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from registry.answers import Answers

Points = tuple[tuple[int | None, float], ...]
"""Step and value of each point of a metric, in the order of logging; the step None where none was given."""


class RunKind(StrEnum):
    """What one execution was."""

    TEST = "test"
    TRAIN = "train"
    NIGHTLY = "nightly"


class RunStatus(StrEnum):
    """How far a run came; `finished` says that it ran to its end, red or green."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CRASHED = "crashed"


class Outcome(StrEnum):
    """The one state in which a collected test ends."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    EXPECTED_FAILURE = "expected_failure"
    UNEXPECTED_SUCCESS = "unexpected_success"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    NOT_RUN = "not_run"

    @property
    def is_red(self) -> bool:
        """Tell whether this outcome makes a run red; a test that never ran counts, for nobody knows that it works."""
        return self not in _GREEN


_GREEN = frozenset({Outcome.PASSED, Outcome.SKIPPED, Outcome.EXPECTED_FAILURE})


class Direction(StrEnum):
    """Which way a metric is better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class GitState:
    """The state of the work tree; all None with a `reason` where git could not tell."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """What surrounded a run.

    Attributes:
        python: Version, such as "3.11.7".
        platform: Operating system, release and machine.
        machine: What makes durations comparable: CPU model, core count, memory, GPU names.
        packages: Installed distributions, normalised name to version.
        numerics: What decides the bits of a computation: library versions, threads, CPU capability, deterministic flags.
        variables: Allow-listed environment variables such as OMP_NUM_THREADS; never a secret.
    """

    python: str
    platform: str
    machine: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    numerics: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is known about a run before it starts.

    Attributes:
        code: The code fingerprint: relative POSIX path to sha256 of each Python file that took part.
        params: The configuration, typed values of JSON.
    """

    kind: RunKind
    name: str | None = None
    seed: int | None = None
    argv: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    git: GitState = field(default_factory=GitState)
    environment: Environment | None = None
    code: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One execution as the registry knows it.

    Attributes:
        id: Integer, in order of start.
        uid: 32 hexadecimal digits, unique over all registries.
        green: None while nothing can be said: running, or a training without a verdict.
        fingerprint: sha256 of what decides the numbers (the environment's numerics); None where unknown.
        code_fingerprint: sha256 over paths and hashes of the code; None where no code was recorded.
    """

    id: int
    uid: str
    name: str
    kind: RunKind
    status: RunStatus
    started_at: datetime
    duration_s: float | None = None
    green: bool | None = None
    seed: int | None = None
    argv: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    git: GitState = field(default_factory=GitState)
    environment: Environment | None = None
    code: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str | None = None
    code_fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class SubtestRecord:
    """One subtest that did not pass; those that pass are only counted.

    Attributes:
        params: The message and parameters as unittest prints them, bounded.
    """

    params: str
    outcome: Outcome
    message: str | None = None
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class TestRecord:
    """The stored fact about one attempt at one test.

    Attributes:
        test_id: `TestCase.id()`.
        ordinal: 0 for the first test of that id in load order, 1 for the second: ids repeat in real suites.
        attempt: 1 for the first try.
        message: One line: the exception's, the reason of a skip, or why a test did not run.
        worker: Number of the worker process, 0 for the first.
        seed: What the random generators were seeded with before the test; None where nothing was seeded.
        output: What the test wrote to its standard output and error, bounded; kept where it did not end well.
    """

    test_id: str
    outcome: Outcome
    ordinal: int = 0
    attempt: int = 1
    duration_s: float | None = None
    message: str | None = None
    traceback: str | None = None
    worker: int | None = None
    seed: int | None = None
    subtests: tuple[SubtestRecord, ...] = ()
    subtests_passed: int = 0
    output: str | None = None


@dataclass(frozen=True, slots=True)
class FixtureRecord:
    """A class, module or import fixture that failed or was skipped, as `setUpClass (pkg.mod.Class)`."""

    fixture_id: str
    outcome: Outcome
    message: str | None = None
    traceback: str | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class PollutionRecord:
    """State of the process that tests changed and did not put back.

    Attributes:
        place: The class, module or test that left the change behind.
        what: Such as "working directory", "environment", "sys.path" or "torch".
        change: What was left, one line.
    """

    place: str
    what: str
    change: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured value. `value` may be NaN or infinite; `step` may repeat or go back."""

    name: str
    value: float
    step: int | None = None
    unit: str | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What is kept beside the points of a metric so that a diff never reads them.

    `minimum` and `maximum` are over the values that are not NaN; None where there is none.
    """

    name: str
    last: float
    minimum: float | None
    maximum: float | None
    count: int
    last_step: int | None = None
    unit: str | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class TensorDigest:
    """The identity of one tensor of a checkpoint.

    Attributes:
        dtype: Name as in safetensors, such as "F32".
        sha256: Of the little-endian bytes in row-major order.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file with weights: whether it is intact (`file_sha256`), what it holds, and the generators' states (sha256) then."""

    path: str
    size_bytes: int
    file_sha256: str
    content_hash: str | None = None
    epoch: int | None = None
    tensors: tuple[TensorDigest, ...] = ()
    random_state: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """What was trained and tested on.

    Attributes:
        fingerprint: sha256 over all bytes in order and the split.
        train: Number of examples; likewise `validation` and `test`.
    """

    name: str
    fingerprint: str
    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """Coverage of one source file. `missing` holds line numbers, ascending."""

    path: str
    statements: int
    missing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of a run. `percent` is 0-100 as coverage.py prints it."""

    percent: float
    files: tuple[FileCoverage, ...] = ()


@dataclass(frozen=True, slots=True)
class RunDetails:
    """Everything recorded about one run, as `runner show` prints it.

    Attributes:
        counts: How many tests ended in each outcome; of a test that was tried again the last attempt counts.
    """

    run: Run
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    results: tuple[TestRecord, ...] = ()
    fixtures: tuple[FixtureRecord, ...] = ()
    pollution: tuple[PollutionRecord, ...] = ()
    metrics: tuple[MetricSummary, ...] = ()
    points: Mapping[str, Points] = field(default_factory=dict)
    checkpoints: tuple[Checkpoint, ...] = ()
    dataset: Dataset | None = None
    coverage: Coverage | None = None
    answers: tuple[Answers, ...] = ()
