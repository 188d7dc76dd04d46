"""Records to the values of rows, cleaned and checked at the call that hands them over. Pure.

Ids are filled in later by `registry.storage.writing`, inside the transaction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from registry import answers
from registry.answers import Answers
from registry.cause import cause_of
from registry.encoding import (
    NO_STEP,
    clean,
    clean_bounded,
    clean_line,
    clean_optional,
    encode_choice,
    encode_duration,
    encode_integer,
    encode_lines,
    encode_number,
    encode_step,
    encode_whole,
    key_text,
    outcome_code,
    to_json,
)
from registry.errors import InvalidValue
from registry.origin import TestKey
from registry.records import (
    Checkpoint,
    Coverage,
    Dataset,
    Direction,
    FixtureRecord,
    Metric,
    PollutionRecord,
    SubtestRecord,
    TestRecord,
)

Row = dict[str, Any]

PARAMS_LIMIT = 2_000
"""Characters kept of a subtest's message and parameters."""


class SubtestRow(NamedTuple):
    """A subtest that did not pass."""

    values: Row
    traceback: str | None


class ResultRow(NamedTuple):
    """An attempt at a test; `key` is the test's stored name and its ordinal."""

    key: TestKey
    values: Row
    traceback: str | None
    output: str | None
    subtests: tuple[SubtestRow, ...]


class PassedRow(NamedTuple):
    """The first attempt at a test that passed and of which nothing else is to be told."""

    key: TestKey
    duration_s: float | None
    worker: int


class FixtureRow(NamedTuple):
    """A fixture that failed or was skipped."""

    values: Row
    traceback: str | None
    output: str | None


@dataclass(slots=True)
class MetricState:
    """What is known of one metric of the run that is being recorded: enough to write its summary without reading a point."""

    count: int = 0
    last: float = math.nan
    minimum: float | None = None
    maximum: float | None = None
    last_step: int = NO_STEP
    unit: str | None = None
    direction: Direction | None = None

    def add(self, metric: Metric) -> Row:
        """Take one value and return the row of its point.

        Raises:
            InvalidValue: The value or the step cannot be stored; nothing is taken then.
        """
        value, kind = encode_number(metric.name, metric.value)
        step = encode_step(metric.name, metric.step)
        direction = self.direction if metric.direction is None else encode_choice("direction", metric.direction, Direction)
        unit = self.unit if metric.unit is None else clean(metric.unit)
        point: Row = {"step": step, "seq": self.count, "value": value, "kind": kind}
        self.last, self.last_step, self.direction, self.unit = float(metric.value), step, direction, unit
        self.count += 1
        if not math.isnan(self.last):
            self.minimum = self.last if self.minimum is None else min(self.minimum, self.last)
            self.maximum = self.last if self.maximum is None else max(self.maximum, self.last)
        return point

    def row(self, name: str) -> Row:
        """Return the row of the summary."""
        values: Row = {"count": self.count, "last_step": self.last_step, "unit": self.unit}
        values["direction"] = None if self.direction is None else str(self.direction)
        for column, number in (("last", self.last), ("minimum", self.minimum), ("maximum", self.maximum)):
            values[column], values[f"{column}_kind"] = (None, None) if number is None else encode_number(name, number)
        return values


def result_row(record: TestRecord) -> ResultRow:
    """Return the row of a test result.

    Raises:
        InvalidValue: A number of it cannot be stored.
    """
    values: Row = {
        "cause": cause_of(record),
        "attempt": encode_integer("the attempt of a test", record.attempt),
        "outcome": outcome_code(record.outcome),
        "duration_s": encode_duration(record.duration_s),
        "message": clean_line(record.message),
        "worker": None if record.worker is None else encode_integer("the worker of a test", record.worker),
        "seed": encode_whole(record.seed),
        "subtests_passed": encode_integer("the number of passed subtests", record.subtests_passed),
    }
    subtests = tuple(_subtest_row(subtest) for subtest in record.subtests)
    key = key_text(record.test_id), encode_integer("the ordinal of a test", record.ordinal)
    return ResultRow(key, values, clean_optional(record.traceback), clean_optional(record.output), subtests)


