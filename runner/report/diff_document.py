"""Diffs and reports to the JSON documents of the interface. Keys here are a contract: add, never rename."""

from __future__ import annotations

from registry.comparing.determinism import CheckpointChange
from registry.comparing.facts import ChangedPair
from registry.comparing.suspects import point_of
from registry.comparing.transitions import Cluster
from registry.comparing.uncovered import CoverageChange
from registry.diff import Diff
from registry.expected.known import KnownResult
from runner.report.document import SCHEMA, fields_of, fixture_document, run_document
from runner.report.origin_document import onset_document, way_document
from runner.report.page import Page


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
        "fixtures": {"newly_failing": [fixture_document(fixture) for fixture in diff.fixtures]},
        "known": [known_result_document(result) for result in diff.known],
        "metrics": [
            {**fields_of(change), "onset": onset_document(diff.metric_onsets.get(change.name))} for change in diff.metrics
        ],
        "rolling": None if diff.window is None else list(diff.window.runs),
        "flips": [fields_of(flips) for flips in diff.flips],
        "checkpoints": _checkpoint_change(diff.checkpoints),
        "why": [fields_of(reason) for reason in diff.why],
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
    return {**fields_of(change), "parting": fields_of(change.parting) if change.parting else None}


def _coverage_change(change: CoverageChange | None) -> dict[str, object] | None:
    return {**fields_of(change), "lines": [fields_of(file) for file in change.lines]} if change else None
