"""`runner show`: everything recorded about one run."""

from __future__ import annotations

import sys
from pathlib import Path

from runner.commands.surroundings import open_registry
from runner.errors import ExitCode
from runner.report.document import dumps, show_document
from runner.report.paint import painter
from runner.report.text import show_text
from runner.settings import read_settings


def show_run(reference: str, *, as_json: bool = False, registry: str | None = None, colour: str = "auto") -> int:
    """Write one run to standard output and return the exit code."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        details = opened.details(opened.find_run(reference), with_points=as_json)
    text = dumps(show_document(details), indent=2) + "\n" if as_json else show_text(details, painter(colour, sys.stdout))
    sys.stdout.write(text)
    return ExitCode.OK
