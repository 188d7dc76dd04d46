"""`runner test --seeds N`: one run a seed, and then which tests fail for some seeds and which for all."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.commands.surroundings import open_registry
from runner.errors import ExitCode, UsageError
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
        UsageError: A file was asked for, of which each run would write its own.
    """
    if request.junit_xml is not None:
        raise UsageError("--junit-xml is written by one run, and --seeds makes several; give --seed with one of the seeds")
    first = request.seed or 0
    requests = _requests(request, range(first, first + (request.seeds or 1)))
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


def _requests(request: TestRequest, seeds: range) -> list[TestRequest]:
    tags = request.tags | {TAG: secrets.token_hex(6)}
    return [
        replace(request, seeds=None, seed=seed, tags=tags, name=request.name and f"{request.name}-seed-{seed}") for seed in seeds
    ]
