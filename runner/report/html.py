"""A report as one HTML file that needs nothing else: no script, no request, light and dark, on any screen and on paper.

Whatever was recorded goes through `safe_text` and Jinja's autoescape; what is markup was made here. Source: "Content Security
Policy Level 3" (W3C), by which the page itself forbids everything but its own styles and its own images.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from runner.report.html_view import page_view
from runner.report.safe import safe_line, safe_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from runner.report.page import Page

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_LONGEST: Final = 300
_BREAKS = re.compile(r"(?<=[._])(?=[^._])")


def page_html(page: Page) -> str:
    """Return a report as HTML; equal reports are equal bytes."""
    return filled("page.html", view=page_view(page))


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
