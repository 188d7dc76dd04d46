"""Make recorded text harmless where it is shown: it can never act as an escape code, a markup, a CI command or a second line."""

from __future__ import annotations

import re
import unicodedata

_ACTIVE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]|#(?=#\w*\[)"
    r"|^[^\S\n]*:(?=:[^\s:].*::)",
    re.MULTILINE,
)
_CONTROL_PICTURES = 0x2400
_CHARACTERS_A_COLUMN = 8
_ELLIPSIS = "\u2026"
_WITHOUT_A_COLUMN = frozenset({"Mn", "Me", "Cf"})


def safe_text(text: str) -> str:
    """Return text whose control characters, direction marks and lone surrogates are visible instead of active.

    Newlines and tabs stay; everything else that a terminal would act upon is shown as a picture or a code point. What CI systems
    act upon, anywhere in a line (`##[`, `##vso[`) or at its start (`::name::`), is broken by a space without width.
    """
    return _ACTIVE.sub(_visible, text.replace("\r\n", "\n"))


def safe_output(text: str) -> str:
    """Return safe text of what a program printed, without what a carriage return let it overwrite, as progress bars do."""
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return safe_text(text)


def safe_line(text: str, width: int | None = None) -> str:
    """Return safe text on one line, cut to `width` columns with an ellipsis where a width is given."""
    if width is None:
        return _on_one_line(text)
    # Of a megabyte only the start is looked at; what takes no column may use up its share of it.
    start = text[: width * _CHARACTERS_A_COLUMN]
    line = _on_one_line(start)
    columns = width_of(line) if line.isascii() else _counted(line, width)
    if len(start) < len(text) and columns < width:
        return line + _ELLIPSIS
    return line if len(start) == len(text) and columns <= width else _cut(line, width)


def _counted(line: str, limit: int) -> int:
    """Return how many columns a line takes; of one that is wider than a limit no more is counted."""
    columns = 0
    for character in line:
        columns += _columns(character)
        if columns > limit:
            break
    return columns


def _on_one_line(text: str) -> str:
    return safe_text(text).replace("\n", "\u2424").replace("\t", " ")


def width_of(line: str) -> int:
    """Return how many columns of a terminal a safe line takes: two for a wide character, none for a combining one."""
    return len(line) if line.isascii() else sum(map(_columns, line))


def _columns(character: str) -> int:
    if unicodedata.category(character) in _WITHOUT_A_COLUMN:
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _cut(line: str, width: int) -> str:
    room = width - len(_ELLIPSIS)
    for index, character in enumerate(line):
        room -= _columns(character)
        if room < 0:
            return line[:index] + _ELLIPSIS * (width > 0)
    return line


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    if character[-1] in "#:":
        return f"{character}\u200b"
    code = ord(character)
    if code < ord(" "):
        return chr(_CONTROL_PICTURES + code)
    if character == "\x7f":
        return "\u2421"
    return f"<U+{code:04X}>" if unicodedata.category(character) != "Cs" else f"\\u{code:04x}"
