"""The seed of a test run: where it comes from, what is recorded of it, and the command that repeats a failure."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    from registry.records import Environment
    from runner.commands._test_request import TestRequest
    from runner.execute import Selection
    from runner.report.reproduction import Reproduction
    from runner.settings import Settings

_DRAWN_SEEDS = 2**32
_SOURCES_KEPT = 16
HASH_SEED = "PYTHONHASHSEED"


def with_seed(request: TestRequest, settings: Settings) -> TestRequest:
    """Return the request with seed and order from the settings where it names none; --shuffle alone draws what its order follows.

    Raises:
        UsageError: An order is asked for and forbidden.
    """
    if request.shuffle_seed is not None and request.shuffle is False:
        raise UsageError("--shuffle-seed names a random order, and --no-shuffle wants none; give one or the other")
    shuffle = request.shuffle_seed is not None or (settings.shuffle if request.shuffle is None else request.shuffle)
    request = replace(request, seed=settings.seed if request.seed is None else request.seed, shuffle=shuffle)
    if not shuffle or request.order_seed is not None or request.seeds is not None:
        return request
    import secrets

    return replace(request, shuffle_seed=secrets.randbelow(_DRAWN_SEEDS))


def hash_seed(seed: int) -> str:
    """Return what the interpreter's hashes of texts are seeded with, so that the order of sets follows from the seed too."""
    return str(seed % 2**32)


def seeded_environment(environment: Environment, seed: int | None) -> Environment:
    """Return the environment as the workers see it."""
    if seed is None:
        return environment
    return replace(environment, variables={**environment.variables, HASH_SEED: hash_seed(seed)})


def told_seed(request: TestRequest) -> str:
    """Return the line that tells the seed and what the order follows from; empty where nothing is random."""
    order = request.order_seed
    by = "" if order == request.seed else f" by --shuffle-seed {order}"
    told = [] if request.seed is None else [f"seed {request.seed}"]
    told += [] if order is None else [f"shuffled{by}"]
    return f"{', '.join(told)}\n" if told else ""


def reproduction(request: TestRequest, selection: Selection) -> Reproduction:
    """Return what makes the commands that run single tests of this run again."""
    from runner.report.reproduction import Reproduction

    top = selection.top_level_directory or selection.start_directory
    is_importable = bool(request.names) or Path(top).resolve() == Path.cwd() or not Path(top).is_dir()
    typed = {"-s": request.start_directory, "-t": request.top_level_directory, "-p": request.pattern}
    flags = tuple(part for flag, value in typed.items() if value is not None for part in (flag, value))
    discovery = None if is_importable else flags
    folder = Path() if request.names else Path(top)
    source = lru_cache(_SOURCES_KEPT)(partial(_source, folder))
    return Reproduction(discovery, request.seed, request.order_seed, selection.names, source)


def _source(folder: Path, module: str) -> str | None:
    """Return the text of a module below a folder; None where none is there."""
    parts = module.split(".")
    if not all(map(str.isidentifier, parts)):  # a test may call itself by any text, such as a path
        return None
    place = folder.joinpath(*parts)
    for path in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    return None
