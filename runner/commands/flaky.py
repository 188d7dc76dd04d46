"""`runner flaky`: tests that are proven to be flaky, and those that are suspected."""

from __future__ import annotations

import sys
from pathlib import Path

from runner.commands.surroundings import open_registry
from runner.errors import ExitCode
from runner.report.document import dumps
from runner.report.flaky import flaky_document, flaky_text
from runner.report.paint import painter
from runner.settings import read_settings


def list_flaky(limit: int | None, *, as_json: bool = False, registry: str | None = None, colour: str = "auto") -> int:
    """Write the flaky tests to standard output and return the exit code; at most `limit` of each list."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        found = opened.unreliable_tests()
    if as_json:
        sys.stdout.write(dumps(flaky_document(found, limit), indent=2) + "\n")
    else:
        sys.stdout.write(flaky_text(found, limit, painter(colour, sys.stdout)))
    return ExitCode.OK
