"""[tool.runner.nightly] of pyproject.toml as one frozen value."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any, Final

from registry.naming import parse_reference
from registry.regress import Tolerance
from runner.errors import SettingsError
from runner.settings import PYPROJECT, Settings, nearest_key, nightly_table

FORMATS: Final = ("html", "markdown", "json", "text")
FAIL_ON: Final = ("regressed", "suspected", "never")

_NAME = re.compile(r"[^\W_][\w./-]*")
_LONGEST_NAME = 80
_SEEDS = 2**63
_MOST_HOURS = 100_000


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite of the night, as the flags of `runner test` name its parts; `role` is equal from night to night."""

    name: str
    start_directory: str
    pattern: str | None = None
    top_level_directory: str | None = None
    coverage: bool = False

    @property
    def role(self) -> str:
        """What the suite is in the night."""
        return f"suite {self.name}"


@dataclass(frozen=True, slots=True)
class Task:
    """A training of the night, once for each seed, as the flags of `runner train` name its parts."""

    task: str
    seeds: tuple[int, ...] = (42,)
    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    device: str | None = None
    threads: int | None = None

    def role(self, seed: int) -> str:
        """Return what the training of a seed is in the night."""
        return f"{self.task} seed {seed}"


@dataclass(frozen=True, slots=True)
class Nightly:
    """What `runner nightly` does.

    Attributes:
        baseline: Reference of the run to compare with; None for the last green night alone.
        tolerances: By name of a metric.
        keep: How many nights stay in the registry and in the folder of reports; None keeps all.
        output: Folder of the reports, relative to the project's root.
        notify_command: Program and arguments that are started at the end.
        notify_webhook: Address to which the verdict is posted, or env:NAME for a variable that holds it.
        fail_on: The verdict from which on the exit code is 1.
        max_gap: Hours between two nights from which on one is missing; None for half as much again as usual, 36 as long
            as that is not known.
        part_timeout: Hours after which a suite or a training is ended, and the night goes on without it.
    """

    suites: tuple[Suite, ...] = ()
    tasks: tuple[Task, ...] = ()
    baseline: str | None = None
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    keep: int | None = None
    output: str = ".runner/reports"
    formats: tuple[str, ...] = FORMATS
    notify_command: tuple[str, ...] = ()
    notify_webhook: str | None = None
    fail_on: str = "regressed"
    max_gap: float | None = None
    part_timeout: float = 12


def read_nightly(settings: Settings) -> Nightly:
    """Read [tool.runner.nightly]; without suites in it, a night's suite is the project's.

    Raises:
        SettingsError: It holds a key or a value that is not known, or there is nothing to run.
    """
    place = f"[tool.runner.nightly] of {settings.root / PYPROJECT}"
    values = _values(nightly_table(settings.root), _KEYS, place)
    values.setdefault("suites", (_own_suite(settings),))
    nightly = Nightly(**values)
    if not nightly.suites and not nightly.tasks:
        raise SettingsError(f"{place} has neither suites nor tasks, so a night would do nothing; name a suite in it")
    _refuse_twice([suite.role for suite in nightly.suites], f"suites in {place}")
    _refuse_twice([task.role(seed) for task in nightly.tasks for seed in task.seeds], f"tasks in {place}")
    return nightly


def _own_suite(settings: Settings) -> Suite:
    start = settings.start_directory or "."
    return Suite(_plain_name(start), start, settings.pattern, settings.top_level_directory)


def _plain_name(folder: str) -> str:
    parts = (part for part in PurePosixPath(normpath(folder)).parts if part not in ("/", "//", ".."))
    return "/".join("-".join(part.split()) for part in parts) or "all"


def _refuse_twice(roles: Sequence[str], place: str) -> None:
    twice = [role for role, number in Counter(roles).items() if number > 1]
    if twice:
        raise SettingsError(f"{place} has {twice[0]!r} twice; a suite needs a name, and a seed of a task to be given once")


def _values(table: object, keys: Mapping[str, _Rule], place: str) -> dict[str, Any]:
    """Return the values of a table by the names of the attributes."""
    if not isinstance(table, dict):
        raise _unfit(place, table, "a table")
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in keys:
            raise SettingsError(f"{place} has an unknown key {key!r}; {nearest_key(key, keys)}")
        found[key.replace("-", "_")] = keys[key](value, f"{key} in {place}")
    return found


def _unfit(place: str, value: object, words: str) -> SettingsError:
    return SettingsError(f"{place} is {value!r}; it must be {words}")


def _suites(value: object, place: str) -> tuple[Suite, ...]:
    if not isinstance(value, list):
        raise _unfit(place, value, "a list of folders, or of tables with a start-directory")
    return tuple(_suite(item, place) for item in value)


