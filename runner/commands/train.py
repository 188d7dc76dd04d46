"""`runner train`: train a task in this process, show progress, record it unless told not to."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from uuid import uuid4

from mnist.config import TrainConfig
from runner.commands.plugged import RunNotice
from runner.commands.surroundings import (
    command_line,
    kept_if_interrupted,
    open_registry,
    shown_location,
    signals_held,
    unwinding,
)
from runner.errors import ExitCode, UnknownTask, UsageError
from runner.events import FanOut
from runner.record_training import TrainRecorder
from runner.report.outlet import Outlet
from runner.report.training import TrainReporter
from runner.settings import Settings, read_settings

if TYPE_CHECKING:
    from registry.recording import ActiveRun
    from registry.records import NewRun, Run
    from runner.report.outlet import Writable

TASKS = ("mnist",)


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What the command line asks for; None leaves the settings."""

    config: TrainConfig
    task: str = "mnist"
    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    data_dir: Path | None = None
    checkpoint_dir: Path | None = None
    record: bool = True
    registry: str | None = None


def run_training(request: TrainRequest) -> int:
    """Train and return the exit code; the run is recorded as failed or interrupted where it does not come to its end."""
    if request.task not in TASKS:
        raise UnknownTask(f"there is no training task {request.task!r}; known tasks are {', '.join(TASKS)}")
    if request.name is not None and not request.record:
        raise UsageError("--name names a recorded run; leave out --no-record, or --name")
    settings = read_settings(Path.cwd())
    if not request.record:
        with unwinding(), RunNotice() as notice:
            notice.begin(_unrecorded(request))
            _train(request, settings, f"unrecorded-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}", sys.stdout)
        return ExitCode.OK
    stdout = Outlet(sys.stdout)
    with unwinding(), ExitStack() as stack:
        notice = stack.enter_context(RunNotice())
        registry = stack.enter_context(open_registry(request.registry, settings))
        if request.name is not None:
            registry.check_new_name(request.name)
        new_run = _new_run(request, settings)
        with signals_held():
            run = stack.enter_context(registry.start(new_run))
        stack.enter_context(kept_if_interrupted(run.run))
        notice.begin(run.run)
        stdout.write(f"recording as {run.run.name} (run {run.run.id}) in {shown_location(registry.location)}\n")
        _train(request, settings, run.run.uid[:12], stdout, run)
    stdout.require_taken()
    return ExitCode.OK


def _train(request: TrainRequest, settings: Settings, folder: str, stdout: Writable, run: ActiveRun | None = None) -> None:
    data_dir = _folder(request.data_dir, settings.data_dir, settings, "data")
    checkpoint_dir = _folder(request.checkpoint_dir, settings.checkpoint_dir, settings, "checkpoints") / folder
    with TrainReporter(stdout) as reporter:
        stdout.write("loading torch and the data\n")
        stdout.flush()
        # Threads that wait for one another would spin, which makes a step several times slower where the machine has other work.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from mnist.train import train

        if run is not None:
            run.log_code(_task_code())
        sinks = FanOut(*([TrainRecorder(run)] if run is not None else []), reporter)
        train(request.config, data_dir, checkpoint_dir, sinks)


def _folder(flag: Path | None, setting: str | None, settings: Settings, default: str) -> Path:
    if flag is not None:
        return flag
    return settings.root / (setting or Path(".runner", default))


def _new_run(request: TrainRequest, settings: Settings) -> NewRun:
    from registry.environment import capture_environment, capture_git
    from registry.records import NewRun, RunKind

    params = {"task": request.task, **asdict(request.config)}
    return NewRun(
        kind=RunKind.TRAIN,
        name=request.name,
        seed=params.pop("seed"),
        argv=command_line(),
        tags=request.tags,
        params=params,
        git=capture_git(settings.root),
        environment=capture_environment(),
    )


def _unrecorded(request: TrainRequest) -> Run:
    from registry.records import Run, RunKind, RunStatus

    return Run(
        id=0,
        uid="",
        name="",
        kind=RunKind.TRAIN,
        status=RunStatus.RUNNING,
        started_at=datetime.now(UTC),
        seed=request.config.seed,
        argv=command_line(),
        tags=request.tags,
    )


def _task_code() -> Mapping[str, str]:
    """Return path and sha256 of the task's files that were really imported, relative to the folder its package lies in."""
    import mnist
    from registry.environment import imported_code

    modules: dict[str, ModuleType] = {
        name: module for name, module in sys.modules.items() if name.split(".")[0] == mnist.__name__
    }
    return imported_code(Path(str(mnist.__file__)).parent.parent, modules)
