"""`runner history`: one test or one metric over the latest runs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.surroundings import open_registry
from runner.errors import ExitCode, UsageError
from runner.report.document import dumps
from runner.report.history import outcomes_document, outcomes_text, values_document, values_text
from runner.report.paint import painter
from runner.report.sparkline import levels_for
from runner.settings import read_settings

if TYPE_CHECKING:
    from registry.store import Registry


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """What the command line asks for; `is_metric` is None where the registry is to tell."""

    subject: str
    limit: int
    is_metric: bool | None = None
    as_json: bool = False
    registry: str | None = None
    colour: str = "auto"


def show_history(request: HistoryRequest) -> int:
    """Write the history of a test or of a metric to standard output and return the exit code."""
    with open_registry(request.registry, read_settings(Path.cwd()), must_exist=True) as registry:
        name, is_metric = registry.find_subject(request.subject, is_metric=request.is_metric)
        text = _metric(registry, name, request) if is_metric else _test(registry, name, request)
    sys.stdout.write(text)
    return ExitCode.OK


def asked_kind(*, test: bool, metric: bool) -> bool | None:
    """Return whether a metric is asked for; None where neither flag says.

    Raises:
        UsageError: Both do.
    """
    if test and metric:
        raise UsageError("--test and --metric exclude each other; leave one out")
    return metric if test or metric else None


def _metric(registry: Registry, name: str, request: HistoryRequest) -> str:
    past = registry.metric_history(name, request.limit)
    if request.as_json:
        return dumps(values_document(past), indent=2) + "\n"
    return values_text(past, levels_for(sys.stdout.encoding))


def _test(registry: Registry, name: str, request: HistoryRequest) -> str:
    entries = registry.history(name, request.limit)
    if request.as_json:
        return dumps(outcomes_document(name, entries), indent=2) + "\n"
    return outcomes_text(name, entries, painter(request.colour, sys.stdout), levels_for(sys.stdout.encoding))
