"""The errors of the tool, with a slug that the documentation explains, and the exit codes."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process tells its caller."""

    OK = 0
    RED = 1
    USAGE = 2
    TOOL = 3
    NOTHING = 5
    INTERRUPTED = 130
    TERMINATED = 143


class RunnerError(Exception):
    """A sentence that names the thing, the reason and the cure."""

    slug: ClassVar[str] = "runner"
    exit_code: ClassVar[ExitCode] = ExitCode.TOOL


class UsageError(RunnerError):
    """The command line asks for something that cannot be."""

    slug = "usage"
    exit_code = ExitCode.USAGE


class SettingsError(RunnerError):
    """[tool.runner] of pyproject.toml holds a key or a value that is not known."""

    slug = "settings"
    exit_code = ExitCode.USAGE


class UnknownTask(RunnerError):
    """The training task is not known."""

    slug = "unknown-task"
    exit_code = ExitCode.USAGE


class NothingToRun(RunnerError):
    """It is known before a test is loaded that none is to run."""

    slug = "nothing-to-run"
    exit_code = ExitCode.NOTHING


class NothingToCompare(RunnerError):
    """The two runs cannot be compared, or there is nothing in them."""

    slug = "nothing-to-compare"
    exit_code = ExitCode.NOTHING


class NothingToBisect(RunnerError):
    """Between the commits of the two runs nothing can be found."""

    slug = "nothing-to-bisect"
    exit_code = ExitCode.NOTHING


class ModulesShadowed(RunnerError):
    """Another package of the name `registry`, `mnist` or `runner` was found first."""

    slug = "modules-shadowed"


class WorkerFailed(RunnerError):
    """The worker process could not be started, or died before any test."""

    slug = "worker-failed"


class ReportUnwritable(RunnerError):
    """A report cannot be written where it was asked for."""

    slug = "report-unwritable"


class NightRunning(RunnerError):
    """Another night runs in the same project."""

    slug = "night-running"


class PluginFailed(RunnerError):
    """A plug-in cannot be imported, or raised an error."""

    slug = "plugin-failed"


class PlatformUnsupported(RunnerError):
    """The operating system lacks what the worker protocol needs."""

    slug = "platform-unsupported"


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived; unwinds like Ctrl-C, so that what was recorded is kept and marked interrupted."""
