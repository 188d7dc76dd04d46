"""Make recorded text harmless for a terminal: it can never act as an escape code, a markup or a second line."""

from __future__ import annotations

import re
import unicodedata

_ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_CONTROL_PICTURES = 0x2400


def safe_text(text: str) -> str:
    """Return text whose control characters, direction marks and lone surrogates are visible instead of active.

    Newlines and tabs stay; everything else that a terminal would act upon is shown as a picture or a code point.
    """
    return _ACTIVE.sub(_visible, text)


def safe_line(text: str, width: int | None = None) -> str:
    """Return safe text on one line, cut to `width` columns with an ellipsis where a width is given."""
    line = safe_text(text).replace("\n", "\u2424").replace("\t", " ")
    if width is not None and len(line) > width:
        return line[: max(width - 1, 0)] + "\u2026"
    return line


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if code < ord(" "):
        return chr(_CONTROL_PICTURES + code)
    if character == "\x7f":
        return "\u2421"
    return f"<U+{code:04X}>" if unicodedata.category(character) != "Cs" else f"\\u{code:04x}"
