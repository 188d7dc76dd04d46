"""Records to the JSON documents of the interface. Keys here are a contract: add, never rename."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from registry.comparing.facts import ChangedPair
from registry.comparing.suspects import point_of
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
from runner.report.origin_document import onset_document, way_document

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from registry.answers import Answers
    from registry.comparing.determinism import CheckpointChange
    from registry.comparing.transitions import Cluster
    from registry.comparing.uncovered import CoverageChange
    from registry.diff import Diff
    from registry.expected.known import KnownResult
    from runner.report.page import Page

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
        "fixtures": [_fixture(fixture) for fixture in details.fixtures],
        "pollution": [_fields(change) for change in details.pollution],
        "metrics": {metric.name: _metric(metric, details) for metric in details.metrics},
        "checkpoints": [_checkpoint(checkpoint) for checkpoint in details.checkpoints],
        "answers": {answers.split: _answers(answers) for answers in details.answers},
        "dataset": _fields(details.dataset) if details.dataset else None,
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
        "git": _fields(run.git),
        "environment": _fields(run.environment) if run.environment else None,
        "fingerprint": run.fingerprint,
        "code_fingerprint": run.code_fingerprint,
    }


def diff_document(diff: Diff) -> dict[str, object]:
    """Return what `runner diff --format json` prints."""
    return {
        "schema": SCHEMA,
        "a": run_document(diff.a),
        "b": run_document(diff.b),
        "verdict": str(diff.verdict),
        "reasons": list(diff.reasons),
        "comparability": list(diff.comparability),
        "tests": _test_changes(diff),
        "clusters": [_cluster(cluster) for cluster in diff.clusters],
        "fixtures": {"newly_failing": [_fixture(fixture) for fixture in diff.fixtures]},
        "known": [known_result_document(result) for result in diff.known],
        "metrics": [{**_fields(change), "onset": onset_document(diff.metric_onsets.get(change.name))} for change in diff.metrics],
        "rolling": None if diff.window is None else list(diff.window.runs),
        "flips": [_fields(flips) for flips in diff.flips],
        "checkpoints": _checkpoint_change(diff.checkpoints),
        "why": [_fields(reason) for reason in diff.why],
        "commits": way_document(point_of(diff.a), point_of(diff.b), diff.way),
        "coverage": _coverage_change(diff.coverage),
    }


def known_result_document(result: KnownResult) -> dict[str, object]:
    """Return what a run says about a known failure."""
    failure = result.failure
    return {
        "id": failure.test_id,
        "ordinal": result.ordinal,
        "state": str(result.state),
        "a": result.before and str(result.before),
        "b": str(result.outcome),
        "message": result.message,
        "reason": failure.reason,
        "owner": failure.owner,
        "until": failure.until.isoformat(),
    }


def page_document(page: Page) -> dict[str, object]:
    """Return a report on several pairs of runs: the verdict, what belongs to none of them, and a diff a pair."""
    return {
        "schema": SCHEMA,
        "title": page.title,
        "verdict": str(page.verdict),
        "sentence": page.sentence,
        "started_at": page.started_at and page.started_at.isoformat(),
        "facts": dict(page.facts),
        "findings": [{"verdict": str(finding.verdict), "sentence": finding.sentence} for finding in page.findings],
        "sections": [{"role": section.role, **diff_document(section.diff)} for section in page.sections],
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
            return {"event": "polluted", "place": place, "changes": [_fields(change) for change in changes]}
        case Workers() | Printed() | Ended():
            return {"event": type(event).__name__.lower(), **_fields(event)}


def _finished(event: TestFinished) -> dict[str, object]:
    document = _fields(event)
    del document["key"]
    test_id, ordinal = event.key
    return {"id": test_id, "ordinal": ordinal, **document, "subtests": [_fields(subtest) for subtest in event.subtests]}


def _fixture_event(event: FixtureFinished) -> dict[str, object]:
    document = _fields(event)
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
        "subtests": [_fields(subtest) for subtest in record.subtests],
        "subtests_passed": record.subtests_passed,
        "output": record.output,
    }


def _flaky(last: TestRecord) -> dict[str, object]:
    return {"id": last.test_id, "ordinal": last.ordinal, "attempts": last.attempt}


def _fixture(fixture: FixtureRecord) -> dict[str, object]:
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
    document = _fields(checkpoint)
    document["tensors"] = [_fields(tensor) for tensor in checkpoint.tensors]
    return document


def _answers(answers: Answers) -> dict[str, object]:
    return {"examples": answers.examples, "right": answers.right, "bits": answers.bits.hex()}


def _coverage(coverage: Coverage | None) -> dict[str, object] | None:
    if coverage is None:
        return None
    return {"percent": coverage.percent, "files": len(coverage.files)}


def _pair(pair: ChangedPair, diff: Diff) -> dict[str, object]:
    pace = diff.paces.get(pair.key)
    return {
        "id": pair.test_id,
        "ordinal": pair.ordinal,
        "a": pair.a and str(pair.a),
        "b": pair.b and str(pair.b),
        "message": pair.message,
        "cluster": pair.cause_b or pair.cause_a,
        "duration_a_s": pair.duration_a_s,
        "duration_b_s": pair.duration_b_s,
        "attempts_b": pair.attempts_b,
        "renamed_from": pair.renamed_from,
        "verdict": pace and str(pace.verdict),
        "evidence": pace and pace.evidence,
        "onset": onset_document(diff.onsets.get(pair.key)),
    }


def _cluster(cluster: Cluster) -> dict[str, object]:
    return {
        "cluster": cluster.cause,
        "tests": cluster.tests,
        "is_new": cluster.is_new,
        "example": cluster.example.test_id,
        "message": cluster.example.message,
    }


def _test_changes(diff: Diff) -> dict[str, object]:
    changes = diff.tests
    names = (name for name in changes.__slots__ if name != "unchanged")
    lists = {name: [_pair(pair, diff) for pair in getattr(changes, name)] for name in names}
    return {**lists, "unchanged": changes.unchanged}


def _checkpoint_change(change: CheckpointChange) -> dict[str, object]:
    return {**_fields(change), "parting": _fields(change.parting) if change.parting else None}


def _coverage_change(change: CoverageChange | None) -> dict[str, object] | None:
    return {**_fields(change), "lines": [_fields(file) for file in change.lines]} if change else None


def _fields(record: DataclassInstance) -> dict[str, object]:
    # dataclasses.asdict copies deeply, and refuses a mapping that cannot be copied.
    return {field.name: getattr(record, field.name) for field in fields(record)}
