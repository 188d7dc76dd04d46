"""Small projects whose programs run unittest themselves, with and without the drop-in, and what was recorded of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import registry
from registry.records import RunDetails, RunStatus

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 60


def write_project(folder: Path, files: dict[str, str]) -> None:
    """Write files (name to indented text) and an empty pyproject.toml, which makes the folder a project of its own."""
    for name, text in {"pyproject.toml": "", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text), encoding="utf-8")


def environment(**changes: str) -> dict[str, str]:
    """Return this environment without what would name another registry or measure a copy."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "RUNNER_"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "NO_COLOR": "1", **changes}


def start(folder: Path, *arguments: str, **changes: str) -> subprocess.Popen[str]:
    """Start this interpreter in a folder, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for a process and return what it wrote."""
    out, err = process.communicate(timeout=SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def recorded(folder: Path, reference: str = "latest") -> RunDetails:
    """Return a run of the project's registry; where its process died, the recorder may still be at work."""
    path = folder / ".runner" / "registry.db"
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if path.exists():
            with registry.open(path, must_exist=True) as opened:
                if opened.runs() and opened.find_run(reference).status is not RunStatus.RUNNING:
                    return opened.details(opened.find_run(reference))
        time.sleep(0.05)
    raise AssertionError(f"{path} holds no finished run {reference} after {SECONDS} s")


def run_names(folder: Path) -> Sequence[str]:
    """Return the names of all runs of the project's registry, newest first."""
    with registry.open(folder / ".runner" / "registry.db", must_exist=True) as opened:
        return [run.name for run in opened.runs()]


def outcomes(details: RunDetails) -> dict[str, str]:
    """Return class and method, or whatever an id has after its module, with the outcome."""
    return {result.test_id.partition(".")[2]: str(result.outcome) for result in details.results}


def message(details: RunDetails, name: str) -> str:
    """Return the message of the test whose id ends with a name."""
    return next(result.message or "" for result in details.results if result.test_id.endswith(name))
