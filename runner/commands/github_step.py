"""A run of tests as a step of GitHub Actions."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from runner.report.github import Problems, error_commands, resumed, stopped, summary_markdown
from runner.report.safe import safe_line

if TYPE_CHECKING:
    from registry.records import Run
    from runner.report.places import Places
    from runner.report.tally import Tally

_TOKEN_BYTES = 16


class GithubStep:
    """Stops workflow commands while tests print, then marks what failed. Use as a context manager.

    Attributes:
        problems: The sink that takes the events.
    """

    def __init__(self, places: Places, stream: TextIO) -> None:
        self.problems = Problems()
        self._places = places
        self._stream = stream
        self._token = secrets.token_hex(_TOKEN_BYTES)
        self._is_stopped = False

    def __enter__(self) -> Self:
        self._write(stopped(self._token))
        self._is_stopped = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._resume()

    def write(self, run: Run, tally: Tally) -> None:
        """Write annotations and summary; what is printed afterwards may act as a workflow command again."""
        self._resume()
        found = self.problems.found
        self._write(error_commands(found, self._places))
        path = os.environ.get("GITHUB_STEP_SUMMARY")
        if path:
            self._append(Path(path), summary_markdown(found, run, tally))

    def _resume(self) -> None:
        if self._is_stopped:
            self._is_stopped = False
            self._write(resumed(self._token))

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def _append(self, path: Path, text: str) -> None:
        """Append to the summary, which nobody asked for: where that fails, it costs a sentence and not the run."""
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            reason = safe_line(f"{path} ({error.strerror or error})")
            sys.stderr.write(f"runner: the summary of the job cannot be written to {reason} [report-unwritable]\n")
