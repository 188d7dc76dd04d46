"""What happened: runs, test results, metrics and checkpoints in an SQL database.

    import registry

    with registry.open("sqlite:///runs.db").start_run("train", name="cifar", seed=42) as run:
        run.log_metric("test_accuracy", 0.93, step=10)
        run.log_checkpoint("model.safetensors")

Names are looked up when they are first used, so that `import registry` loads no SQLAlchemy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.answers import Answers
    from registry.errors import NameInUse, RegistryError, RunNotFound
    from registry.naming import check_name
    from registry.recording import ActiveRun
    from registry.records import (
        Checkpoint,
        Coverage,
        Dataset,
        Direction,
        Environment,
        FixtureRecord,
        GitState,
        Metric,
        NewRun,
        Outcome,
        Run,
        RunDetails,
        RunKind,
        RunStatus,
        SubtestRecord,
        TensorDigest,
        TestRecord,
    )
    from registry.storage.file import is_ready
    from registry.store import Registry
    from registry.store import open_registry as open  # noqa: A004 - `registry.open(...)` reads as what it does

__all__ = [
    "ActiveRun",
    "Answers",
    "Checkpoint",
    "Coverage",
    "Dataset",
    "Direction",
    "Environment",
    "FixtureRecord",
    "GitState",
    "Metric",
    "NameInUse",
    "NewRun",
    "Outcome",
    "Registry",
    "RegistryError",
    "Run",
    "RunDetails",
    "RunKind",
    "RunNotFound",
    "RunStatus",
    "SubtestRecord",
    "TensorDigest",
    "TestRecord",
    "check_name",
    "is_ready",
    "open",
]

_ELSEWHERE = {
    "ActiveRun": "registry.recording",
    "Answers": "registry.answers",
    "NameInUse": "registry.errors",
    "Registry": "registry.store",
    "RegistryError": "registry.errors",
    "RunNotFound": "registry.errors",
    "check_name": "registry.naming",
    "is_ready": "registry.storage.file",
    "open": "registry.store",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_ELSEWHERE.get(name, "registry.records"))
    return getattr(module, "open_registry" if name == "open" else name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
