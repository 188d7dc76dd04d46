"""What the workers measured: combined by coverage.py into one record and the table of missing lines."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from registry.records import Coverage, FileCoverage

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


def _files(document: dict[str, dict[str, dict[str, object]]], root: Path) -> Iterator[FileCoverage]:
    for name, file in sorted(document["files"].items()):
        summary, missing = file["summary"], file["missing_lines"]
        if isinstance(summary, dict) and isinstance(missing, list):
            # coverage's names are relative to the current folder
            path = PurePath(os.path.relpath(Path(name).absolute(), root.absolute())).as_posix()
            yield FileCoverage(path, int(summary["num_statements"]), tuple(missing))
