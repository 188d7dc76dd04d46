"""Colour for a stream, where the user or the terminal wants it."""

from __future__ import annotations

import os
from typing import TextIO

from runner.report.text import Paint, plain

COLOUR_CHOICES = ("auto", "always", "never")


def painter(choice: str, stream: TextIO) -> Paint:
    """Return the `Paint` for a stream.

    Args:
        choice: "always", "never", or "auto": only on a terminal, and not where NO_COLOR is set.
        stream: Where the text will go.
    """
    if choice == "never" or (choice == "auto" and (not stream.isatty() or os.environ.get("NO_COLOR"))):
        return plain
    return _styled


def _styled(text: str, colour: str) -> str:
    import typer

    return typer.style(text, fg=colour, bold=True)
