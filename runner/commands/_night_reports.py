"""The folder of a night's reports and logs, and the removal of old ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.commands.report_file import ReportFile
from runner.errors import ReportUnwritable
from runner.report.formats import rendered

if TYPE_CHECKING:
    from runner.report.page import Page

SUFFIXES: Final = {"html": "html", "markdown": "md", "json": "json", "text": "txt"}
"""What the report of each format is called after its dot."""

_OPTION: Final = "output in [tool.runner.nightly]"


def require_writable(output: Path) -> None:
    """Refuse a folder in which no report could be written, before there is a night that would have none.

    Raises:
        ReportUnwritable: Nothing can be written there.
    """
    ReportFile(str(output / "report"), "the report", _OPTION)


class Reports:
    """The reports of one night.

    Args:
        output: The folder of all nights' folders.
        night: Name of the night.
        forms: The formats.

    Raises:
        ReportUnwritable: Nothing can be written there.
    """

    def __init__(self, output: Path, night: str, forms: Iterable[str]) -> None:
        self.folder = output / night
        self._output = output
        self._files = {form: ReportFile(str(self.folder / f"report.{SUFFIXES[form]}"), "the report", _OPTION) for form in forms}

    @property
    def paths(self) -> dict[str, Path]:
        """The files by format."""
        return {form: file.path for form, file in self._files.items()}

    @property
    def main(self) -> Path | None:
        """The report that a person would open first."""
        return next(iter(self.paths[form] for form in SUFFIXES if form in self.paths), None)

    def write(self, page: Page, form: str) -> None:
        """Write the report in one of the formats.

        Raises:
            ReportUnwritable: It cannot be written.
        """
        text = rendered(page, form)
        self._files[form].write(lambda stream: stream.write(text))

    def remove(self, nights: Iterable[str]) -> None:
        """Remove the folders of some nights; what else lies there, such as the nights of another project, is not touched.

        Raises:
            ReportUnwritable: One cannot be removed.
        """
        for path in (self._output / night for night in nights):
            if path.is_dir() and not path.is_symlink():
                _remove(path)


def _remove(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise ReportUnwritable(
            f"the old reports in {path} cannot be removed ({error.strerror}); remove them, or leave out `keep`"
        ) from error


def remove_checkpoints(paths: Iterable[Path], below: Path) -> None:
    """Remove the checkpoint files of removed runs, where they lie in the project's folder of checkpoints, and empty folders."""
    below = below.resolve()
    for path in paths:
        if path.resolve().is_relative_to(below):
            path.unlink(missing_ok=True)
            if path.parent != below and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
