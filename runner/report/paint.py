"""Colour for a stream, where the user or the terminal wants it."""

from __future__ import annotations

import os
from typing import TextIO

from runner.report.text import Paint, plain


def painter(choice: str, stream: TextIO) -> Paint:
    """Return the `Paint` for a stream.

    Args:
        choice: "always", "never", or "auto": only on a terminal that is not a dumb one, and not where NO_COLOR is set.
        stream: Where the text will go.
    """
    return _styled if choice == "always" or (choice == "auto" and _takes_colour(stream)) else plain


def _takes_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _styled(text: str, colour: str) -> str:
    import typer

    return typer.style(text, fg=colour, bold=True)
