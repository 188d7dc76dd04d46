"""Write tests/databases/HEAD.db: a registry of this revision with something of every kind, for the tests of upgrades.

Run it once, before a new migration is written; a file that is there is never written again.

    python tools/keep_database.py
"""

from __future__ import annotations

import math
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import registry
from registry.recording import ActiveRun
from registry.records import (
    Checkpoint,
    Coverage,
    Dataset,
    Direction,
    Environment,
    FileCoverage,
    FixtureRecord,
    GitState,
    Metric,
    NewRun,
    Outcome,
    PollutionRecord,
    RunKind,
    RunStatus,
    SubtestRecord,
    TensorDigest,
    TestRecord,
)
from registry.storage.file import HEAD

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "databases"
ENVIRONMENT = Environment(
    "3.11.7", "Linux 6.1 x86_64", {"cpu": "one", "cores": "2"}, {"torch": "2.14.0"}, {"threads": "2"}, {"OMP_NUM_THREADS": "2"}
)
GIT = GitState("0123456789abcdef0123456789abcdef01234567", "main", dirty=True)
NOT_FINITE = (math.nan, math.inf, -math.inf, -0.0, 0.1)


def main() -> int:
    """Write the file; 1 where it is there."""
    target = FOLDER / f"{HEAD}.db"
    if target.exists():
        print(f"{target.name} is kept already and is never written again")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kept.db"
        with registry.open(source) as opened:
            for record in (_tests, _reds, _training, _failed_training, _night):
                record(opened)
            _unfinished(opened)
        _make_portable(source, target)
    print(f"wrote {target.name}")
    return 0


def _tests(opened: registry.Registry) -> None:
    """A green run whose tests repeat ids, were tried twice and have subtests."""
    new = NewRun(
        RunKind.TEST, "green", 2**70, ("runner", "test"), {"branch": "main"}, {"jobs": 2}, GIT, ENVIRONMENT, {"a.py": "0" * 64}
    )
    with opened.start(new) as run:
        run.add_results(
            [
                TestRecord("m.Case.test_a", Outcome.PASSED, duration_s=0.25, worker=0, seed=2**65, subtests_passed=3),
                TestRecord("m.Case.test_a", Outcome.PASSED, ordinal=1, worker=1),
                TestRecord("m.Case.test_b", Outcome.FAILED, message="1 != 2", traceback="Traceback\nAssertionError: 1 != 2"),
                TestRecord("m.Case.test_b", Outcome.PASSED, attempt=2),
                TestRecord("m.Case.test_\u00e9\U0001f600", Outcome.SKIPPED, message="no GPU"),
            ]
        )
        run.add_fixtures([FixtureRecord("setUpModule (n)", Outcome.SKIPPED, "no network")])
        run.set_coverage(Coverage(87.5, (FileCoverage("a.py", 40, (3, 4, 9)), FileCoverage("b.py", 2))))
        run.finish(RunStatus.FINISHED, green=True, duration_s=1.5)


def _reds(opened: registry.Registry) -> None:
    """A red run with every outcome, failed subtests and fixtures, and texts shared with the green one."""
    with opened.start(NewRun(RunKind.TEST, "red", git=GitState(reason="not a git repository"), environment=ENVIRONMENT)) as run:
        run.add_results(
            TestRecord(
                f"m.Case.test_{outcome}",
                outcome,
                message=f"it {outcome}",
                traceback=f"Traceback of {outcome}",
                output=f"printed by {outcome}" if outcome.is_red else None,
            )
            for outcome in Outcome
        )
        subtests = (SubtestRecord("(i=1)", Outcome.FAILED, "no", "Trace"), SubtestRecord("(i=2)", Outcome.ERRORED, "worse"))
        run.add_results(
            [TestRecord("m.Case.test_b", Outcome.FAILED, traceback="Traceback\nAssertionError: 1 != 2", subtests=subtests)]
        )
        run.add_fixtures(
            FixtureRecord(f"setUpClass (m.{outcome})", outcome, "broken", "Trace", "printed by a fixture")
            for outcome in (Outcome.ERRORED, Outcome.CRASHED)
        )
        run.add_pollution([PollutionRecord("m.Case", "environment", "HOME changed")])
        run.finish(RunStatus.FINISHED, green=False, duration_s=2.0)


def _training(opened: registry.Registry) -> None:
    """A training with metrics of every kind of number, a data set and two checkpoints."""
    with opened.start(
        NewRun(RunKind.TRAIN, "train", 42, params={"lr": 0.1, "layers": [1, 2], "name": None}, environment=ENVIRONMENT)
    ) as run:
        run.log_numerics({"torch": "2.14.0"})
        run.log_dataset(Dataset("MNIST", "f" * 64, 54_000, 6_000, 10_000))
        run.log_metrics(Metric("loss", 1 / (step + 1), step, direction=Direction.LOWER) for step in range(20))
        run.log_metrics(Metric("odd", value, None, "1/s", Direction.HIGHER) for value in NOT_FINITE)
        run.log_metrics([Metric("only_nan", math.nan), Metric("back", 1.0, 2**63 - 1), Metric("back", 2.0, -1)])
        _log_checkpoints(run)
        run.finish(RunStatus.FINISHED, duration_s=60.0)


def _log_checkpoints(run: ActiveRun) -> None:
    tensors = (TensorDigest("conv.weight", "F32", (8, 1, 3, 3), "a" * 64), TensorDigest("scale", "F64", (), "b" * 64))
    run.log_checkpoint(Checkpoint("checkpoints/1.safetensors", 1_024, "c" * 64, "d" * 64, 1, tensors))
    run.log_checkpoint(Checkpoint("checkpoints/2.bin", 10, "e" * 64))


def _failed_training(opened: registry.Registry) -> None:
    """A training that broke."""
    with opened.start(NewRun(RunKind.TRAIN, tags={"night": "1"})) as run:
        run.log_metric("loss", math.inf, step=0)
        run.finish(RunStatus.FAILED)


def _night(opened: registry.Registry) -> None:
    """A night that was interrupted."""
    with opened.start(NewRun(RunKind.NIGHTLY)) as run:
        run.finish(RunStatus.INTERRUPTED)


def _unfinished(opened: registry.Registry) -> None:
    """A run whose process never finished it."""
    run = opened.start(NewRun(RunKind.TEST, "never-ended"))
    run.add_results([TestRecord("m.Case.test_a", Outcome.PASSED)])
    run.flush()


def _make_portable(source: Path, target: Path) -> None:
    """Take the name of this machine out, and write one file without a log beside it."""
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("UPDATE run SET process_space = 'kept', pid = 1, pid_started = 1")
        connection.commit()
        connection.execute("VACUUM INTO ?", (str(target),))
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA journal_mode = delete")


if __name__ == "__main__":
    sys.exit(main())
