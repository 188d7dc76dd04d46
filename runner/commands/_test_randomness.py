"""The seed of a test run: where it comes from, what is recorded of it, and the command that repeats a failure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.records import Environment
    from runner.commands._test_request import TestRequest
    from runner.execute import Selection
    from runner.report.reproduction import Reproduction
    from runner.settings import Settings

_DRAWN_SEEDS = 2**32
HASH_SEED = "PYTHONHASHSEED"


def with_seed(request: TestRequest, settings: Settings) -> TestRequest:
    """Return the request with seed and order from the settings where it names none; --shuffle alone draws a seed."""
    shuffle = settings.shuffle if request.shuffle is None else request.shuffle
    seed = settings.seed if request.seed is None else request.seed
    if seed is None and shuffle and request.seeds is None:
        import secrets

        seed = secrets.randbelow(_DRAWN_SEEDS)
    return replace(request, seed=seed, shuffle=shuffle)


def hash_seed(seed: int) -> str:
    """Return what the interpreter's hashes of texts are seeded with, so that the order of sets follows from the seed too."""
    return str(seed % 2**32)


def seeded_environment(environment: Environment, seed: int | None) -> Environment:
    """Return the environment as the workers see it."""
    if seed is None:
        return environment
    return replace(environment, variables={**environment.variables, HASH_SEED: hash_seed(seed)})


def told_seed(request: TestRequest) -> str:
    """Return the line that tells the seed and that the order is shuffled; empty where nothing is seeded."""
    if request.seed is None:
        return ""
    return f"seed {request.seed}, shuffled\n" if request.shuffle else f"seed {request.seed}\n"


def reproduction(request: TestRequest, selection: Selection) -> Reproduction:
    """Return what makes the commands that run single tests of this run again."""
    from runner.report.reproduction import Reproduction

    top = selection.top_level_directory or selection.start_directory
    is_importable = bool(request.names) or Path(top).resolve() == Path.cwd() or not Path(top).is_dir()
    typed = {"-s": request.start_directory, "-t": request.top_level_directory, "-p": request.pattern}
    flags = tuple(part for flag, value in typed.items() if value is not None for part in (flag, value))
    discovery = None if is_importable else flags
    return Reproduction(discovery, request.seed, is_shuffled=bool(request.shuffle), names=selection.names)