def _suite(item: object, place: str) -> Suite:
    values = {"start_directory": _text(item, place)} if isinstance(item, str) else _values(item, _SUITE_KEYS, place)
    if "start_directory" not in values:
        raise SettingsError(f"{place} has a table without start-directory, the folder in which the suite is; add it")
    values.setdefault("name", _plain_name(values["start_directory"]))
    return Suite(**values)


def _tasks(value: object, place: str) -> tuple[Task, ...]:
    if not isinstance(value, list):
        raise _unfit(place, value, 'a list of tables such as {task = "mnist", seeds = [0, 1]}')
    return tuple(_task(item, place) for item in value)


def _task(item: object, place: str) -> Task:
    values = {"task": _name(item, place)} if isinstance(item, str) else _values(item, _TASK_KEYS, place)
    if "task" not in values:
        raise SettingsError(f"{place} has a table without task, the name of what is trained; add it")
    return Task(**values)


def _tolerances(value: object, place: str) -> dict[str, Tolerance]:
    if not isinstance(value, dict):
        raise _unfit(place, value, "a table such as {test_accuracy = {absolute = 0.002}}")
    return {name: Tolerance(**_values(item, _TOLERANCE_KEYS, f"{name} in {place}")) for name, item in value.items()}


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise _unfit(place, value, "a string")
    return value


def _reference(value: object, place: str) -> str:
    text = _text(value, place)
    if text.startswith("rolling:") and parse_reference(text) is None:
        raise _unfit(place, value, "rolling: and how many runs, 1 to 9999, such as rolling:10")
    return text


def _name(value: object, place: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_NAME or _NAME.fullmatch(value) is None or ".." in value.split("/"):
        raise _unfit(place, value, "a name of letters, digits and . _ / -")
    return value


def _flag(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise _unfit(place, value, "true or false")
    return value


def _whole(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _unfit(place, value, "a whole number from 1")
    return value


def _positive(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise _unfit(place, value, "a number above 0")
    return value


def _hours(value: object, place: str) -> float:
    if _positive(value, place) > _MOST_HOURS:
        raise _unfit(place, value, f"a number of hours, {_MOST_HOURS:,} at most")
    return _positive(value, place)


def _share(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise _unfit(place, value, "a number, 0 or more")
    return value


def _seeds(value: object, place: str) -> tuple[int, ...]:
    wanted = "a list of whole numbers, 0 or more"
    if not isinstance(value, list) or not value:
        raise _unfit(place, value, wanted)
    if any(isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < _SEEDS for seed in value):
        raise _unfit(place, value, wanted)
    return tuple(value)


def _words(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and "\0" not in word for word in value):
        raise _unfit(place, value, 'a list of strings, the program and its arguments, such as ["notify-send", "{sentence}"]')
    return tuple(value)


def _webhook(value: object, place: str) -> str:
    if not isinstance(value, str) or re.fullmatch(r"https?://[^\s/]\S*|env:\w+", value) is None:
        # The value is not shown: an address often is a secret.
        raise SettingsError(
            f"{place} must be an address that begins with https:// or http://, or env:NAME for a variable that holds one"
        )
    return value


def _choice(value: object, place: str) -> str:
    if value not in FAIL_ON:
        raise _unfit(place, value, _either(FAIL_ON))
    return str(value)


def _formats(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(item in FORMATS for item in value):
        raise _unfit(place, value, f"a list of {_either(FORMATS)}")
    return tuple(dict.fromkeys(value))


def _either(words: Sequence[str]) -> str:
    return " or ".join(map(repr, words))


_Rule = Callable[[object, str], Any]
"""Reads a value, or says of what stands at a place what it must be."""

_SUITE_KEYS: Final[Mapping[str, _Rule]] = {
    "name": _name,
    "start-directory": _text,
    "pattern": _text,
    "top-level-directory": _text,
    "coverage": _flag,
}
_TASK_KEYS: Final[Mapping[str, _Rule]] = {
    "task": _name,
    "seeds": _seeds,
    "epochs": _whole,
    "batch-size": _whole,
    "lr": _positive,
    "device": _name,
    "threads": _whole,
}
_TOLERANCE_KEYS: Final[Mapping[str, _Rule]] = {"absolute": _share, "relative": _share}
_KEYS: Final[Mapping[str, _Rule]] = {
    "suites": _suites,
    "tasks": _tasks,
    "baseline": _reference,
    "tolerances": _tolerances,
    "keep": _whole,
    "output": _text,
    "formats": _formats,
    "notify-command": _words,
    "notify-webhook": _webhook,
    "fail-on": _choice,
    "max-gap": _hours,
    "part-timeout": _hours,
}
