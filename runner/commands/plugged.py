"""Plug-ins as the commands use them: loaded, with those that fail named on standard error; their commands and formats."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from runner.commands.surroundings import registry_url
from runner.errors import PluginFailed, RunnerError, UsageError
from runner.hookspecs import CommandCall
from runner.plugins import Plugin, Plugins, described
from runner.report.safe import safe_line
from runner.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry.records import Run, RunDetails, RunStatus
    from runner.hookspecs import Command, ReportFormat


def load_plugins(*, keep_stdout: bool = False) -> Plugins:
    """Return the plug-ins that are installed; one that fails is named on standard error, then and later.

    Args:
        keep_stdout: Send what plug-ins print to standard error, so that standard output stays a document.
    """
    plugins = Plugins(tell, _to_stderr if keep_stdout else nullcontext)
    plugins.load()
    return plugins


class RunNotice:
    """Tells plug-ins of a run without tests. Use as a context manager around all that belongs to the run."""

    def __init__(self) -> None:
        self._plugins = load_plugins()
        self._run: Run | None = None

    def begin(self, run: Run) -> None:
        """Tell that the run begins."""
        self._run = run
        self._plugins.notify("runner_run_started", run=run)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._run is not None:
            duration_s = (datetime.now(UTC) - self._run.started_at).total_seconds()
            run = replace(self._run, status=_status(error), duration_s=duration_s)
            self._plugins.notify("runner_run_finished", run=run, counts=MappingProxyType({}))


def tell(error: PluginFailed) -> None:
    """Name a plug-in that failed; the command goes on."""
    sys.stderr.write(f"runner: {safe_line(str(error))} [{error.slug}]\n")


def find_command(name: str) -> Callable[[tuple[str, ...], str | None], int] | None:
    """Return what runs a command that a plug-in adds, told its arguments and the registry that was asked for; None without one.

    Where two plug-ins add a command of that name, it is that of the plug-in whose name comes first.
    """
    found = next(((plugin, command) for plugin, command in load_plugins().commands() if command.name == name), None)
    if found is None:
        return None
    plugin, command = found
    return lambda arguments, registry: _run(plugin, command, arguments, registry)


def find_format(name: str) -> Callable[[RunDetails], str]:
    """Return what renders a run in a format that a plug-in adds.

    Raises:
        UsageError: None adds this format.
    """
    formats = list(load_plugins().formats())
    found = next(((plugin, one) for plugin, one in formats if one.name == name), None)
    if found is None:
        others = ", ".join(["text", "json", *sorted({one.name for _, one in formats})])
        raise UsageError(f"there is no format {name!r}; there are {others}, and `runner plugins` lists what brings more")
    plugin, chosen = found
    return lambda details: _render(plugin, chosen, details)


def _render(plugin: Plugin, chosen: ReportFormat, details: RunDetails) -> str:
    try:
        text = chosen.render(details)
    except Exception as error:
        raise _failed(plugin, f"its format {chosen.name!r}", error) from error
    if not isinstance(text, str):
        raise PluginFailed(f"{plugin.title} returned {text!r} for its format {chosen.name!r}; it must return a text")
    return text


def _status(error: BaseException | None) -> RunStatus:
    from registry.records import RunStatus

    if error is None:
        return RunStatus.FINISHED
    return RunStatus.INTERRUPTED if isinstance(error, KeyboardInterrupt) else RunStatus.FAILED


def _run(plugin: Plugin, command: Command, arguments: tuple[str, ...], registry: str | None) -> int:
    call = CommandCall(arguments, registry_url(registry, read_settings(Path.cwd())))
    try:
        code = command.run(call)
    except (RunnerError, BrokenPipeError):
        raise
    except Exception as error:
        raise _failed(plugin, f"its command {command.name!r}", error) from error
    if not isinstance(code, int):
        raise PluginFailed(f"{plugin.title} returned {code!r} from its command {command.name!r}; it must return an exit code")
    return code


def _failed(plugin: Plugin, where: str, error: Exception) -> PluginFailed:
    return PluginFailed(f"{plugin.title} failed in {where}: {described(error)}; mend it or uninstall {plugin.distribution}")


def _to_stderr() -> AbstractContextManager[object]:
    return redirect_stdout(sys.stderr)
