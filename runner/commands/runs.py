"""`runner runs`: the recorded runs, newest first."""

from __future__ import annotations

import sys
from pathlib import Path

from registry.records import RunKind
from runner.commands.surroundings import open_registry
from runner.errors import ExitCode
from runner.report.document import dumps, runs_document
from runner.report.paint import painter
from runner.report.text import runs_text
from runner.settings import read_settings


def list_runs(
    kind: str | None, limit: int | None, *, as_json: bool = False, registry: str | None = None, colour: str = "auto"
) -> int:
    """Write the runs to standard output and return the exit code."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        runs = opened.runs(kind=RunKind(kind) if kind else None, limit=limit)
    if as_json:
        sys.stdout.write(dumps(runs_document(runs), indent=2) + "\n")
    elif runs:
        sys.stdout.write(runs_text(runs, painter(colour, sys.stdout)))
    else:
        sys.stdout.write("no runs are recorded; `runner test --record` makes one\n")
    return ExitCode.OK
