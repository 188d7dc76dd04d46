"""Flags of `runner test` that make no sense beside each other."""

from __future__ import annotations

from collections.abc import Mapping

from runner.commands._test_request import TestRequest
from runner.errors import UsageError


def refuse_beside(flag: str, why: str, others: Mapping[str, object]) -> None:
    """Refuse a flag beside others, of which those count that are set to something.

    Raises:
        UsageError: The first of the others that is set.
    """
    for other, value in others.items():
        if value:
            raise UsageError(f"{flag} {why}, for which {other} has no meaning; leave one of them out")


def outputs_of(request: TestRequest) -> dict[str, object]:
    """Return the flags that keep or write what comes of one whole run, with their values."""
    return {
        "--record": request.record,
        "--name": request.name,
        "--coverage": request.coverage,
        "--junit-xml": request.junit_xml,
        "--format json": request.as_json,
        "--retries": request.retries,
        "--seeds": request.seeds,
    }
