"""`runner db`: look at the registry, bring its schema up to date, check it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from runner.commands.surroundings import open_registry, registry_url
from runner.errors import ExitCode
from runner.report.document import SCHEMA, dumps
from runner.report.numbers import size
from runner.report.safe import safe_line
from runner.report.text import columns
from runner.settings import read_settings


def show_info(*, as_json: bool = False, registry: str | None = None) -> int:
    """Write where the registry is, its schema and what it holds."""
    from registry.schema import inspect

    info = inspect(registry_url(registry, read_settings(Path.cwd())))
    if as_json:
        sys.stdout.write(dumps({"schema": SCHEMA, **asdict(info)}, indent=2) + "\n")
        return ExitCode.OK
    rows = [(key.replace("_", " "), "-" if value is None else safe_line(str(value))) for key, value in asdict(info).items()]
    rows = [(key, size(int(value)) if key == "size bytes" and value != "-" else value) for key, value in rows]
    sys.stdout.write("\n".join(columns(rows, indent=0)) + "\n")
    return ExitCode.OK


def upgrade(*, registry: str | None = None) -> int:
    """Bring the schema to the newest revision, with a backup first."""
    from registry.schema import upgrade as upgrade_schema

    report = upgrade_schema(registry_url(registry, read_settings(Path.cwd())))
    if report.from_revision == report.to_revision:
        sys.stdout.write(f"the schema is at {report.to_revision} already; nothing to do\n")
    else:
        backup = f"; the registry as it was is kept in {report.backup_path}" if report.backup_path else ""
        sys.stdout.write(f"upgraded from {report.from_revision or 'nothing'} to {report.to_revision}{backup}\n")
    return ExitCode.OK


def check(*, registry: str | None = None) -> int:
    """Look for damage; each problem is one line."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        problems = opened.check()
    if not problems:
        sys.stdout.write("no problems found\n")
        return ExitCode.OK
    for problem in problems:
        sys.stdout.write(f"{safe_line(problem)}\n")
    return ExitCode.TOOL
