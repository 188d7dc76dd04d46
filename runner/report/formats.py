"""One report in every format. What a format needs is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from runner.report.text import Paint, colour_of, plain, wrapped

if TYPE_CHECKING:
    from runner.report.page import Page

FORMATS: Final = ("text", "json", "markdown", "html", "junit")


def rendered(page: Page, form: str, paint: Paint = plain) -> str:
    """Return a report in one of `FORMATS`.

    Args:
        page: The report. One section without findings is the diff itself as text and as JSON.
        form: The format.
        paint: Colours text.
    """
    match form:
        case "json":
            return _json(page)
        case "markdown":
            from runner.report.markdown import page_markdown

            return page_markdown(page)
        case "html":
            from runner.report.html import page_html

            return page_html(page)
        case "junit":
            from runner.report.junit_diff import page_junit

            return page_junit(page)
        case _:
            return "\n".join(_text(page, paint))


def _is_one_diff(page: Page) -> bool:
    return len(page.sections) == 1 and not page.findings and not page.facts and not page.sections[0].role


def _json(page: Page) -> str:
    from runner.report.diff_document import diff_document, page_document
    from runner.report.document import dumps

    document = diff_document(page.sections[0].diff) if _is_one_diff(page) else page_document(page)
    return dumps(document, indent=2) + "\n"


def _text(page: Page, paint: Paint) -> Iterator[str]:
    from runner.report.diff_text import diff_text
    from runner.report.safe import safe_line

    if not _is_one_diff(page):
        word, _, rest = safe_line(page.sentence).partition(":")
        yield from wrapped([f"{paint(word, colour_of(page.verdict))}:", *rest.split()])
        for finding in page.findings:
            yield from wrapped(safe_line(finding.sentence).split(" "), "  - ", "    ")
        for name, fact in page.facts.items():
            yield from wrapped(safe_line(f"{name}: {fact}").split(" "), "  ", "    ")
        yield ""
    for section in page.sections:
        if section.role:
            yield f"=== {safe_line(section.role)}"
        yield diff_text(section.diff, paint)
