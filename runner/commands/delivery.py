"""A finished report on its way: to standard output, or to a file and one line about it."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from runner.report.formats import rendered
from runner.report.numbers import size
from runner.report.paint import painter
from runner.report.safe import safe_line
from runner.report.text import plain

if TYPE_CHECKING:
    from runner.commands.report_file import ReportFile
    from runner.report.page import Page


def deliver(page: Page, form: str, file: ReportFile | None, colour: str) -> None:
    """Write a report in one of `runner.report.formats.FORMATS`.

    Args:
        page: The report.
        form: The format.
        file: Where it goes; None is standard output.
        colour: When to colour text: "auto", "always" or "never".

    Raises:
        ReportUnwritable: The file cannot be written.
    """
    if file is not None:
        text = rendered(page, form, plain)
        file.write(lambda stream: stream.write(text))
        sys.stdout.write(f"{safe_line(page.sentence)}\n{safe_line(str(file.path))} ({size(len(text.encode()))})\n")
        return
    if form not in ("text", "json") and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # what the page itself says it is written in
    sys.stdout.write(rendered(page, form, painter(colour, sys.stdout)))
