"""What every recording command needs: the registry that was asked for, and what surrounds the run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runner.settings import Settings

if TYPE_CHECKING:
    from registry.store import Registry


def open_registry(url: str | None, settings: Settings, *, must_exist: bool = False) -> Registry:
    """Open the registry that the flag, else RUNNER_REGISTRY, else the settings name, else the project's own.

    Raises:
        RegistryError: It cannot be opened, or is absent although it must exist.
    """
    import registry

    return registry.open(registry_url(url, settings), must_exist=must_exist)


def registry_url(url: str | None, settings: Settings) -> str | Path:
    """Return the URL or the path of the registry to use."""
    chosen = url or os.environ.get("RUNNER_REGISTRY")
    if chosen:
        return chosen
    if settings.registry:
        return settings.registry if ":" in settings.registry else settings.root / settings.registry
    return settings.root / ".runner" / "registry.db"


def command_line() -> tuple[str, ...]:
    """Return what was typed, without its secrets."""
    from registry.environment import redact_argv

    return redact_argv(("runner", *sys.argv[1:]))
