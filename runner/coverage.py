"""What the workers measured: combined by coverage.py into one record and the table of missing lines."""

from __future__ import annotations

import io
import json
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from registry.records import Coverage, FileCoverage
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_WORKER = Path(__file__).parent / "_worker"


def combine(data_dir: Path, source: tuple[str, ...], root: Path) -> tuple[Coverage, str]:
    """Combine the workers' data files and report on them.

    The user's own configuration of coverage (omit, exclude_also, precision and so on) holds.

    Args:
        data_dir: Folder with the data files, one or more per worker, which are merged into one.
        source: Packages or folders that were measured; empty: coverage's own configuration decided.
        root: Folder to which the paths of the record are relative.

    Returns:
        The record (percent is 0-100 as coverage prints it), and the table, which ends in a newline.
    """
    import coverage
    from coverage.exceptions import NoDataError

    # The name is that of the data files without their suffixes: coverage looks for those.
    measured = coverage.Coverage(data_file=str(data_dir / "data"), source=list(source) or None)
    omitted = measured.get_option("report:omit")
    omit = [*(omitted if isinstance(omitted, list) else []), *([] if source else [str(_OWN_WORKER / "*")])] or None
    table, document = io.StringIO(), data_dir / "report.json"
    try:
        measured.combine([str(data_dir)])
        percent = measured.report(file=table, show_missing=True, omit=omit)
        measured.json_report(outfile=str(document), omit=omit)
    except NoDataError:
        what = f"nothing of {', '.join(source)}" if source else "no file that coverage measures"
        return Coverage(percent=0.0), f"No coverage: {what} was imported by a test.\n"
    return Coverage(percent=percent, files=tuple(_files(json.loads(document.read_text()), root))), table.getvalue()


def require_sources(sources: tuple[str, ...], folders: tuple[str, ...]) -> None:
    """Refuse what coverage would measure nothing of; no code of the user's is imported.

    Args:
        sources: Packages and folders to measure.
        folders: Where packages lie, besides where this process finds them.

    Raises:
        UsageError: One is a file, or neither a folder nor a package that can be found.
    """
    for source in sources:
        if Path(source).is_file():
            module = ".".join(PurePath(source).with_suffix("").parts)
            raise UsageError(f"coverage measures packages and folders, and the source {source!r} is a file; try {module}")
        if not Path(source).is_dir() and not _is_found(source, folders):
            raise UsageError(
                f"the source {source!r} of the coverage is neither a folder nor a package that can be found; correct it"
            )


def _is_found(name: str, folders: tuple[str, ...]) -> bool:
    first, *parts = name.split(".")
    try:
        spec = PathFinder.find_spec(first, list(folders)) or find_spec(first)
    except ValueError:  # an empty name, or a module without a specification
        return first in sys.modules
    for part in parts:
        if spec is None or spec.submodule_search_locations is None:
            return False
        spec = PathFinder.find_spec(f"{spec.name}.{part}", list(spec.submodule_search_locations))
    return spec is not None


def _files(document: dict[str, dict[str, dict[str, object]]], root: Path) -> Iterator[FileCoverage]:
    for name, file in sorted(document["files"].items()):
        summary, missing = file["summary"], file["missing_lines"]
        if isinstance(summary, dict) and isinstance(missing, list):
            # coverage's names are relative to the current folder
            path = PurePath(os.path.relpath(Path(name).absolute(), root.absolute())).as_posix()
            yield FileCoverage(path, int(summary["num_statements"]), tuple(missing))
