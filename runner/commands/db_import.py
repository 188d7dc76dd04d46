"""`runner db import`: take runs over from other registries, the shards of a run as one run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands.surroundings import open_registry, shown_location
from runner.errors import ExitCode
from runner.report.document import SCHEMA, dumps, run_document
from runner.report.numbers import counted
from runner.report.safe import safe_line
from runner.settings import read_settings

if TYPE_CHECKING:
    from registry.intake.importing import Imported, ImportReport


def import_registries(
    files: Sequence[str], *, name: str | None = None, as_json: bool = False, registry: str | None = None
) -> int:
    """Import and tell what came of it; 1 where a shard is missing, so that no part of a suite is lost in silence."""
    with open_registry(registry, read_settings(Path.cwd())) as opened:
        report = opened.import_runs([Path(file) for file in files], name)
        where = shown_location(opened.location)
    if as_json:
        sys.stdout.write(dumps(_document(report), indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(report, where)) + "\n")
    return ExitCode.RED if any(one.missing for one in report.imported) else ExitCode.OK


def _document(report: ImportReport) -> dict[str, object]:
    imported = [
        {"run": run_document(one.run), "results": one.results, "shards": list(one.shards), "missing_shards": list(one.missing)}
        for one in report.imported
    ]
    return {"schema": SCHEMA, "imported": imported, "known": report.known, "running": list(report.running)}


def _lines(report: ImportReport, where: str) -> Iterator[str]:
    for one in report.imported:
        shards = f", of the shards {', '.join(one.shards)}" if one.shards else ""
        yield f"imported {safe_line(one.run.name)} (run {one.run.id}), {counted(one.results, 'result')}{shards}"
        if one.missing:
            yield _missing(one)
    for name in report.running:
        yield f"left out {safe_line(name)}: it is still being recorded; import it again when it has ended"
    known = f", {counted(report.known, 'run')} known already" if report.known else ""
    yield f"{counted(len(report.imported), 'run')} imported into {safe_line(where)}{known}"


def _missing(one: Imported) -> str:
    return (
        f"MISSING in {safe_line(one.run.name)}: the shards {', '.join(one.missing)}; import all files together, and give every "
        "shard the same code, tags and registry of earlier runs"
    )
