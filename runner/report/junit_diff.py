"""A report as JUnit XML: what is newly broken fails, what was broken before is skipped, so that a gate holds only what is new.

Tests that are as they were stay out; a `testsuite` is a pair of runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.diff import Diff
from registry.expected.known import KnownState
from registry.regress import Judgement, Verdict
from runner.report.junit import COUNTED_AS, TAGS, xml_line, xml_text
from runner.report.known_words import known_state
from runner.report.page import Finding, Page, Section
from runner.report.places import class_and_name
from runner.report.rows import TRANSITIONS
from runner.report.words import run_facts, states

_BROKEN: Final = frozenset({"newly_failing", "still_failing_new_cause"})
_BROKEN_BEFORE: Final = frozenset({"still_failing", "removed", "newly_skipped", "expected_to_fail"})


def page_junit(page: Page) -> str:
    """Return a report as one JUnit document."""
    suites = [_suite(xml_line(page.title), map(_finding, page.findings))] if page.findings else []
    suites += [_section(section) for section in page.sections]
    root = ET.Element("testsuites", {"name": xml_line(page.title), **_totals(suites)})
    root.extend(suites)
    ET.indent(root, "")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _section(section: Section) -> ET.Element:
    diff = section.diff
    suite = _suite(xml_line(section.role or f"{diff.a.name} -> {diff.b.name}"), _cases(diff))
    suite.set("timestamp", diff.b.started_at.isoformat(timespec="seconds"))
    properties = ET.Element("properties")
    for name, value in (("a", f"{diff.a.name} ({run_facts(diff.a)})"), ("b", f"{diff.b.name} ({run_facts(diff.b)})")):
        ET.SubElement(properties, "property", {"name": name, "value": xml_line(value)})
    suite.insert(0, properties)
    return suite


def _suite(name: str, cases: Iterator[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", {"name": name})
    suite.extend(cases)
    found = Counter(child.tag for case in suite for child in case)
    suite.set("tests", str(len(suite)))
    for tag, count in COUNTED_AS.items():
        suite.set(count, str(found[tag]))
    return suite


def _totals(suites: list[ET.Element]) -> dict[str, str]:
    return {name: str(sum(int(suite.get(name, 0)) for suite in suites)) for name in ("tests", *COUNTED_AS.values())}


def _cases(diff: Diff) -> Iterator[ET.Element]:
    for transition in TRANSITIONS:
        for pair in getattr(diff.tests, transition.name):
            yield _test(pair, transition.name, transition.words, diff.paces.get(pair.key))
    yield from _known(diff)
    for fixture in diff.fixtures:
        case = _case("fixtures", fixture.fixture_id, None)
        _add(case, "error", "newly_failing", fixture.message or "", fixture.traceback)
        yield case
    yield from (_metric(change) for change in diff.metrics if change.verdict is not None)
    if diff.checkpoints.determinism == "lost":
        case = _case("checkpoints", "determinism", None)
        _add(case, "failure", "suspected", "determinism lost", None)
        yield case


def _known(diff: Diff) -> Iterator[ET.Element]:
    """Yield a skipped case a failure that is muted, and a failed one a known failure that expired and is told nowhere else."""
    told = {pair.key for name in _BROKEN for pair in getattr(diff.tests, name)}
    for result in diff.known:
        is_muted = result.state is KnownState.MUTED
        if is_muted or (result.state is KnownState.EXPIRED and result.key not in told):
            case = _case(*class_and_name(result.key), None)
            _add(case, "skipped" if is_muted else "failure", f"known_{result.state}", known_state(result), None)
            yield case


def _test(pair: ChangedPair, name: str, words: str, pace: Judgement | None) -> ET.Element:
    owner, method = class_and_name(pair.key)
    case = _case(owner, method, pair.duration_b_s)
    told = f"{words}: {states(pair)}"
    if name in _BROKEN and pair.b is not None:
        _add(case, TAGS.get(pair.b, "failure"), name, f"{told}: {pair.message or ''}", None)
    elif name in _BROKEN_BEFORE:
        _add(case, "skipped", name, told, None)
    elif pace is not None and pace.verdict is Verdict.REGRESSED:
        _add(case, "failure", name, f"{words}: {pace.evidence}", None)
    return case


def _metric(change: MetricChange) -> ET.Element:
    case = _case("metrics", change.name, None)
    told = f"{change.a} -> {change.b}: {change.evidence or ''}"
    if change.verdict is Verdict.REGRESSED:
        _add(case, "failure", str(change.verdict), told, None)
    elif change.verdict in (Verdict.SUSPECTED, Verdict.INSUFFICIENT_DATA):
        _add(case, "skipped", str(change.verdict), told, None)
    return case


def _finding(finding: Finding) -> ET.Element:
    case = _case("findings", finding.sentence, None)
    if finding.verdict is Verdict.REGRESSED:
        _add(case, "failure", str(finding.verdict), finding.sentence, None)
    return case


def _case(owner: str, name: str, duration_s: float | None) -> ET.Element:
    return ET.Element("testcase", {"classname": xml_line(owner), "name": xml_line(name), "time": f"{duration_s or 0.0:.6f}"})


def _add(case: ET.Element, tag: str, kind: str, message: str, details: str | None) -> None:
    result = ET.SubElement(case, tag, {"type": kind, "message": xml_line(message)})
    if details:
        result.text = xml_text(details)
