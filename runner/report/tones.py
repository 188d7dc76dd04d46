"""The tone in which a page tells a verdict, a colour and a shape there, by the colour that a terminal gives it. Pure."""

from __future__ import annotations

from typing import Final

from registry.regress import Verdict
from runner.report.text import colour_of

TONES: Final = {"red": "bad", "yellow": "warn", "green": "good", "": "calm"}
"""The tones by the names of colours that terminals know, and by the empty one for no colour."""


def tone_of(verdict: Verdict) -> str:
    """Return the tone of a verdict."""
    return TONES[colour_of(verdict)]
