"""`runner baseline`: named runs to compare with."""

from __future__ import annotations

import sys
from pathlib import Path

from runner.commands.surroundings import open_registry
from runner.errors import ExitCode
from runner.report.baselines import baselines_document, baselines_text, move_document, move_text
from runner.report.document import dumps
from runner.report.safe import safe_line
from runner.settings import read_settings


def set_baseline(name: str, run: str, *, lower_bar: bool = False, as_json: bool = False, registry: str | None = None) -> int:
    """Let a baseline mean a run, say from where to where it moved, and return the exit code."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        move = opened.baselines.set(name, opened.find_run(run), lower_bar=lower_bar)
    sys.stdout.write(dumps(move_document(move), indent=2) + "\n" if as_json else move_text(move))
    return ExitCode.OK


def list_baselines(*, as_json: bool = False, registry: str | None = None) -> int:
    """Write the baselines to standard output and return the exit code."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        baselines = opened.baselines.listed()
    sys.stdout.write(dumps(baselines_document(baselines), indent=2) + "\n" if as_json else baselines_text(baselines))
    return ExitCode.OK


def remove_baseline(name: str, *, registry: str | None = None) -> int:
    """Remove a baseline and return the exit code."""
    with open_registry(registry, read_settings(Path.cwd()), must_exist=True) as opened:
        removed = opened.baselines.remove(name)
    sys.stdout.write(f"baseline {safe_line(removed.name)} removed; it meant {safe_line(removed.run)}, which stays\n")
    return ExitCode.OK
