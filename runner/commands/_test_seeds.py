"""`runner test --seeds N`: one run a seed, and then which tests fail for some seeds and which for all."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from runner.commands.surroundings import open_registry
from runner.errors import ExitCode
from runner.report.document import dumps
from runner.report.seeds import SeedReport, seeds_document, seeds_text

if TYPE_CHECKING:
    from runner.commands._test_request import TestRequest
    from runner.events import TestSink
    from runner.settings import Settings

    RunOnce = Callable[[TestRequest, Settings, TestSink], int]

TAG = "seeds"
"""The tag that the runs of one command share."""

_STOPPED = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def run_seeds(request: TestRequest, settings: Settings, run_once: RunOnce, *, record: bool) -> int:
    """Run under each seed, write what that shows, and return the worst exit code.

    Raises:
        ReportUnwritable: Nothing can be written to the path of --junit-xml.
    """
    if request.junit_xml is None:
        return _run_all(_requests(request), request, settings, run_once, record=record)
    from runner.commands.report_file import ReportFile
    from runner.report.junit import join_documents

    file = ReportFile(request.junit_xml, "the JUnit report", "--junit-xml")
    with TemporaryDirectory(prefix="runner-seeds-") as folder:
        requests = [replace(one, junit_xml=str(Path(folder, f"{one.seed}.xml"))) for one in _requests(request)]
        code = _run_all(requests, request, settings, run_once, record=record)
        name = request.name or "runner"
        parts = {f"{name}-seed-{one.seed}": path for one in requests if (path := Path(str(one.junit_xml))).exists()}
        file.write(lambda output: join_documents(parts, name, output))
    return code


def _run_all(
    requests: Sequence[TestRequest], request: TestRequest, settings: Settings, run_once: RunOnce, *, record: bool
) -> int:
    if record and request.name is not None:
        with open_registry(request.registry, settings) as registry:
            for one in requests:
                registry.check_new_name(str(one.name))
    report = SeedReport()
    codes: list[int] = []
    for one in requests:
        if not request.as_json:
            sys.stdout.write(f"run {len(codes) + 1} of {len(requests)}\n")
        codes.append(run_once(one, settings, report.of_seed(one.seed or 0)))
        if codes[-1] in _STOPPED:
            return codes[-1]
    sys.stdout.write(dumps(seeds_document(report)) + "\n" if request.as_json else seeds_text(report))
    return ExitCode.NOTHING if set(codes) == {ExitCode.NOTHING} else max(code for code in codes if code != ExitCode.NOTHING)


def _requests(request: TestRequest) -> list[TestRequest]:
    """Return what each run is asked for, from the seed that was given or 0 on."""
    first = request.seed or 0
    tags = request.tags | {TAG: secrets.token_hex(6)}
    return [
        replace(request, seeds=None, seed=seed, tags=tags, name=request.name and f"{request.name}-seed-{seed}")
        for seed in range(first, first + (request.seeds or 1))
    ]
