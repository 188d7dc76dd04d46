"""Recorded text inside Markdown: never a heading, a table's edge, markup, a link, a mention or the end of a fence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from runner.report.safe import safe_line

_HARMLESS = frozenset(" .,;%")
_LINK = re.compile(r"(?i)\b(www)\.")
_LINKS_SOMEWHERE = frozenset("@#")


def code(text: str, longest: int | None = None) -> str:
    """Return text as code in which nothing is Markdown, markup or a mention: what is no letter becomes an entity."""
    line = safe_line(text, longest)
    shown = "".join(character if character.isalnum() or character in " ._" else f"&#{ord(character)};" for character in line)
    return f"<code>{_without_links(shown)}</code>" if line else ""


def prose(text: str, longest: int | None = None) -> str:
    """Return text between other words, harmless in the same way; GitHub looks for mentions also behind entities."""
    return _without_links("".join(map(_entity, safe_line(text, longest))))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table of cells that are Markdown already."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _entity(character: str) -> str:
    if character.isalnum() or character in _HARMLESS:
        return character
    return f"&#{ord(character)};" + ("\u200b" if character in _LINKS_SOMEWHERE else "")


def _without_links(text: str) -> str:
    return _LINK.sub(r"\1&#46;", text)