def passed_rows(tests: Iterable[TestKey], durations_s: Iterable[float], worker: int) -> Iterator[PassedRow]:
    """Yield the rows of tests that passed at the first attempt.

    Raises:
        InvalidValue: A number cannot be stored.
    """
    number = encode_integer("the worker of a test", worker)
    for (test_id, ordinal), duration_s in zip(tests, durations_s, strict=True):
        key = key_text(test_id), encode_integer("the ordinal of a test", ordinal)
        yield PassedRow(key, encode_duration(duration_s), number)


def fixture_row(record: FixtureRecord, seq: int) -> FixtureRow:
    """Return the row of a fixture."""
    values: Row = {
        "seq": seq,
        "name": key_text(record.fixture_id),
        "outcome": outcome_code(record.outcome),
        "message": clean_line(record.message),
    }
    return FixtureRow(values, clean_optional(record.traceback), clean_optional(record.output))


def pollution_row(record: PollutionRecord, seq: int) -> Row:
    """Return the row of a change that tests left behind."""
    return {"seq": seq, "place": key_text(record.place), "what": key_text(record.what), "change": clean_line(record.change) or ""}


def checkpoint_rows(checkpoint: Checkpoint, seq: int) -> tuple[Row, list[Row]]:
    """Return the row of a checkpoint and those of its tensors.

    Raises:
        InvalidValue: Epoch or size cannot be stored.
    """
    values: Row = {
        "seq": seq,
        "epoch": None if checkpoint.epoch is None else encode_integer("the epoch of a checkpoint", checkpoint.epoch),
        "path": clean(checkpoint.path),
        "size_bytes": encode_integer("the size of a checkpoint", checkpoint.size_bytes),
        "file_sha256": clean(checkpoint.file_sha256),
        "content_hash": clean_optional(checkpoint.content_hash),
        "random_state": clean_optional(checkpoint.random_state),
    }
    tensors: list[Row] = [
        {
            "checkpoint_seq": seq,
            "seq": number,
            "name": clean(tensor.name),
            "dtype": clean(tensor.dtype),
            "shape": ",".join(str(size) for size in tensor.shape),
            "sha256": clean(tensor.sha256),
        }
        for number, tensor in enumerate(checkpoint.tensors)
    ]
    return values, tensors


def dataset_row(dataset: Dataset) -> Row:
    """Return the row of a data set.

    Raises:
        InvalidValue: A number of examples cannot be stored.
    """
    sizes = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    counts = {name: encode_integer(f"the number of {name} examples", size) for name, size in sizes.items()}
    return {"fingerprint": clean(dataset.fingerprint), "name": clean(dataset.name)} | counts


def answers_row(record: Answers) -> Row:
    """Return the row of a bitmap of answers.

    Raises:
        InvalidValue: The bitmap does not have a bit for each example, or more.
    """
    examples = encode_integer("the number of examples", record.examples)
    checked = Answers(key_text(record.split), examples, bytes(record.bits))
    wrong = answers.problem(checked)
    if wrong is not None:
        raise InvalidValue(f"{wrong}; a bit an example is needed, highest bit of a byte first, as numpy.packbits gives them")
    return {"split": checked.split, "examples": checked.examples, "bits": checked.bits}


def coverage_text(coverage: Coverage) -> str:
    """Return the files of a coverage as JSON: path to number of statements and missing lines."""
    return to_json(
        {
            file.path: [encode_integer("the number of statements", file.statements), encode_lines(file.missing)]
            for file in coverage.files
        }
    )


def param_values(params: Mapping[str, object]) -> Row:
    """Return the stored form of parameters: JSON, so that their types are kept."""
    return {key_text(str(key)): to_json(value) for key, value in params.items()}


def tag_values(tags: Mapping[str, str]) -> Row:
    """Return the stored form of tags."""
    return {key_text(str(key)): clean(str(value)) for key, value in tags.items()}


def _subtest_row(record: SubtestRecord) -> SubtestRow:
    values: Row = {
        "params": clean_bounded(record.params, PARAMS_LIMIT),
        "outcome": outcome_code(record.outcome),
        "message": clean_line(record.message),
    }
    return SubtestRow(values, clean_optional(record.traceback))
