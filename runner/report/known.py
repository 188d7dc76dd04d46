"""The list of known failures to text and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from registry.expected.known import KnownFailure
from runner.report.document import SCHEMA
from runner.report.safe import safe_line
from runner.report.text import LONGEST_ID, Paint, plain, wrapped

_LONGEST_REASON = 400


def added_text(failure: KnownFailure, before: KnownFailure | None) -> str:
    """Return what `runner known add` prints."""
    changed = "" if before is None else f"; until now it was {before.until}, owner {before.owner}: {before.reason}"
    told = f"{failure.test_id} may fail until {failure.until}{changed}"
    return "\n".join(wrapped(safe_line(told, _LONGEST_REASON + LONGEST_ID).split(" "))) + "\n"


def known_text(known: Iterable[KnownFailure], today: date, paint: Paint = plain) -> str:
    """Return what `runner known list` prints: those that have expired first."""
    lines: list[str] = []
    for failure in sorted(known, key=lambda failure: failure.until):
        lines.append(safe_line(failure.test_id, LONGEST_ID))
        state = paint("expired on", "red") if failure.is_expired(today) else "until"
        told = f"{failure.until}, owner {failure.owner}: {failure.reason}"
        lines += wrapped([state, *safe_line(told, _LONGEST_REASON).split(" ")], "  ", "  ")
    return "\n".join(lines or ["no failure is known; `runner known add TEST` adds one"]) + "\n"


def known_document(known: Iterable[KnownFailure], today: date) -> dict[str, object]:
    """Return what `runner known list --format json` prints."""
    return {"schema": SCHEMA, "known": [_failure(failure, today) for failure in known]}


def _failure(failure: KnownFailure, today: date) -> dict[str, object]:
    return {
        "id": failure.test_id,
        "reason": failure.reason,
        "owner": failure.owner,
        "until": failure.until.isoformat(),
        "expired": failure.is_expired(today),
        "added_at": failure.added_at.isoformat(),
    }
