"""A run while it is being recorded: everything is buffered, and a thread commits it about once a second."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from registry.answers import Answers
from registry.encoding import encode_choice, encode_duration, encode_percent, encode_whole, key_text, to_json
from registry.environment import capture_environment
from registry.errors import InvalidValue, RegistryError, RunClosed
from registry.origin import TestKey
from registry.records import (
    Checkpoint,
    Coverage,
    Dataset,
    Direction,
    Environment,
    FixtureRecord,
    Metric,
    PollutionRecord,
    Run,
    RunStatus,
    TestRecord,
)
from registry.storage.content import describe_checkpoint
from registry.storage.database import Database
from registry.storage.rows import (
    MetricState,
    PassedRow,
    ResultRow,
    answers_row,
    checkpoint_rows,
    coverage_text,
    dataset_row,
    fixture_row,
    param_values,
    passed_rows,
    pollution_row,
    result_row,
)
from registry.storage.writing import Batch, write_batch

FLUSH_EVERY_S = 1.0
"""Seconds between two commits of what waits; at most twice as long after a call it is in the registry."""

FULL_BATCH = 5_000
"""So many results are not kept waiting for the time: they take memory."""

_ENDED_BY_ITSELF = (None, 0)


class ActiveRun:
    """A run that is being recorded, from any number of threads of the process that started it.

    A context manager: at its end the run is `finished`, or `interrupted` after Ctrl-C, or `failed` after another exception.
    A failure to write is kept and raised by the next call; what could not be written is tried again until `finish`.

    Attributes:
        run: The run as it was started.
    """

    def __init__(self, database: Database, run: Run) -> None:
        self.run = run
        self._database = database
        self._environment = run.environment
        self._pid = os.getpid()
        self._began = time.monotonic()
        self._lock = threading.RLock()
        self._write_lock = threading.Lock()
        self._batch = Batch()
        self._metrics: dict[str, MetricState] = {}
        self._recorded: set[TestKey | tuple[TestKey, int]] = set()  # the first attempt by its key alone: mostly there is no other
        self._fixtures = 0
        self._pollution = 0
        self._checkpoints = 0
        self._error: RegistryError | None = None
        self._closed = False
        self._is_told = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_flushing, name=f"registry-run-{run.id}", daemon=True)
        self._thread.start()
        atexit.register(self._flush_at_exit)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._closed or self._pid != os.getpid():
            return
        if kind is None or (isinstance(error, SystemExit) and error.code in _ENDED_BY_ITSELF):
            self.finish(RunStatus.FINISHED)
        else:
            self.finish(RunStatus.INTERRUPTED if issubclass(kind, KeyboardInterrupt) else RunStatus.FAILED)

    def log_metric(
        self,
        name: str,
        value: float,
        *,
        step: int | None = None,
        unit: str | None = None,
        direction: Direction | None = None,
    ) -> None:
        """Record one value of a metric; NaN and infinities are kept, and steps may repeat or go back.

        Args:
            name: Name of the metric.
            value: Anything that float() takes.
            step: Such as the number of optimiser steps; between -2**63 and 2**63.
            unit: Such as "1/s".
            direction: Which way is better.

        Raises:
            InvalidValue: The value is no number, or the step out of range.
            RegistryError: The run is closed, or what came before could not be written.
        """
        self.log_metrics((Metric(name, value, step, unit, direction),))

    def log_metrics(self, metrics: Iterable[Metric]) -> None:
        """Record values of metrics, as `log_metric` does."""
        self._require_owner()
        with self._lock:
            self._require_open()
            for metric in metrics:
                name = key_text(metric.name)
                state = self._metrics.setdefault(name, MetricState())
                self._batch.points.append((name, state.add(metric)))
                self._batch.summaries[name] = state.row(name)

    def log_params(self, params: Mapping[str, object]) -> None:
        """Record parameters; a later value of the same key stands."""
        self._keep(Batch(params=param_values(params)))

    def log_seed(self, seed: int) -> None:
        """Record the root seed where it became known only now."""
        self._keep(Batch(values={"seed": encode_whole(seed)}))

    def log_numerics(self, numerics: Mapping[str, str]) -> None:
        """Add what decides the bits of a computation, known once its libraries are loaded; the fingerprint follows from it."""
        self._require_owner()
        with self._lock:
            environment = self._environment or _bare_environment()
            self._environment = replace(environment, numerics={**environment.numerics, **numerics})
            self._keep(Batch(environment=self._environment))

    def log_code(self, code: Mapping[str, str]) -> None:
        """Record path and sha256 of the code files that took part, in the place of those known at the start."""
        self._keep(Batch(code=to_json(code)))

    def log_dataset(self, dataset: Dataset) -> None:
        """Record what is trained and tested on.

        Raises:
            InvalidValue: A number of examples is no whole number of 64 bits.
        """
        self._keep(Batch(dataset=dataset_row(dataset)))

    def log_checkpoint(self, checkpoint: str | Path | Checkpoint, *, epoch: int | None = None) -> Checkpoint:
        """Record a checkpoint: a file, whose hashes are computed now, or a record, which is stored as it is.

        Returns:
            What is recorded.

        Raises:
            CheckpointUnreadable: The file is missing or malformed.
            InvalidValue: Epoch or size are no whole numbers of 64 bits.
        """
        self._require_owner()
        record = checkpoint if isinstance(checkpoint, Checkpoint) else describe_checkpoint(checkpoint, epoch=epoch)
        with self._lock:
            row, tensors = checkpoint_rows(record, self._checkpoints)
            self._keep(Batch(checkpoints=[row], tensors=tensors))
            self._checkpoints += 1
        return record

    def log_answers(self, answers: Answers) -> None:
        """Record which examples of a part of the data set were answered rightly; later ones of the same part stand.

        Raises:
            InvalidValue: There is not exactly a bit for each example.
        """
        row = answers_row(answers)
        self._keep(Batch(answers={row["split"]: row}))

    def add_results(self, results: Iterable[TestRecord]) -> None:
        """Record test results.

        Raises:
            InvalidValue: That attempt at that test is recorded already, or a number of it cannot be stored.
        """
        self._take(map(result_row, results))

    def add_passed(self, tests: Iterable[TestKey], durations_s: Iterable[float], worker: int) -> None:
        """Record the first attempts at tests that passed, as `add_results` does, at a fraction of the cost.

        Args:
            tests: Their (id, ordinal).
            durations_s: Seconds that each took.
            worker: Number of the worker process that ran them.

        Raises:
            InvalidValue: A first attempt at one of them is recorded already, or a number cannot be stored.
        """
        self._take(passed_rows(tests, durations_s, worker))

    def add_fixtures(self, fixtures: Iterable[FixtureRecord]) -> None:
        """Record fixtures that failed or were skipped."""
        self._require_owner()
        with self._lock:
            self._require_open()
            for record in fixtures:
                self._batch.fixtures.append(fixture_row(record, self._fixtures))
                self._fixtures += 1

    def add_pollution(self, changes: Iterable[PollutionRecord]) -> None:
        """Record what tests left changed."""
        self._require_owner()
        with self._lock:
            self._require_open()
            for record in changes:
                self._batch.pollution.append(pollution_row(record, self._pollution))
                self._pollution += 1

    def set_coverage(self, coverage: Coverage) -> None:
        """Record the coverage of the run; a later one stands.

        Raises:
            InvalidValue: The percentage is not finite.
        """
        self._keep(Batch(coverage=(encode_percent("the percentage of the coverage", coverage.percent), coverage_text(coverage))))

    def flush(self) -> None:
        """Commit everything that was handed over so far.

        Raises:
            RegistryError: It could not be written; it is kept, and tried again later.
        """
        self._require_owner()
        self._write()

    def finish(self, status: RunStatus, *, green: bool | None = None, duration_s: float | None = None) -> None:
        """Commit everything and close the run.

        Args:
            status: How far it came.
            green: Whether it is green; None where nothing can be said.
            duration_s: Seconds; by default since the start.

        Raises:
            InvalidValue: There is no such status.
            RegistryError: It could not be written. The run stays open, and finish may be called again.
        """
        self._require_owner()
        if self._closed:
            raise RunClosed(f"the run {self.run.name} is finished already")
        seconds = time.monotonic() - self._began if duration_s is None else encode_duration(duration_s)
        verdict = None if green is None else bool(green)
        ending = {"status": str(encode_choice("status of a run", status, RunStatus)), "green": verdict, "duration_s": seconds}
        with self._lock:
            self._batch.values |= ending
            # Before writing: what another thread hands over meanwhile would be accepted and never written.
            self._closed = True
        try:
            self._write()
        except BaseException:
            with self._lock:
                # What waits is tried again by the thread, which must not end a run whose caller was told that it goes on.
                for column in ending:
                    self._batch.values.pop(column, None)
                self._closed = False
                self._is_told = True
            raise
        self._stop.set()
        atexit.unregister(self._flush_at_exit)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _take(self, rows: Iterable[ResultRow | PassedRow]) -> None:
        """Keep results, each attempt at a test once; those before one that is refused are kept."""
        self._require_owner()
        with self._lock:
            self._require_open()
            for row in rows:
                attempt = row.values["attempt"] if isinstance(row, ResultRow) else 1
                place = row.key if attempt == 1 else (row.key, attempt)
                if place in self._recorded:
                    raise _recorded_twice(attempt, *row.key)
                self._recorded.add(place)
                self._batch.results.append(row)
            is_full = len(self._batch.results) >= FULL_BATCH
        if is_full:
            self._write()

    def _keep(self, addition: Batch) -> None:
        # Before the lock: in a forked child it may be held for ever, by a thread that only the parent has.
        self._require_owner()
        with self._lock:
            self._require_open()
            self._batch.precede(addition)

    def _require_open(self) -> None:
        self._require_owner()
        if self._closed:
            raise RunClosed(f"the run {self.run.name} is finished; nothing more can be recorded in it")
        if self._error is not None:
            raise self._error

    def _require_owner(self) -> None:
        if self._pid != os.getpid():
            raise RunClosed(
                f"the run {self.run.name} is recorded by process {self._pid}, and this is {os.getpid()}; record it there"
            )

    def _write(self) -> None:
        """Write what waits, with a sign of life; on any failure it waits again, in its place before what came meanwhile."""
        with self._write_lock:
            with self._lock:
                taken, self._batch = self._batch, Batch()
            taken.values["heartbeat_us"] = time.time_ns() // 1_000
            try:
                with self._database.writing() as connection:
                    write_batch(connection, self.run.id, taken)
            except BaseException as error:
                with self._lock:
                    taken.precede(self._batch)
                    self._batch = taken
                    self._error = error if isinstance(error, RegistryError) else self._error
                raise
            self._error = None

    def _keep_flushing(self) -> None:
        while not self._stop.wait(FLUSH_EVERY_S):
            try:
                if not self._closed:
                    self._write()
            except RegistryError as error:
                # Not lost: the next call of the recording program raises it, and the batch is tried again.
                self._error = error
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
                self._error = RegistryError(f"the run {self.run.name} could not be written: {type(error).__name__}: {error}")

    def _flush_at_exit(self) -> None:
        """Keep what a program recorded that ends without finishing its run; the run then reads as crashed."""
        if self._pid != os.getpid() or self._closed:
            return
        self._stop.set()
        try:
            if self._batch != Batch():
                self._write()
        except RegistryError as error:
            if not self._is_told:
                sys.stderr.write(f"registry: the end of the run {self.run.name} is lost: {error}\n")


def _recorded_twice(attempt: int, test_id: str, ordinal: int) -> InvalidValue:
    return InvalidValue(
        f"attempt {attempt} at the test {test_id!r} (ordinal {ordinal}) is recorded; "
        "a test of the same id needs the next ordinal, another try the next attempt"
    )


def _bare_environment() -> Environment:
    captured = capture_environment()
    return Environment(captured.python, captured.platform)
