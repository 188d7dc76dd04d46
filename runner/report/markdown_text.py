"""Recorded text inside Markdown: never a heading, a table's edge, markup, a link, a mention or the end of a fence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from runner.report.safe import safe_line

_LINK = re.compile(r"(?i)\b(www)\.")
_LINKS_SOMEWHERE = frozenset("@#")
_LIST = re.compile(r"^(\d+)([.)])(?=\s|$)")
# Every sign of ASCII but a few, and but for those that mean nothing where they stand: between letters, or before a digit.
_ACTIVE = re.compile(
    r"(?<![^\W_])_|_(?![^\W_])|(?<!\w)-(?!\d)|-(?!\w)|\+(?!\d)|(?<!\w):|:(?! )(?!\d)|(?<! )=|=(?! )"
    r"|[!\"#$&'*<>?@\[\\\]^`{|}~]"
)
_ACTIVE_IN_CODE = re.compile(r"[^\w .]|(?<![^\W_])_|_(?![^\W_])")


def code(text: str, longest: int | None = None) -> str:
    """Return text as code in which nothing is Markdown, markup or a mention: what is no letter becomes an entity."""
    line = _ACTIVE_IN_CODE.sub(_entity, safe_line(text, longest))
    return f"<code>{_without_links(line)}</code>" if line else ""


def prose(text: str, longest: int | None = None) -> str:
    """Return text between other words, harmless in the same way; GitHub looks for mentions also behind entities."""
    line = safe_line(text, longest).lstrip(" ").replace(" -> ", " \u2192 ")
    shown = _LIST.sub(lambda match: f"{match[1]}&#{ord(match[2])};", _ACTIVE.sub(_entity, line))
    return _without_links(shown)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table of cells that are Markdown already."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};" + ("\u200b" if match[0] in _LINKS_SOMEWHERE else "")


def _without_links(text: str) -> str:
    return _LINK.sub(r"\1&#46;", text)
