"""A report as one HTML file that needs nothing else: no script, no request, light and dark, on any screen and on paper.

Whatever was recorded goes through `safe_text` and Jinja's autoescape; what is markup was made here. Source: "Content Security
Policy Level 3" (W3C), by which the page itself forbids everything but its own styles and its own images.
"""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import TYPE_CHECKING, Final

from runner.report.html_values import Room, Shortened
from runner.report.html_view import page_view
from runner.report.numbers import counted, size
from runner.report.page import LIMIT_BYTES
from runner.report.safe import safe_line, safe_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from runner.report.page import Page

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_ROOMS: Final = (
    Room(rows=60, pictured=1),
    Room(rows=20, pictured=1),
    Room(100, 5, 0),
    Room(20, 2, 0),
    Room(5, 1, 0),
    Room(0, 1, 0),
)
_LONGEST: Final = 300
_BREAKS = re.compile(r"(?<=[._])(?=[^._])")


def page_html(page: Page, limit_bytes: int = LIMIT_BYTES) -> str:
    """Return a report as HTML of at most so many bytes; equal reports are equal bytes.

    Whole where it fits; else with fewer and fewer figures, rows and pairs of runs, and a sentence that says so.
    """
    text = filled("page.html", view=page_view(page))
    whole = bytes_of(text)
    for room in _ROOMS:
        if bytes_of(text) <= limit_bytes:
            break
        text = filled("page.html", view=page_view(page, room, _shortened(page, room, whole, limit_bytes)))
    return text


def _shortened(page: Page, room: Room, whole: int, limit_bytes: int) -> Shortened:
    kept = [f"at most {counted(room.rows, 'row')} of each list"]
    kept += [f"{room.sections} of {counted(len(page.sections), 'comparison')}"] if room.sections < len(page.sections) else []
    kept += ["figures of the first comparison only" if room.pictured else "no figures"]
    words = f"Shortened from {size(whole)} to fit into {size(limit_bytes)}: {', '.join(kept)}."
    sides = [side.name for section in page.sections[:1] for side in (section.diff.a, section.diff.b)]
    is_night = bool(page.facts or page.findings or len(page.sections) != 1)
    command = ["runner", "report", page.title] if is_night else ["runner", "diff", *sides]
    return Shortened(words, shlex.join([*command, "--format", "json"]))


def bytes_of(text: str) -> int:
    """Return how many bytes a text is in a file."""
    return len(text.encode())


def filled(template: str, **values: object) -> str:
    """Return one of the templates, filled."""
    return str(_environment().get_template(template).render(policy=POLICY, **values)) + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("runner.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters |= {"line": _line, "breakable": _breakable}
    return environment


def _line(text: str, longest: int = _LONGEST) -> str:
    return safe_line(text, longest).replace(" -> ", " \u2192 ")


def _breakable(text: str) -> Markup:
    """Return a name that a browser may break after its dots and underscores."""
    from markupsafe import Markup

    return Markup("<wbr>").join(_BREAKS.split(_line(text)))


def _harmless(value: object) -> object:
    """Make every text that a template writes harmless, but for what is marked as markup."""
    return safe_text(value) if type(value) is str else value
