"""Onsets, suspects and commits to the JSON of a diff. Keys here are a contract: add, never rename."""

from __future__ import annotations

from registry.origin import Commit, CommitRange, Onset, RunPoint, way_words


def onset_document(onset: Onset | None) -> dict[str, object] | None:
    """Return since when something is bad, and who is suspected."""
    if onset is None:
        return None
    last_good, way = onset.last_good, onset.way
    return {
        "first_bad": _point(onset.first_bad),
        "last_good": _point(last_good) if last_good else None,
        "commits": way.number if way else None,
        "relation": str(way.relation) if way else None,
        "sentence": way_words(last_good, onset.first_bad, way) if last_good and way else None,
        "suspects": [{**_commit(suspect.commit), "because": suspect.because} for suspect in onset.suspects],
    }


def way_document(a: RunPoint, b: RunPoint, way: CommitRange) -> dict[str, object]:
    """Return the commits from one run to another; of very many only the newest are listed."""
    return {
        "relation": str(way.relation),
        "number": way.number,
        "sentence": way_words(a, b, way),
        "listed": [_commit(commit) for commit in way.commits],
    }


def _commit(commit: Commit) -> dict[str, object]:
    return {"commit": commit.id, "subject": commit.subject, "files": list(commit.files)}


def _point(run: RunPoint) -> dict[str, object]:
    return {
        "id": run.id,
        "name": run.name,
        "started_at": run.started_at.isoformat(),
        "commit": run.commit,
        "dirty": run.dirty,
    }
