"""Events to JUnit XML, in the dialect of Surefire that Jenkins, GitLab and GitHub's actions read.

Each test is a `testcase` with at most one result, for several readers take only the first. Every subtest that did not pass is a
`testcase` of its own below its test, named with its parameters. A fixture that failed stands under its class or its module.
What does not belong into XML 1.0, or would act upon a terminal, becomes visible text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from registry.records import Outcome
from runner.events import Ended, Event, FixtureFinished, Printed, TestFinished, TestKey
from runner.report.numbers import counted
from runner.report.places import class_and_name
from runner.report.safe import safe_line, safe_text
from runner.report.text import RED, own_text

if TYPE_CHECKING:
    from registry.records import Run
    from runner.report.places import Place, Places

TAGS: Final = {
    Outcome.FAILED: "failure",
    Outcome.UNEXPECTED_SUCCESS: "failure",
    Outcome.ERRORED: "error",
    Outcome.CRASHED: "error",
    Outcome.TIMED_OUT: "error",
    Outcome.NOT_RUN: "error",
    Outcome.SKIPPED: "skipped",
}
COUNTED_AS: Final = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_NO_CHARACTER = re.compile("[\ufffe\uffff]")
_NAME_OF_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?=:|$)")
_FIXTURE = re.compile(r"(?P<name>[^()]+) \((?P<owner>.+)\)")
_SUBTESTS_NAMED = 20
_READ_AT_ONCE = 1 << 16
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
_HEAD_LINES = 3  # the declaration, and the opening tags of the root and of its suite
_END = "</testsuites>\n"


class JunitReporter:
    """A sink that writes each result as XML, at once or where it may be tried again at the end, and then the document.

    Args:
        spool: Takes the test cases; read again for the document.
        places: Finds the files of tests and failures.
    """

    def __init__(self, spool: TextIO, places: Places) -> None:
        self._spool = spool
        self._places = places
        self._counts: Counter[str] = Counter()
        self._red: dict[TestKey, list[TestFinished]] = {}
        self._printed: list[str] = []
        self._owners: dict[str, str] = {}
        self._duration_s = 0.0

    def emit(self, event: Event, /) -> None:
        """Write the event where it is a result."""
        match event:
            case TestFinished():
                self._finished(event)
            case FixtureFinished() if event.outcome in RED:  # what one skips is told by each of its tests
                self._write(self._fixture(event))
            case Printed(place, text):
                self._printed.append(f"{place or 'between tests'}:\n{text}")
            case Ended():
                self._ended(event)
            case _:
                pass

    def write_document(self, run: Run, host: str, output: TextIO) -> None:
        """Write everything, after the last event.

        Args:
            run: What is known about the run; its id is 0 where it is not recorded.
            host: Name of the machine.
            output: Takes UTF-8.
        """
        facts = {"name": xml_text(run.name or "runner"), **self._totals(), "time": f"{self._duration_s:.3f}"}
        suite = facts | {"timestamp": run.started_at.isoformat(timespec="seconds"), "hostname": xml_text(host)}
        output.write(f"{_DECLARATION}\n{_opened('testsuites', facts)}\n{_opened('testsuite', suite)}\n")
        output.write(ET.tostring(_properties(_facts_of(run)), encoding="unicode") + "\n")
        self._spool.seek(0)
        while part := self._spool.read(_READ_AT_ONCE):
            output.write(part)
        if self._printed:
            output.write(_text_element("system-out", "\n".join(self._printed)) + "\n")
        output.write(f"</testsuite>\n{_END}")

    def _totals(self) -> dict[str, str]:
        return {name: str(self._counts[name]) for name in ("tests", *COUNTED_AS.values())}

    def _finished(self, event: TestFinished) -> None:
        if event.outcome in RED or event.key in self._red:
            self._red.setdefault(event.key, []).append(event)
        elif event.outcome == Outcome.PASSED and not event.subtests and event.output is None and event.seed is None:
            self._write_passed(event)
        else:
            self._write_test([event])

    def _write_passed(self, event: TestFinished) -> None:
        """Write what nearly every result of a large suite is, at a tenth of the cost of building elements."""
        owner, name = class_and_name(event.key)
        if owner not in self._owners:
            facts = self._owned(owner, None)
            self._owners[owner] = " ".join(f"{key}={quoteattr(value)}" for key, value in facts.items())
        self._counts["tests"] += 1
        duration = f"{event.duration_s or 0.0:.6f}"
        self._spool.write(f'<testcase {self._owners[owner]} name={quoteattr(xml_line(name))} time="{duration}" />\n')

    def _ended(self, event: Ended) -> None:
        self._duration_s = event.duration_s
        for attempts in self._red.values():
            self._write_test(attempts)
        self._red.clear()

    def _write_test(self, attempts: list[TestFinished]) -> None:
        """Write one test: the last attempt tells its state, the others stand below as Surefire has them."""
        last, earlier = attempts[-1], attempts[:-1]
        case = self._case(*class_and_name(last.key), last.duration_s, last.traceback)
        _add_properties(case, last)
        if last.outcome in RED:
            # Surefire: the first attempt is the failure, the later ones are re-runs of it.
            first, *later = attempts
            _add_result(case, first.outcome, _message(first), _details(first))
            _add_attempts(case, "rerun", later)
        else:
            _add_result(case, last.outcome, last.message, None)
            _add_attempts(case, "flaky", earlier)
        if last.output:
            ET.SubElement(case, "system-out").text = xml_text(last.output)
        self._write(case)
        for subtest in self._subtests(last):
            self._write(subtest)

    def _subtests(self, event: TestFinished) -> Iterator[ET.Element]:
        owner, name = class_and_name(event.key)
        for subtest in event.subtests:
            case = self._case(owner, f"{name} {subtest.params}", 0.0, subtest.traceback)
            _add_result(case, subtest.outcome, subtest.message, subtest.traceback)
            yield case

    def _fixture(self, event: FixtureFinished) -> ET.Element:
        match = _FIXTURE.fullmatch(event.fixture_id)
        owner, name = (match["owner"], match["name"]) if match else (event.fixture_id, event.fixture_id)
        case = self._case(owner, name, None, event.traceback)
        _add_result(case, event.outcome, event.message, event.traceback)
        if event.output:
            ET.SubElement(case, "system-out").text = xml_text(event.output)
        return case

    def _case(self, owner: str, name: str, duration_s: float | None, traceback: str | None) -> ET.Element:
        facts = {
            **self._owned(owner, self._places.last_in(traceback)),
            "name": xml_line(name),
            "time": f"{duration_s or 0.0:.6f}",
        }
        return ET.Element("testcase", facts)

    def _owned(self, owner: str, place: Place | None) -> dict[str, str]:
        path = place.path if place else self._places.file_of(owner)
        facts = {"classname": xml_line(owner)}
        if path is not None:
            facts["file"] = xml_line(path)
        if place is not None:
            facts["line"] = str(place.line)
        return facts

    def _write(self, case: ET.Element) -> None:
        self._counts["tests"] += 1
        for child in case:
            if child.tag in COUNTED_AS:
                self._counts[COUNTED_AS[child.tag]] += 1
        self._spool.write(ET.tostring(case, encoding="unicode") + "\n")


def join_documents(documents: Mapping[str, Path], name: str, output: TextIO) -> None:
    """Write the documents of several runs as one, a suite for each.

    Args:
        documents: Where they lie, by the name that the suite of each gets.
        name: That of the whole.
        output: Takes UTF-8.
    """
    suites = {title: _facts_of_suite(path) | {"name": xml_line(title)} for title, path in documents.items()}
    sums = {key: str(sum(int(facts[key]) for facts in suites.values())) for key in ("tests", *COUNTED_AS.values())}
    time_s = sum(float(facts["time"]) for facts in suites.values())
    output.write(f"{_DECLARATION}\n{_opened('testsuites', {'name': xml_line(name), **sums, 'time': f'{time_s:.3f}'})}\n")
    for title, path in documents.items():
        output.write(f"{_opened('testsuite', suites[title])}\n")
        with path.open(encoding="utf-8", newline="") as lines:
            output.writelines(line for line in islice(lines, _HEAD_LINES, None) if line != _END)
    output.write(_END)


def _facts_of_suite(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as lines:
        *_, opening = islice(lines, _HEAD_LINES)
    return ET.fromstring(f"{opening}</testsuite>").attrib  # noqa: S314 (written above)


def _message(event: TestFinished) -> str | None:
    red = [subtest for subtest in event.subtests if subtest.outcome in RED]
    if not red or own_text(event) is not None:
        return event.message
    return f"{counted(len(red), 'subtest')} did not pass: {red[0].params} {red[0].message or ''}"


def _details(event: TestFinished) -> str | None:
    own = own_text(event)
    parts = [own.rstrip()] if own else []
    shown = event.subtests[:_SUBTESTS_NAMED]
    parts += [f"{subtest.outcome}: {subtest.params} {subtest.message or ''}" for subtest in shown]
    if len(shown) < len(event.subtests):
        parts.append(f"and {len(event.subtests) - len(shown)} more")
    return "\n".join(parts) or None


def _add_result(case: ET.Element, outcome: str, message: str | None, details: str | None) -> None:
    tag = TAGS.get(Outcome(outcome))
    if tag is None:
        return
    result = ET.SubElement(case, tag, {"type": _kind(outcome, message), "message": xml_line(message or "")})
    if details:
        result.text = xml_text(details)


def _add_attempts(case: ET.Element, prefix: str, attempts: list[TestFinished]) -> None:
    for attempt in attempts:
        word = "Failure" if TAGS.get(Outcome(attempt.outcome)) == "failure" else "Error"
        facts = {"type": _kind(attempt.outcome, attempt.message), "message": xml_line(_message(attempt) or "")}
        element = ET.SubElement(case, f"{prefix}{word}", facts)
        ET.SubElement(element, "stackTrace").text = xml_text(_details(attempt) or "")
        if attempt.output:
            ET.SubElement(element, "system-out").text = xml_text(attempt.output)


def _add_properties(case: ET.Element, event: TestFinished) -> None:
    """Say what the elements of JUnit have no place for."""
    facts = {}
    if event.seed is not None:
        facts["seed"] = str(event.seed)
    if event.outcome == Outcome.EXPECTED_FAILURE:
        facts["outcome"] = event.outcome
    if facts:
        case.append(_properties(facts))


def _properties(facts: Mapping[str, str]) -> ET.Element:
    element = ET.Element("properties")
    for name, value in facts.items():
        ET.SubElement(element, "property", {"name": name, "value": xml_line(value)})
    return element


def _facts_of(run: Run) -> dict[str, str]:
    facts = {"status": str(run.status)}
    if run.id:
        facts |= {"run": run.name, "run_id": str(run.id), "run_uid": run.uid}
    if run.seed is not None:
        facts["seed"] = str(run.seed)
    if run.git.commit is not None:
        facts["commit"] = run.git.commit
    return facts


def _kind(outcome: str, message: str | None) -> str:
    """Return the name of the exception where the message begins with one, else the outcome."""
    match = _NAME_OF_EXCEPTION.match(message or "") if outcome in (Outcome.FAILED, Outcome.ERRORED) else None
    return match[0] if match else outcome


def _opened(tag: str, facts: Mapping[str, str]) -> str:
    return ET.tostring(ET.Element(tag, dict(facts)), encoding="unicode", short_empty_elements=False).removesuffix(f"</{tag}>")


def _text_element(tag: str, text: str) -> str:
    element = ET.Element(tag)
    element.text = xml_text(text)
    return ET.tostring(element, encoding="unicode")


def xml_text(text: str) -> str:
    """Return text in which every character belongs into XML 1.0 and acts upon no terminal."""
    return _NO_CHARACTER.sub(_code_point, safe_text(text))


def xml_line(text: str) -> str:
    """Return such text on one line."""
    return _NO_CHARACTER.sub(_code_point, safe_line(text))


def _code_point(match: re.Match[str]) -> str:
    return f"<U+{ord(match[0]):04X}>"
