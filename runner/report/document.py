"""Recorded runs and events to the JSON documents of the interface. Keys here are a contract: add, never rename."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from registry.records import Checkpoint, Coverage, FixtureRecord, MetricSummary, Run, RunDetails, TestRecord
from runner.events import (
    Collected,
    Ended,
    Event,
    FixtureFinished,
    Polluted,
    Printed,
    TestFinished,
    TestStarted,
    Workers,
)
from runner.report.attempts import by_test, is_flaky
from runner.report.numbers import finite

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from registry.answers import Answers

SCHEMA = 1


def dumps(document: object, *, indent: int | None = None) -> str:
    """Return strict JSON in ASCII: not-finite numbers as strings, lone surrogates as escapes.

    `##`, with which CI systems begin a command anywhere in a line, can only stand in a string, and is escaped there.
    """
    return json.dumps(finite(document), allow_nan=False, indent=indent).replace("##", "#\\u0023")


def show_document(details: RunDetails) -> dict[str, object]:
    """Return what `runner show --format json` prints."""
    return {
        "schema": SCHEMA,
        "run": run_document(details.run),
        "counts": {str(outcome): number for outcome, number in details.counts.items()},
        "results": [_result(record) for record in details.results],
        "flaky": [_flaky(attempts[-1]) for attempts in by_test(details.results) if is_flaky(attempts)],
        "fixtures": [fixture_document(fixture) for fixture in details.fixtures],
        "pollution": [fields_of(change) for change in details.pollution],
        "metrics": {metric.name: _metric(metric, details) for metric in details.metrics},
        "checkpoints": [_checkpoint(checkpoint) for checkpoint in details.checkpoints],
        "answers": {answers.split: _answers(answers) for answers in details.answers},
        "dataset": fields_of(details.dataset) if details.dataset else None,
        "coverage": _coverage(details.coverage),
    }


def runs_document(runs: Iterable[Run]) -> dict[str, object]:
    """Return what `runner runs --format json` prints."""
    return {"schema": SCHEMA, "runs": [run_document(run) for run in runs]}


def run_document(run: Run) -> dict[str, object]:
    """Return one run without its results."""
    return {
        "id": run.id,
        "uid": run.uid,
        "name": run.name,
        "kind": str(run.kind),
        "status": str(run.status),
        "green": run.green,
        "seed": run.seed,
        "started_at": run.started_at.isoformat(),
        "duration_s": run.duration_s,
        "argv": list(run.argv),
        "tags": dict(run.tags),
        "params": dict(run.params),
        "git": fields_of(run.git),
        "environment": fields_of(run.environment) if run.environment else None,
        "fingerprint": run.fingerprint,
        "code_fingerprint": run.code_fingerprint,
    }


def event_document(event: Event) -> dict[str, object]:
    """Return one event of a test run as a line of `runner test --format json` shows it."""
    return {"schema": SCHEMA, **_event(event)}


def _event(event: Event) -> dict[str, object]:
    match event:
        case Collected(tests):
            return {"event": "collected", "tests": [{"id": test_id, "ordinal": ordinal} for test_id, ordinal in tests]}
        case TestStarted(key, worker):
            return {"event": "started", "id": key[0], "ordinal": key[1], "worker": worker}
        case TestFinished():
            return {"event": "finished", **_finished(event)}
        case FixtureFinished():
            return {"event": "fixture", **_fixture_event(event)}
        case Polluted(place, changes):
            return {"event": "polluted", "place": place, "changes": [fields_of(change) for change in changes]}
        case Workers() | Printed() | Ended():
            return {"event": type(event).__name__.lower(), **fields_of(event)}


def _finished(event: TestFinished) -> dict[str, object]:
    document = fields_of(event)
    del document["key"]
    test_id, ordinal = event.key
    return {"id": test_id, "ordinal": ordinal, **document, "subtests": [fields_of(subtest) for subtest in event.subtests]}


def _fixture_event(event: FixtureFinished) -> dict[str, object]:
    document = fields_of(event)
    del document["fixture_id"]
    return {"id": event.fixture_id, **document}


def _result(record: TestRecord) -> dict[str, object]:
    return {
        "id": record.test_id,
        "ordinal": record.ordinal,
        "attempt": record.attempt,
        "outcome": str(record.outcome),
        "duration_s": record.duration_s,
        "message": record.message,
        "traceback": record.traceback,
        "worker": record.worker,
        "seed": record.seed,
        "subtests": [fields_of(subtest) for subtest in record.subtests],
        "subtests_passed": record.subtests_passed,
        "output": record.output,
    }


def _flaky(last: TestRecord) -> dict[str, object]:
    return {"id": last.test_id, "ordinal": last.ordinal, "attempts": last.attempt}


def fixture_document(fixture: FixtureRecord) -> dict[str, object]:
    """Return a fixture that failed or was skipped."""
    return {
        "id": fixture.fixture_id,
        "outcome": str(fixture.outcome),
        "message": fixture.message,
        "traceback": fixture.traceback,
        "output": fixture.output,
    }


def _metric(metric: MetricSummary, details: RunDetails) -> dict[str, object]:
    return {
        "last": metric.last,
        "min": metric.minimum,
        "max": metric.maximum,
        "count": metric.count,
        "direction": metric.direction,
        "unit": metric.unit,
        "points": [[step, value] for step, value in details.points.get(metric.name, ())],
    }


def _checkpoint(checkpoint: Checkpoint) -> dict[str, object]:
    document = fields_of(checkpoint)
    document["tensors"] = [fields_of(tensor) for tensor in checkpoint.tensors]
    return document


def _answers(answers: Answers) -> dict[str, object]:
    return {"examples": answers.examples, "right": answers.right, "bits": answers.bits.hex()}


def _coverage(coverage: Coverage | None) -> dict[str, object] | None:
    if coverage is None:
        return None
    return {"percent": coverage.percent, "files": len(coverage.files)}


def fields_of(record: DataclassInstance) -> dict[str, object]:
    """Return the fields of a record under their own names."""
    # dataclasses.asdict copies deeply, and refuses a mapping that cannot be copied.
    return {field.name: getattr(record, field.name) for field in fields(record)}
