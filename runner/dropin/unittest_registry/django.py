"""Django's test runner, recorded; needs Django, and nothing of ours but this package."""

from __future__ import annotations

import sys
import unittest
from typing import Any

from django.test.runner import DiscoverRunner

from .recording import RecordingTestRunner

__unittest = True


class RecordingDiscoverRunner(DiscoverRunner):  # type: ignore[misc]
    """Django's `DiscoverRunner`, whose results are recorded: `TEST_RUNNER = "runner.django.RecordingDiscoverRunner"`.

    A subclass names the run or its registry by `test_runner = RecordingTestRunner.with_options(...)`.
    """

    test_runner = RecordingTestRunner
    _is_parallel = False

    def run_suite(self, suite: unittest.TestSuite, **options: Any) -> unittest.TestResult:
        """Run the suite as Django does."""
        self._is_parallel = isinstance(suite, self.parallel_test_suite)
        result: unittest.TestResult = super().run_suite(suite, **options)
        return result

    def get_test_runner_kwargs(self) -> dict[str, Any]:
        """Say where durations are unknown: before Python 3.12, Django's parallel processes do not tell them."""
        arguments: dict[str, Any] = super().get_test_runner_kwargs()
        is_ours = issubclass(self.test_runner, RecordingTestRunner)
        if is_ours and self._is_parallel and sys.version_info < (3, 12):
            arguments["is_timed"] = False
        return arguments
