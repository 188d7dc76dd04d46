"""[tool.runner] of pyproject.toml as one frozen value."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from runner.errors import SettingsError

Pollution = Literal["class", "test", "off"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the project says of itself; flags beat it.

    Attributes:
        root: The project's root; relative paths of the settings start here.
        jobs: How many workers, or "auto".
        timeout: Seconds after which a test is ended.
        seed: Seeds the random generators before each test.
        pollution: Where state that tests leave changed is looked for.
        retries: How many more attempts a failing test gets.
        source: Packages or folders that coverage measures.
    """

    root: Path
    registry: str | None = None
    record: bool = False
    start_directory: str | None = None
    pattern: str | None = None
    top_level_directory: str | None = None
    source: tuple[str, ...] = ()
    data_dir: str | None = None
    checkpoint_dir: str | None = None
    jobs: int | str | None = None
    timeout: float | None = None
    retries: int = 0
    seed: int | None = None
    shuffle: bool = False
    pollution: Pollution | None = None


PYPROJECT = "pyproject.toml"

_KEYS = {field.name.replace("_", "-"): field for field in fields(Settings) if field.name != "root"}
_NIGHTLY = "nightly"
"""A table of its own, which only the commands that need it read."""


def read_settings(start: Path) -> Settings:
    """Read the settings of the project around a folder.

    Raises:
        SettingsError: pyproject.toml cannot be read, is not TOML, or holds a key or a value that is not known.
    """
    root = find_root(start)
    return _from_table(root, _table(root), root / PYPROJECT)


def nightly_table(root: Path) -> object:
    """Return what stands at [tool.runner.nightly]; an empty table where nothing does.

    Raises:
        SettingsError: pyproject.toml cannot be read, or is not TOML.
    """
    return _table(root).get(_NIGHTLY, {})


def nearest_key(key: str, known: Iterable[str]) -> str:
    """Return the words that name the known key that is nearest to one that is not known, or all of them."""
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "known keys are " + ", ".join(sorted(known))


def _table(root: Path) -> Mapping[str, object]:
    path = root / PYPROJECT
    tool = _document(path).get("tool", {})
    table = tool.get("runner", {}) if isinstance(tool, dict) else tool
    if not isinstance(table, dict):
        raise SettingsError(f"[tool.runner] of {path} is not a table; write `[tool.runner]` on a line of its own")
    return table


def find_root(start: Path) -> Path:
    """Find the project's root: the nearest folder upwards with a pyproject.toml, else with .git, else `start` itself."""
    folders = (start.resolve(), *start.resolve().parents)
    for marker in (PYPROJECT, ".git"):
        for folder in folders:
            if (folder / marker).exists():
                return folder
    return folders[0]


def _document(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML ({error}); correct it and try again") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}); make it readable and try again") from error


def _from_table(root: Path, table: Mapping[str, object], path: Path) -> Settings:
    values: dict[str, object] = {}
    for key, value in table.items():
        if key == _NIGHTLY:
            continue
        field = _KEYS.get(key)
        if field is None:
            raise SettingsError(f"[tool.runner] of {path} has an unknown key {key!r}; {nearest_key(key, (*_KEYS, _NIGHTLY))}")
        values[field.name] = _typed(key, value, str(field.type), path)
    return Settings(root=root, **values)  # type: ignore[arg-type]


def _typed(key: str, value: object, wanted: str, path: Path) -> object:
    fits, words = _RULES.get(wanted, _RULES["str"])
    if not fits(value):
        raise SettingsError(f"{key} in [tool.runner] of {path} is {value!r}; it must be {words}")
    return tuple(value) if isinstance(value, list) else value


def _is_list_of_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number_of_jobs(value: object) -> bool:
    return value == "auto" or (_is_count(value) and value != 0)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _is_pollution(value: object) -> bool:
    return value in get_args(Pollution)


def _is_string(value: object) -> bool:
    return isinstance(value, str)


_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "tuple[str, ...]": (_is_list_of_strings, "a list of strings"),
    "bool": (_is_bool, "true or false"),
    "int": (_is_count, "a whole number, 0 or more"),
    "int | str | None": (_is_number_of_jobs, 'a whole number from 1, or "auto"'),
    "int | None": (_is_count, "a whole number, 0 or more"),
    "Pollution | None": (_is_pollution, "'class' or 'test' or 'off'"),
    "float | None": (_is_positive, "a number above 0"),
    "str": (_is_string, "a string"),
}
"""By the type of a setting: which values fit, and how that is said."""
