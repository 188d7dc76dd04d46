"""The live view of `runner test`: where there is one, and what it knows of earlier runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from runner.commands.surroundings import open_registry
from runner.report.live import DOTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.commands._test_request import TestRequest
    from runner.events import TestKey
    from runner.report.screen import LiveScreen
    from runner.settings import Settings


def live_screen(request: TestRequest, settings: Settings) -> LiveScreen | None:
    """Return the live view; None with -q, for a document, and where standard output is no terminal that could show it."""
    if request.as_json or request.verbosity < DOTS or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return None
    from runner.report.screen import LiveScreen

    return LiveScreen(sys.stdout, lambda: _expected(request, settings))


def _expected(request: TestRequest, settings: Settings) -> Mapping[TestKey, float]:
    """Return how long each test took lately; nothing where no registry can tell, which the run does not need."""
    from registry.errors import RegistryError

    try:
        with open_registry(request.registry, settings, must_exist=True) as registry:
            return registry.expected_durations()
    except RegistryError:
        return {}
