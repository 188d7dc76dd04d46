"""unittest's own test runner, whose results go to a recorder process as well."""

from __future__ import annotations

import os
import sys
import time
import unittest
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest import signals

from .observing import Observer
from .recorder import RecorderProcess

__unittest = True

_VARIABLE = "RUNNER_REGISTRY"
_NOT_RECORDED = 3


class RecordingTestRunner(unittest.TextTestRunner):
    """`unittest.TextTestRunner`, which also records: `unittest.main(testRunner=runner.RecordingTestRunner)`.

    What it prints, the result that it returns and the exit code are those of its base class. A run that could not be recorded
    is told on standard error; with `strict` it also ends the process with exit code 3.

    Args:
        arguments: Those of `unittest.TextTestRunner`, as are `keywords`.
        registry: Path or URL; by default RUNNER_REGISTRY, else what `[tool.runner]` says, else the project's own.
        name: Name of the run; by default test-ID.
        tags: Tags of the run.
        strict: Whether the process must fail where the run is not recorded.

    Attributes:
        registry: A subclass may set it, as it may set `run_name`, `tags` and `strict`; arguments win.
        recorded_as: Name of the run after it was recorded.
    """

    registry: str | Path | None = None
    run_name: str | None = None
    tags: Mapping[str, str] = MappingProxyType({})
    strict: bool = False
    recorded_as: str | None = None

    def __init__(
        self,
        *arguments: Any,
        registry: str | Path | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        strict: bool | None = None,
        **keywords: Any,
    ) -> None:
        self._is_timed = keywords.pop("is_timed", True)
        super().__init__(*arguments, **keywords)
        self.registry = self.registry if registry is None else registry
        self.run_name = self.run_name if name is None else name
        self.tags = self.tags if tags is None else tags
        self.strict = self.strict if strict is None else strict
        self._observer: Observer | None = None

    @classmethod
    def with_options(
        cls,
        *,
        registry: str | Path | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        strict: bool | None = None,
    ) -> type[RecordingTestRunner]:
        """Return this class with other defaults, for those who are given a class and make the runner themselves."""
        given = {"registry": registry, "run_name": name, "tags": tags, "strict": strict}
        return type(cls.__name__, (cls,), {key: value for key, value in given.items() if value is not None})

    def run(self, test: unittest.TestSuite | unittest.TestCase) -> unittest.TestResult:  # type: ignore[override]
        """Run the tests as the base class does, and record them."""
        recorder = RecorderProcess(self._header())
        # A test that runs `runner` itself records where its own project says.
        hidden = os.environ.pop(_VARIABLE, None)
        begun = time.perf_counter()
        observer = self._observer = Observer(test, recorder.send)
        try:
            result: unittest.TestResult = super().run(test)
        except BaseException as problem:
            observer.finish(*_why_it_broke_off(problem), time.perf_counter() - begun)
            raise
        else:
            observer.finish(self._why_it_ended(result), "", time.perf_counter() - begun)
        finally:
            if hidden is not None:
                os.environ.setdefault(_VARIABLE, hidden)
            self._observer = None
            self._tell(recorder, observer)
        return result

    def _makeResult(self) -> Any:  # noqa: N802 (unittest's own name for the place where a subclass makes the result)
        result = super()._makeResult()
        if self._observer is not None:
            self._observer.watch(result)
        return result

    def _header(self) -> dict[str, object]:
        return {
            "registry": None if self.registry is None else str(self.registry),
            "name": self.run_name,
            "tags": {str(key): str(value) for key, value in self.tags.items()},
            "argv": [str(argument) for argument in sys.argv],
            "is_timed": self._is_timed,
            "begun": time.monotonic(),
        }

    def _why_it_ended(self, result: unittest.TestResult) -> str:
        if not result.shouldStop:
            return ""
        handler = signals._interrupt_handler  # type: ignore[attr-defined]  # noqa: SLF001 (what -c installs)
        if handler is not None and handler.called:
            return "interrupted"
        return "failfast" if self.failfast else "stopped"

    def _tell(self, recorder: RecorderProcess, observer: Observer) -> None:
        """Wait for the recorder, and say where it failed."""
        self.recorded_as = recorder.finish()
        problem = observer.problem or recorder.problem
        if problem is None:
            return
        how = "was not recorded" if self.recorded_as is None else f"is not recorded completely, as {self.recorded_as}"
        print(f"runner: this run {how}: {problem}", file=sys.stderr)  # noqa: T201 (its base class prints there too)
        if self.strict:
            raise SystemExit(_NOT_RECORDED)


def _why_it_broke_off(problem: BaseException) -> tuple[str, str]:
    if isinstance(problem, KeyboardInterrupt):
        return "interrupted", ""
    return "raised", f"{type(problem).__name__}: {problem}"
