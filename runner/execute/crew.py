"""Hires workers: how they start, with which share of the processors and graphics cards, and why so."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from runner.execute.options import encode
from runner.execute.process import spawn
from runner.execute.strays import adopt_orphans, bury_orphans, sweep, wait_for_children
from runner.execute.template import Template

if TYPE_CHECKING:
    from runner.execute.options import Selection, WorkerOptions
    from runner.execute.process import WorkerProcess

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_CARDS = "CUDA_VISIBLE_DEVICES"
_LOOK_S = 0.04
_MARK = "UNITTEST_RUN_MARK"


class Crew:
    """Starts the workers of one execution.

    Attributes:
        skipped_modules: Modules whose import killed a worker; the next ones leave them out.
        forks: Whether workers are forked from a process that has loaded the suite; else each is a fresh interpreter.
        reason: Why so.
    """

    def __init__(self, selection: Selection, options: WorkerOptions) -> None:
        self.skipped_modules: tuple[str, ...] = ()
        self._selection = selection
        self._options = options
        self._template: Template | None = None
        self._workers: set[int] = set()
        self._last_look = 0.0
        self._mark = os.urandom(16).hex()
        self._shared = _shared_environment(options.jobs)
        self._cards = visible_cards() if options.jobs > 1 else []
        wait_for_children()
        self._adopts = adopt_orphans()
        self.forks = options.jobs > 1 and options.start_method != "spawn" and self._adopts
        self.reason = _reason(options, adopts=self._adopts)

    def start_template(self) -> WorkerProcess:
        """Start the process that loads the suite and is forked then."""
        first = self.environment(0)
        block = encode(self._selection, self._options, self.skipped_modules, otherwise=first)
        # It sees one card too: what the suite asks about cards when it is imported must hold for the workers.
        environment = {**first, **dict.fromkeys(_THREAD_VARIABLES, "1"), _MARK: self._mark}
        self._template = Template(self._options, block, environment)
        return self._hired(self._template.process)

    def spawn(self, slot: int) -> WorkerProcess:
        """Start a worker that loads the suite itself."""
        block = encode(self._selection, self._options, self.skipped_modules)
        return self._hired(spawn(self._options, block, {**self.environment(slot), _MARK: self._mark}))

    def fork(self, slot: int) -> WorkerProcess | None:
        """Return a worker forked from the process that has loaded the suite; None where that does not answer."""
        worker = None if self._template is None else self._template.fork(self.environment(slot))
        return worker and self._hired(worker)

    def give_up_forking(self, reason: str) -> None:
        """Start further workers afresh."""
        self.forks, self.reason, self._template = False, reason, None

    def environment(self, slot: int) -> dict[str, str]:
        """Return the variables that a worker gets: its share of the processors, and its graphics card."""
        if not self._cards:
            return self._shared
        return {**self._shared, _CARDS: self._cards[slot % len(self._cards)]}

    def release_template(self) -> None:
        """Let the process that was forked run its exit handlers and leave."""
        if self._template is not None:
            self._template.process.command(b"end\n")

    def bury_orphans(self) -> None:
        """Reap what tests left behind and what is dead by now; may be called as often as one likes."""
        now = time.monotonic()
        if self._adopts and now > self._last_look + _LOOK_S:
            self._last_look = now
            bury_orphans(self._workers)

    def dismiss(self) -> None:
        """End what tests left behind."""
        sweep(self._mark, self._workers)

    def _hired(self, worker: WorkerProcess) -> WorkerProcess:
        self._workers.add(worker.child.pid)
        return worker


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def visible_cards() -> list[str]:
    """Return the graphics cards that the caller may see, in the words of CUDA_VISIBLE_DEVICES."""
    named = os.environ.get(_CARDS)
    if named is not None:
        return [card.strip() for card in named.split(",") if card.strip()]
    return [str(number) for number in range(sum(1 for _ in Path("/dev").glob("nvidia[0-9]*")))]


def _shared_environment(jobs: int) -> dict[str, str]:
    """Return a thread budget with which the workers do not fight over the processors; what the user has set stays."""
    if jobs == 1:
        return {}
    budget = str(max(1, processors() // jobs))
    return {name: os.environ.get(name, budget) for name in _THREAD_VARIABLES}


def _reason(options: WorkerOptions, *, adopts: bool) -> str:
    if options.jobs == 1:
        return "one worker"
    if options.start_method != "auto":
        return f"--start-method {options.start_method}"
    return "" if adopts else "this system does not let the parent wait for forked workers"
