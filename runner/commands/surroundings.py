"""What every recording command needs: the registry that was asked for, and what surrounds the run."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import Terminated
from runner.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

    from registry.records import Run
    from registry.store import Registry


def open_registry(url: str | None, settings: Settings, *, must_exist: bool = False) -> Registry:
    """Open the registry that the flag, else RUNNER_REGISTRY, else the settings name, else the project's own.

    Raises:
        RegistryError: It cannot be opened, or is absent although it must exist.
    """
    import registry

    return registry.open(registry_url(url, settings), must_exist=must_exist)


def open_existing(url: str | None, settings: Settings) -> Registry | None:
    """Open the same registry to look something up in it; None where its file is not there, and none is made.

    Raises:
        RegistryError: It is there and cannot be opened.
    """
    from registry.storage.database import locate

    path = locate(registry_url(url, settings)).path
    return None if path is not None and not path.exists() else open_registry(url, settings, must_exist=True)


def is_ready(url: str | None, settings: Settings) -> bool:
    """Tell at once that the registry will take a run; see `registry.is_ready`."""
    import registry

    return registry.is_ready(registry_url(url, settings))


def registry_url(url: str | None, settings: Settings) -> str | Path:
    """Return the URL or the path of the registry to use."""
    chosen = url or os.environ.get("RUNNER_REGISTRY")
    if chosen:
        return chosen
    if settings.registry:
        return settings.registry if ":" in settings.registry else settings.root / settings.registry
    return settings.root / ".runner" / "registry.db"


def shown_location(location: str) -> str:
    """Return where the registry lies as a person would type it: relative where it lies below the current folder."""
    path = Path(location)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else location


@contextmanager
def signals_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of the block.

    Between the first row of a run and its context manager nobody would mark the run as interrupted.
    """
    waiting: list[int] = []
    watched = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, lambda number, _frame: waiting.append(number)) for number in watched}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if waiting:
        signal.raise_signal(waiting[0])


@contextmanager
def unwinding() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM unwind the block as exceptions.

    One that vanished in the block, or turned into another error there, is raised at the block's end all the same.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        Terminated: SIGTERM.
    """
    noted: list[int] = []

    def unwind(number: int, _frame: FrameType | None) -> None:
        noted.append(number)
        raise _interrupt(number)

    watched = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, unwind) for number in watched}
    try:
        yield
    except Exception as error:
        if noted:
            raise _interrupt(noted[0]) from error
        raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if noted:
        raise _interrupt(noted[0])


@contextmanager
def kept_if_interrupted(run: Run) -> Iterator[None]:
    """Say of an interrupt that comes out of the block what the registry keeps."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"what was recorded of {run.name} is kept")
        raise


def _interrupt(number: int) -> KeyboardInterrupt:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()


def command_line() -> tuple[str, ...]:
    """Return what was typed, without its secrets."""
    from registry.environment import redact_argv

    return redact_argv(("runner", *sys.argv[1:]))
