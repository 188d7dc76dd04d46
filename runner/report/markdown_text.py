"""Recorded text inside Markdown: never a heading, a table's edge, markup, a link, a mention or the end of a fence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from runner.report.safe import safe_line

_ASCII = "\x7f"
_HARMLESS = frozenset(" .,;%()/")
_LINK = re.compile(r"(?i)\b(www)\.")
_LINKS_SOMEWHERE = frozenset("@#")
_INSIDE = re.compile(r"(?<=\w)-(?=\w)|[-+](?=\d)|(?<=\w):(?= )|(?<=\d):(?=\d)|(?<=[^\W_])_(?=[^\W_])|(?<= )=(?= )")
_INSIDE_CODE = re.compile(r"(?<=[^\W_])_(?=[^\W_])")
_LIST = re.compile(r"^(\d+)([.)])(?=\s|$)")


def code(text: str, longest: int | None = None) -> str:
    """Return text as code in which nothing is Markdown, markup or a mention: what is no letter becomes an entity."""
    line = safe_line(text, longest)
    kept = {match.start() for match in _INSIDE_CODE.finditer(line)}
    shown = "".join(
        character if character.isalnum() or character in " ." or at in kept else f"&#{ord(character)};"
        for at, character in enumerate(line)
    )
    return f"<code>{_without_links(shown)}</code>" if line else ""


def prose(text: str, longest: int | None = None) -> str:
    """Return text between other words, harmless in the same way; GitHub looks for mentions also behind entities."""
    line = safe_line(text, longest).lstrip(" ").replace(" -> ", " \u2192 ")
    kept = {match.start() for match in _INSIDE.finditer(line)}
    shown = "".join(character if at in kept else _entity(character) for at, character in enumerate(line))
    return _without_links(_LIST.sub(lambda match: f"{match[1]}&#{ord(match[2])};", shown))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table of cells that are Markdown already."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _entity(character: str) -> str:
    if character.isalnum() or character in _HARMLESS or character > _ASCII:
        return character
    return f"&#{ord(character)};" + ("\u200b" if character in _LINKS_SOMEWHERE else "")


def _without_links(text: str) -> str:
    return _LINK.sub(r"\1&#46;", text)
