"""The live view of `runner test`, where there is one."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from runner.report.live import DOTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.commands._test_request import TestRequest
    from runner.events import TestKey
    from runner.report.screen import LiveScreen


def live_screen(request: TestRequest, expected: Callable[[], Mapping[TestKey, float]]) -> LiveScreen | None:
    """Return the live view; None with -q, for a document, beside a debugger, and where no terminal could show it.

    Args:
        request: What was asked for.
        expected: Returns the seconds that each test will probably take.
    """
    is_unwanted = request.as_json or request.pdb or request.verbosity < DOTS
    if is_unwanted or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return None
    from runner.report.screen import LiveScreen

    return LiveScreen(sys.stdout, expected)
