"""From what was asked to how the workers run: their number, their interpreter, their limits."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from runner import execute
from runner.commands._test_randomness import HASH_SEED, hash_seed
from runner.commands._test_request import TestRequest
from runner.errors import UsageError
from runner.execute.process import interpreter_flags
from runner.settings import Settings

_AUTO = "auto"
_OF_NO_WEIGHT = frozenset({"-B", "-q"})  # byte code and the banner change no result


def worker_options(request: TestRequest, settings: Settings) -> execute.WorkerOptions:
    """Return how the workers run, but for coverage; flags beat settings.

    Raises:
        UsageError: A number is none or out of range, or the interpreter is not there.
    """
    return execute.WorkerOptions(
        failfast=request.failfast,
        buffer=request.buffer,
        show_locals=request.show_locals,
        stdout_to_stderr=request.as_json,
        working_directory=Path.cwd(),
        interpreter=_interpreter(request.interpreter),
        jobs=number_of_jobs(request, settings),
        start_method=_start_method(request),
        environment={} if request.seed is None else {HASH_SEED: hash_seed(request.seed)},
        seed=request.seed,
        order_seed=request.order_seed,
        pollution=request.pollution or settings.pollution or "class",
        timeout_s=_timeout(request.timeout_s if request.timeout_s is not None else settings.timeout),
    )


def recorded_params(request: TestRequest, settings: Settings) -> dict[str, object]:
    """Return what of the way to run a registry keeps: what may change results or durations."""
    jobs = number_of_jobs(request, settings)
    flags = shlex.join(flag for flag in interpreter_flags() if flag not in _OF_NO_WEIGHT)
    order = {} if request.order_seed is None else {"shuffle": True}
    own = {} if request.order_seed == request.seed or not order else {"shuffle_seed": request.order_seed}
    return order | own | ({"jobs": jobs} if jobs > 1 else {}) | ({"python_flags": flags} if flags else {})


def number_of_jobs(request: TestRequest, settings: Settings) -> int:
    """Return how many workers were asked for.

    Raises:
        UsageError: It is no number from 1.
    """
    return _jobs(request.jobs if request.jobs is not None else settings.jobs)


def _jobs(wanted: str | int | None) -> int:
    if wanted is None:
        return 1
    if wanted == _AUTO:
        return execute.processors()
    number = int(wanted) if str(wanted).isdecimal() else 0
    if number < 1:
        raise UsageError(f"--jobs is {wanted!r}; it must be a number from 1, or auto")
    return number


def _start_method(request: TestRequest) -> execute.StartMethod:
    if request.start_method == "fork" and sys.platform != "linux":
        raise UsageError("--start-method fork needs Linux, which lets the parent wait for forked workers; leave it out")
    return request.start_method


def _timeout(seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds < float("inf"):
        raise UsageError(f"--timeout is {seconds:g}; it must be a number of seconds above 0")
    return seconds


def _interpreter(path: str | None) -> str | None:
    if path is None:
        return None
    found = shutil.which(path)
    if found is None:
        raise UsageError(f"--python {path} is no program that can be run; give the path of a Python interpreter, 3.11 or newer")
    return found
