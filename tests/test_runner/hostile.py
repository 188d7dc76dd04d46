"""Sixty texts that a test suite may contain and that want to be more than text, and a report with one of them in every place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from registry.answers import Flips
from registry.comparing.determinism import CheckpointChange
from registry.comparing.facts import ChangedPair
from registry.comparing.metrics import MetricChange
from registry.comparing.transitions import Cluster, TestChanges
from registry.comparing.uncovered import CoverageChange, UncoveredLines
from registry.comparing.why import Reason
from registry.diff import Diff
from registry.expected.known import KnownFailure, KnownResult, KnownState
from registry.origin import Commit, CommitRange, Onset, Relation, RunPoint, Suspect
from registry.past.cells import Cell, CellRun, Strips
from registry.records import Direction, FixtureRecord, GitState, Outcome, Run
from registry.regress import Judgement, Verdict
from runner.report.page import Finding, Page, Section
from runner.report.sentence import verdict_sentence
from tests.test_registry.diff_factories import make_environment, make_run

MEGABYTE = 2**20
WHEN = datetime(2026, 1, 2, tzinfo=UTC)
TEXTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><b>bold</b>",
    "</title></style></script><h1>out</h1>",
    "</details></td></tr></table><details open>",
    "<!-- comment",
    "--><!doctype html><![CDATA[ x ]]>",
    "]]></failure></testcase></testsuite>",
    "&lt;b&gt; &amp;#60; &#x3c;script&#x3e;",
    "&nbsp;&bogus;&",
    "{{ 7 * 7 }} {% raw %} {# x #}",
    "${7*7} #{7*7} %(x)s {x!r} %n%s",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "url(https://example.com/x.png)",
    "}</style><style>*{display:none}",
    "<a href=https://example.com>click</a>",
    "<meta http-equiv=refresh content=0;url=https://example.com>",
    "<base href=//example.com><link rel=stylesheet href=x.css>",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H\x1bc",
    "\x9b31m \x90 \x9d",
    "\x07\x08\x08\x08\x7f",
    "a\rb\x0bc\x0cd",
    "nul \x00 inside",
    "lone \ud800 surrogate \udcff",
    "\ufffe\uffff\ufeff no characters",
    "bidi \u202e txet \u2066 \u2069 \u200f \u061c",
    "line \u2028 paragraph \u2029 next \x85",
    "zero\u200bwidth\u2060joiner\u200d",
    "z\u0351\u0489\u0334" * 40,
    "\u65e5\u672c\u8a9e \U0001f9ea \U0001f469\u200d\U0001f467",
    "::error::this is mine",
    "::set-output name=x::y",
    "a\n::add-mask::secret\n::stop-commands::x",
    "##[error]azure",
    "##vso[task.complete result=Succeeded]",
    "##teamcity[testFailed name='x']",
    "`code` ``double`` ```",
    "```\nfence\n```",
    "~~~\n# heading\n~~~",
    "# heading\n## second",
    "| a | b |\n|---|---|\n| c | d |",
    "\\| pipe \\\\| end",
    "- item\n- [x] task\n1. first",
    "1. first",
    "> quote\n>> deeper",
    "**bold** __strong__ *em* ~~gone~~",
    "[link](https://example.com) ![image](x.png)",
    "[ref]: https://example.com\n[ref]",
    "@everyone #1 GH-1 user/repo#2 www.example.com https://example.com a@b.c",
    "<details><summary>x</summary>\n\n# inside",
    "$x^2$ $$\\frac{1}{2}$$ :tada: [^1]",
    "=cmd|' /C calc'!A0,+1,-1,@SUM(1)",
    "../../../etc/passwd C:\\Windows\\..\\x",
    "x" * MEGABYTE,
    "<&\"'`|\x1b\u202e" * (MEGABYTE // 64),
)


def hostile_page(text: str) -> Page:
    """Return a report in which every text is this one, and nothing else depends on it."""
    a, b = _run(text, 1), _run(text, 2)
    pair = ChangedPair(text, 0, Outcome.PASSED, Outcome.FAILED, text, 0.5, 1.5, cause_b=text, renamed_from=text)
    timed = ChangedPair(text, 1, Outcome.PASSED, Outcome.PASSED, None, 0.5, 1.5)
    failure = KnownFailure(text, text, text, WHEN.date(), WHEN)
    commit = Commit(text, text, (text,))
    way = CommitRange(Relation.AHEAD, (commit,), 1)
    diff = Diff(
        a,
        b,
        Verdict.REGRESSED,
        reasons=(text, text),
        tests=TestChanges(newly_failing=(pair,), fixed=(pair,), slower=(timed,), removed=(pair,), unchanged=1),
        clusters=(Cluster(text, 1, is_new=True, example=pair),),
        paces={(text, 1): Judgement(Verdict.REGRESSED, text)},
        fixtures=(FixtureRecord(text, Outcome.ERRORED, text, text, text),),
        metrics=(
            MetricChange(text, 1.0, 2.0, 1.0, Direction.LOWER, Verdict.REGRESSED, text),
            MetricChange(text, 1.0, None, None),
        ),
        flips=(Flips(text, 10, (1, 2), (3,)),),
        checkpoints=CheckpointChange(same=False, first_difference=text),
        comparability=(text,),
        known=(KnownResult(failure, 0, Outcome.FAILED, KnownState.MUTED, text),),
        way=way,
        onsets={(text, 0): Onset(RunPoint(9, text, WHEN, text), RunPoint(8, text, WHEN, text), way, (Suspect(commit, text),))},
        metric_onsets={text: Onset(RunPoint(9, text, WHEN, text))},
        why=tuple(Reason(what, text, text, f"{text}2", text) for what in ("code", "git", "package", "config", "environment")),
        coverage=CoverageChange(90.0, 80.0, -10.0, (text,), (UncoveredLines(text, (1, 2), (4,), text),)),
    )
    cells = (Cell(Outcome.FAILED, text), Cell(Outcome.SKIPPED), Cell(Outcome.PASSED, attempts=2), None)
    strips = Strips(tuple(CellRun(n, text, WHEN) for n in range(4)), {(text, 0): cells})
    sections = (Section(diff, text, strips), Section(Diff(a, b, Verdict.SUSPECTED), text))
    findings = (Finding(Verdict.SUSPECTED, text),)
    sentence = verdict_sentence([diff], findings)
    return Page(text, Verdict.REGRESSED, sentence, findings, sections, WHEN, {text: text})


def _run(text: str, number: int) -> Run:
    facts: dict[str, Any] = {
        "tags": {text: text},
        "params": {text: text},
        "argv": (text,),
        "git": GitState(text, text, dirty=True),
    }
    packages = {text: text}
    return make_run(text, id=number, environment=make_environment(packages=packages, platform=text), code={text: text}, **facts)
