"""`runner known`: tests that may fail for a while, muted and not skipped."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from registry.expected.known import KnownFailure
from runner.commands.surroundings import open_registry
from runner.errors import ExitCode, UsageError
from runner.report.document import dumps
from runner.report.known import added_text, known_document, known_text
from runner.report.paint import painter
from runner.report.safe import safe_line
from runner.settings import read_settings

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """What the command line says of a known failure."""

    test: str
    reason: str
    owner: str
    until: str


def add_known(request: KnownRequest, *, registry: str | None = None) -> int:
    """Add a known failure and return the exit code."""
    now = datetime.now(UTC)
    failure = KnownFailure(request.test, request.reason, request.owner, _day(request.until), now)
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        before = opened.known_failures.add(failure, now.astimezone().date())
    sys.stdout.write(added_text(failure, before))
    return ExitCode.OK


def list_known(*, as_json: bool = False, registry: str | None = None, colour: str = "auto") -> int:
    """Write the known failures to standard output and return the exit code."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        known = opened.known_failures.listed()
    today = datetime.now(UTC).astimezone().date()
    if as_json:
        sys.stdout.write(dumps(known_document(known, today), indent=2) + "\n")
    else:
        sys.stdout.write(known_text(known, today, painter(colour, sys.stdout)))
    return ExitCode.OK


def remove_known(test: str, *, registry: str | None = None) -> int:
    """Remove a known failure and return the exit code."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        removed = opened.known_failures.remove(test)
    sys.stdout.write(f"{safe_line(removed.test_id)} is no known failure any more\n")
    return ExitCode.OK


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--until {text} is no day of the calendar ({error}); write it as YYYY-MM-DD") from error
    raise UsageError(f"--until {text!r} is no day; write it as YYYY-MM-DD, such as 2026-12-31")
