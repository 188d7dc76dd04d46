"""The sentences about workers that died or could not load the suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import RunnerError, UsageError, WorkerFailed
from runner.events import FixtureFinished

if TYPE_CHECKING:
    from runner.execute.lines import Message
    from runner.execute.options import Selection

_STACK_LINES = 40


def explain(how: str, module: str | None, stacks: str | None) -> str:
    """Say that nothing could be loaded, and what was being imported."""
    what = "before it loaded any test" if module is None else f"while it imported {module}, as others did before it"
    tail = "\n" + "\n".join(stacks.splitlines()[:_STACK_LINES]) if stacks else ""
    return f"the {how} {what}; run `python -m unittest` there to see what the interpreter says{tail}"


def fixture_after(last: str | None, how: str, stacks: str | None) -> FixtureFinished:
    """Charge a death for which no test was running to the place where it happened."""
    place = f"after {last}" if last is not None else "before the first test"
    return FixtureFinished(f"between tests ({place})", "crashed", f"{how} between two tests", stacks)


def broken(report: Message) -> WorkerFailed:
    """Say that the worker's own code failed while tests ran."""
    return WorkerFailed(f"internal error of the worker, please report it: {report[1]}\n{report[2]}")


def loading_error(selection: Selection, report: Message) -> RunnerError:
    """Say why the worker could not load the suite."""
    _, message, traceback = report
    start, top = selection.start_directory, selection.top_level_directory
    if top is not None and not Path(top).is_dir():
        return UsageError(f"the top-level directory {top} is no folder; give another -t, or none")
    if "Start directory is not importable" in message:
        return UsageError(
            f"the start directory {start} cannot be loaded: it is neither a folder of tests nor an importable module; "
            "a folder below the top-level directory needs an __init__.py"
        )
    if "Path must be within the project" in message:
        return UsageError(f"the start directory {start} lies outside the top-level directory {top}; give another -t")
    if message.startswith("ImportError"):
        return UsageError(f"the tests cannot be loaded: {message.removeprefix('ImportError: ')}")
    return WorkerFailed(f"the tests cannot be loaded: {message}\n{traceback}")


def require_coverage() -> None:
    """Refuse --coverage where the library is missing.

    Raises:
        UsageError: coverage.py cannot be imported.
    """
    from importlib.util import find_spec

    if find_spec("coverage") is None:
        raise UsageError("--coverage needs the package coverage, which is not installed; install it with `pip install coverage`")
