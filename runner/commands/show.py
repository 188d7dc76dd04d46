"""`runner show`: everything recorded about one run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.surroundings import open_registry
from runner.errors import ExitCode
from runner.report.document import dumps, show_document
from runner.report.paint import painter
from runner.report.text import show_text
from runner.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry.records import RunDetails


def show_run(reference: str, *, output: str = "text", registry: str | None = None, colour: str = "auto") -> int:
    """Write one run to standard output and return the exit code; `output` is text, json or a format that a plug-in adds."""
    render = _renderer(output, colour)
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        details = opened.details(opened.find_run(reference), with_points=output != "text")
    sys.stdout.write(render(details))
    return ExitCode.OK


def _renderer(output: str, colour: str) -> Callable[[RunDetails], str]:
    if output == "text":
        return lambda details: show_text(details, painter(colour, sys.stdout))
    if output == "json":
        return lambda details: dumps(show_document(details), indent=2) + "\n"
    from runner.commands.plugged import find_format

    return find_format(output)
