"""The suites and trainings of a night: each a `runner test` or `runner train` in a process of its own, linked to the night."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.past.night import AGAIN, Part
from runner.errors import Terminated

if TYPE_CHECKING:
    from registry.records import Run
    from registry.store import Registry
    from runner.settings import Settings
    from runner.settings_nightly import Nightly, Suite, Task

MOST_AGAIN: Final = 50
"""Slow tests that are measured again at most: their names have to fit on a command line."""

PATIENCE_S: Final = 30
"""Seconds in which a part that is to end may write down what it has."""

_LOOK_EVERY_S: Final = 0.2
_HOUR_S: Final = 3_600
_LONGEST_LINE: Final = 8_000
_GLOB: Final = re.compile(r"([*?\[])")


@dataclass(frozen=True, slots=True)
class Job:
    """A part that is to be run: its role, what would be typed after `runner`, and the hours after which it is ended."""

    role: str
    arguments: tuple[str, ...]
    limit_h: float

    @property
    def limit(self) -> str:
        """The limit in words."""
        return f"{self.limit_h:g} h"

    @property
    def slug(self) -> str:
        """The role as a part of a name and of a file's name."""
        return self.role.replace(" ", "-")


def jobs_of(nightly: Nightly, settings: Settings) -> tuple[Job, ...]:
    """Return what a night runs: first the suites, then the trainings."""
    suites = [(suite.role, _suite(suite, settings)) for suite in nightly.suites]
    trainings = [(task.role(seed), _task(task, seed)) for task in nightly.tasks for seed in task.seeds]
    return tuple(Job(role, tuple(arguments), nightly.part_timeout) for role, arguments in (*suites, *trainings))


def again(job: Job, tests: tuple[str, ...]) -> Job:
    """Return the job that runs some tests of a suite once more."""
    patterns = [word for test in tests[:MOST_AGAIN] for word in ("-k", _GLOB.sub(r"[\1]", test))]
    return replace(job, role=job.role + AGAIN, arguments=(*job.arguments, *patterns))


def _suite(suite: Suite, settings: Settings) -> Iterator[str]:
    start = suite.start_directory
    if start.isidentifier() and not (settings.root / start).is_dir():
        # A folder that is gone must not be taken for a package of that name that is installed, as unittest would.
        start = str(settings.root / start)
    yield from ("test", "--record", f"--start-directory={start}")
    top = suite.top_level_directory or settings.top_level_directory
    if top is not None:
        yield f"--top-level-directory={top}"
    if suite.pattern is not None:
        yield f"--pattern={suite.pattern}"
    if suite.coverage:
        yield "--coverage"


def _task(task: Task, seed: int) -> Iterator[str]:
    yield from ("train", task.task, f"--seed={seed}")
    options = {"epochs": task.epochs, "batch-size": task.batch_size, "lr": task.lr, "device": task.device}
    for name, value in {**options, "threads": task.threads}.items():
        if value is not None:
            yield f"--{name}={value}"


class Parts:
    """Runs the parts of a night.

    Args:
        registry: Where they are recorded.
        night: The night's run.
        root: The project's root, in which they run.
        url: What `--registry` is to say; None lets them find it as the night did.
        logs: Folder of what they print.
    """

    def __init__(self, registry: Registry, night: Run, root: Path, url: str | None, logs: Path) -> None:
        self._registry = registry
        self._night = night
        self._root = root
        self._url = url
        self._logs = logs

    def run(self, job: Job) -> Part | None:
        """Run a part to its end, or until its limit, and return it; None where it recorded nothing.

        Raises:
            KeyboardInterrupt: The night is to stop; the part has been told, and has ended.
        """
        name = f"{self._night.name}/{job.slug}"
        with self.log(job).open("wb") as log, self._started(job, name, log.fileno()) as process:
            try:
                if not self._has_ended(process, name, job):
                    _stop(process, signal.SIGTERM)
                    log.write(
                        f"\nit took longer than {job.limit}, `part-timeout` in [tool.runner.nightly], and was ended\n".encode()
                    )
                    self._mark_ended(name, job)
            except KeyboardInterrupt as interrupt:
                _stop(process, signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT)
                self._link(name, job.role)
                raise
        return next((part for part in self._registry.nights.parts(self._night) if part.role == job.role), None)

    def log(self, job: Job) -> Path:
        """Return the file that holds what a part prints."""
        path = self._logs / f"{job.slug}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def last_words(self, job: Job) -> str:
        """Return the last line that a part printed."""
        with self.log(job).open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _LONGEST_LINE, 0))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it printed nothing"

    def _started(self, job: Job, name: str, log: int) -> subprocess.Popen[bytes]:
        from registry.past.nights import TAG

        command = [
            sys.executable,
            "-P",
            "-m",
            "runner._part",
            *job.arguments,
            f"--name={name}",
            f"--tag={TAG}={self._night.name}",
        ]
        if self._url is not None:
            command.append(f"--registry={self._url}")
        # A group of its own: Ctrl-C reaches it through us, once. The pipe tells it that we are alive.
        return subprocess.Popen(
            command, cwd=self._root, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, process_group=0
        )

    def _has_ended(self, process: subprocess.Popen[bytes], name: str, job: Job) -> bool:
        """Wait for a part, and tell whether it ended within its limit."""
        limit = time.monotonic() + job.limit_h * _HOUR_S
        is_linked = False
        while time.monotonic() < limit:
            try:
                process.wait(_LOOK_EVERY_S)
            except subprocess.TimeoutExpired:
                is_linked = is_linked or self._link(name, job.role)
                continue
            if not is_linked:
                self._link(name, job.role)
            return True
        return False

    def _mark_ended(self, name: str, job: Job) -> None:
        run = self._registry.nights.run_named(name)
        if run is not None:
            self._link(name, job.role)
            self._registry.nights.mark_ended(run, job.limit)

    def _link(self, name: str, role: str) -> bool:
        """Record the run of that name as a part as soon as there is one."""
        run = self._registry.nights.run_named(name)
        if run is None:
            return False
        if self._registry.nights.role_of(run) is None:
            self._registry.nights.add_part(self._night, role, run)
        return True


def _stop(process: subprocess.Popen[bytes], number: int) -> None:
    """End a part, and what it has started in its group, which would run on without it."""
    process.send_signal(number)
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
