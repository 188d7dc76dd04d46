"""`runner diff`: what changed from run A to run B, and whether to worry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from registry.regress import Verdict
from runner.commands.comparing import diff_against
from runner.commands.delivery import deliver
from runner.commands.report_file import ReportFile
from runner.commands.sections import gathered
from runner.commands.surroundings import open_registry
from runner.errors import ExitCode
from runner.report.sentence import page_of
from runner.settings import read_settings

FAIL_ON = {
    "regressed": frozenset({Verdict.REGRESSED}),
    "suspected": frozenset({Verdict.REGRESSED, Verdict.SUSPECTED}),
    "never": frozenset[Verdict](),
}
"""Which verdicts give exit code 1."""


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What the command line asks for."""

    a: str
    b: str
    form: str = "text"
    output: str | None = None
    fail_on: str = "regressed"
    registry: str | None = None
    colour: str = "auto"


def run_diff(request: DiffRequest) -> int:
    """Write the diff of two runs to standard output or to a file, and return the exit code."""
    file = None if request.output is None else ReportFile(request.output, "the report", "--output")
    settings = read_settings(Path.cwd())
    with open_registry(request.registry, settings, must_exist=True) as registry:
        diff = diff_against(registry, request.a, registry.find_run(request.b), settings.root)
        page = page_of(gathered(registry, diff, request.form))
    deliver(page, request.form, file, request.colour)
    return ExitCode.RED if diff.verdict in FAIL_ON[request.fail_on] else ExitCode.OK
