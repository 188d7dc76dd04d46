"""`runner report`: the report of a night again, of any two runs, or an overview of the nights."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from registry.naming import is_of_each_run
from registry.records import RunKind, RunStatus
from runner.commands._night_page import NightView
from runner.commands._night_terms import terms_of
from runner.commands.comparing import HeldTo, diff_of
from runner.commands.delivery import deliver
from runner.commands.report_file import ReportFile
from runner.commands.sections import gathered
from runner.commands.surroundings import open_registry
from runner.errors import ExitCode, NothingToCompare, UsageError
from runner.report.nights import NIGHT_FORMATS, nights_in, nights_sentence
from runner.report.numbers import size
from runner.report.paint import painter
from runner.report.sentence import page_of
from runner.settings import read_settings

if TYPE_CHECKING:
    from registry.records import Run
    from registry.store import Registry
    from runner.report.page import Page


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What the command line asks for.

    Attributes:
        run: A night, or any run.
        against: What to compare with; None for what the night was compared with.
        nights: How many nights an overview lists; None for the report of one run.
    """

    run: str = "latest:nightly"
    against: str | None = None
    nights: int | None = None
    form: str = "text"
    output: str | None = None
    registry: str | None = None
    colour: str = "auto"


def run_report(request: ReportRequest) -> int:
    """Write the report to standard output or to a file and return the exit code; a verdict is told, and decides nothing here.

    Raises:
        UsageError: The flags contradict each other, or it is not said what to compare a run with.
        RunNotFound: There is no such run.
        NothingToCompare: The two runs cannot be compared, or the night still runs.
    """
    if request.nights is not None and request.against is not None:
        raise UsageError("--nights lists nights and compares none; leave --against out")
    if request.nights is not None and request.form not in NIGHT_FORMATS:
        raise UsageError(f"--nights has no {request.form} form; choose one of {', '.join(NIGHT_FORMATS)}")
    file = None if request.output is None else ReportFile(request.output, "the report", "--output")
    settings = read_settings(Path.cwd())
    with open_registry(request.registry, settings, must_exist=True) as registry:
        if request.nights is not None:
            return _overview(request, registry, file)
        page = _page(request, registry, settings.root)
    deliver(page, request.form, file, request.colour)
    return ExitCode.OK


def _page(request: ReportRequest, registry: Registry, root: Path) -> Page:
    run = registry.find_run(request.run)
    if run.kind is RunKind.NIGHTLY and is_of_each_run(request.against or ""):
        return _night(request, registry, run, request.against, root)
    reference = None if request.against is None else registry.find_run(request.against, like=run)
    if run.kind is RunKind.NIGHTLY:
        return _night(request, registry, run, None if reference is None else reference.name, root)
    if reference is None:
        raise UsageError(f"{run.name} is no night but a {run.kind} run; say with --against what to compare it with")
    diff = diff_of(registry, reference, run, root, HeldTo(reference=request.against))
    return page_of(gathered(registry, diff, request.form))


def _night(request: ReportRequest, registry: Registry, night: Run, reference: str | None, root: Path) -> Page:
    if night.status is RunStatus.RUNNING:
        raise NothingToCompare(f"{night.name} still runs; its report comes when it has ended, and `runner runs` lists its parts")
    terms = terms_of(night)
    if reference is None:
        # One that was killed while it wrote down its verdict has none.
        found = registry.nights.found(night) if night.status is RunStatus.FINISHED else None
        return NightView(registry, night, root, terms).page(request.form, found)
    against = ((str(request.against), reference),)
    return NightView(registry, night, root, replace(terms, against=against)).page(request.form)


def _overview(request: ReportRequest, registry: Registry, file: ReportFile | None) -> int:
    nights = registry.nights.overview(request.nights)
    if file is None:
        sys.stdout.write(nights_in(request.form, nights, painter(request.colour, sys.stdout)))
    else:
        text = nights_in(request.form, nights)
        file.write(lambda stream: stream.write(text))
        sys.stdout.write(f"{nights_sentence(nights)}\n{file.path} ({size(len(text.encode()))})\n")
    return ExitCode.OK if nights else ExitCode.NOTHING
