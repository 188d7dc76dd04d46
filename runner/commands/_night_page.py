"""A night as one report, made from the registry alone: when it ends, and again at any later time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.errors import RunNotFound
from registry.expected.expectations import Kept
from registry.expected.known import KnownState
from registry.naming import is_of_each_run
from registry.past.night import AGAIN, Part, Watch, dead_man_findings
from registry.records import RunKind, RunStatus
from registry.regress import Verdict
from runner.commands._night_terms import Terms
from runner.commands.comparing import HeldTo, diff_of
from runner.commands.sections import gathered
from runner.errors import NothingToCompare
from runner.report.numbers import counted
from runner.report.page import Finding, Page, Section
from runner.report.sentence import CHANGED, WORDS, verdict_sentence, worst

if TYPE_CHECKING:
    from registry.diff import Diff
    from registry.origin import TestKey
    from registry.past.night import Found
    from registry.records import Run
    from registry.store import Registry

NIGHTS_LOOKED_AT: Final = 15
"""Earlier nights that the dead-man checks look at."""

_SLOWER: Final = (Verdict.SUSPECTED, Verdict.REGRESSED)


@dataclass(frozen=True, slots=True)
class _Compared:
    """A part of the night beside its counterpart: that of its first choice, or of the one that `words` tell."""

    part: Part
    diff: Diff
    words: str
    is_first: bool

    @property
    def role(self) -> str:
        return self.part.role if self.is_first else f"{self.part.role}, since {self.words}"


class NightView:
    """What a night shows beside what it is compared with.

    Args:
        registry: Where it is.
        night: The run.
        root: The project's root.
        terms: What it is held to.
    """

    def __init__(self, registry: Registry, night: Run, root: Path, terms: Terms) -> None:
        self._registry = registry
        self._night = night
        self._root = root
        self._terms = terms
        self._parts = registry.nights.parts(night)
        self._findings = [Finding(verdict, sentence) for verdict, sentence in self._watched()]
        self._compared: list[_Compared] = []
        for number, (words, name) in enumerate(terms.against):
            self._compare(words, name, is_first=number == 0)
        if not terms.against:
            self._findings.append(Finding(Verdict.INSUFFICIENT_DATA, "there is no earlier night to compare with"))
        self._findings += self._red_parts()

    @property
    def verdict(self) -> Verdict:
        """The worst of everything."""
        return worst([*(finding.verdict for finding in self._findings), *(one.diff.verdict for one in self._compared)])

    @property
    def parts(self) -> tuple[Part, ...]:
        """The suites and trainings."""
        return self._parts

    def slow_tests(self) -> dict[str, tuple[str, ...]]:
        """Return the tests that were slower and measured once, by the role of their suite."""
        found: dict[str, tuple[str, ...]] = {}
        for one in self._compared:
            slow = [test for (test, _), pace in one.diff.paces.items() if pace.verdict is Verdict.SUSPECTED]
            if slow:
                found[one.part.role] = tuple(dict.fromkeys((*found.get(one.part.role, ()), *slow)))
        return found

    def page(self, form: str, found: Found | None = None) -> Page:
        """Return the report in a format.

        Args:
            form: The format.
            found: What the night found when it ended; by default what is found now.
        """
        ordered = sorted(self._compared, key=lambda one: (not one.is_first, list(WORDS).index(one.diff.verdict)))
        facts = {words: self._told_reference(words, name) for words, name in self._terms.against} | {
            "parts": ", ".join(self._told_parts()) or "none"
        }
        findings = [*self._findings, *self._otherwise(found)]
        return Page(
            title=self._night.name,
            verdict=found.verdict if found else self.verdict,
            sentence=found.sentence if found else self.sentence(),
            findings=tuple(findings),
            sections=tuple(self._section(one, form) for one in ordered),
            started_at=self._night.started_at,
            facts=facts,
        )

    def _otherwise(self, found: Found | None) -> Iterator[Finding]:
        """Say of a night that does not come out as it did that what follows is not all that it saw."""
        if found is not None and found.verdict is not self.verdict:
            words = (
                f"it comes out {WORDS[self.verdict]} now, for some of what it was compared with is not in the registry any more"
            )
            yield Finding(Verdict.UNCHANGED, f"this is what the night said when it ended; made again, {words}")

    def sentence(self) -> str:
        """Return the verdict in one sentence; what a second comparison only repeats is left out of it."""
        first = {one.part.role: one.diff.verdict for one in self._compared if one.is_first}
        new = [one for one in self._compared if one.is_first or _is_worse(one.diff.verdict, first.get(one.part.role))]
        # The seeds of a task mostly tell the same: the first of those that do speaks for them.
        told = list({_told_by(one): one.diff for one in reversed(new)}.values())[::-1]
        sentence = verdict_sentence(told, self._findings)
        return sentence if told else sentence.partition(CHANGED)[0]

    def _section(self, one: _Compared, form: str) -> Section:
        return gathered(self._registry, one.diff, form, one.role)

    def _told_reference(self, words: str, name: str) -> str:
        """Return what the night is compared with; of a reference that means another run for each part all of these."""
        if not is_of_each_run(name):
            return name
        found = [one for one in self._compared if one.words == words]
        return "; ".join(f"{one.part.role} with {one.diff.window or one.diff.a.name}" for one in found) or "nothing"

    def _told_parts(self) -> Iterator[str]:
        for part in self._parts:
            tests = f"{counted(part.ran, 'test')}, {part.red:,} red" if part.counts else str(part.run.status)
            yield f"{part.role} ({tests})"

    def _watched(self) -> Iterator[tuple[Verdict, str]]:
        earlier = self._registry.nights.before(self._night, NIGHTS_LOOKED_AT)
        last = next((run for run in earlier if run.status is RunStatus.FINISHED), None)
        before = self._registry.nights.parts(last) if last else ()
        if self._night.status not in (RunStatus.FINISHED, RunStatus.RUNNING):
            yield Verdict.REGRESSED, f"the night did not come to its end: {self._night.status}"
        watch = Watch(self._night, self._terms.planned, self._parts, earlier, before, self._terms.max_gap_h)
        yield from dead_man_findings(watch)

    def _compare(self, words: str, name: str, *, is_first: bool) -> None:
        try:
            counterparts = self._counterpart if is_of_each_run(name) else self._counterparts(self._registry.find_run(name))
        except RunNotFound:
            self._findings.append(Finding(Verdict.INSUFFICIENT_DATA, f"{words}, {name}, is not in the registry any more"))
            return
        for part in self._parts:
            before = None if part.is_again else counterparts(part, name)
            if before is not None:
                self._findings += self._compare_part(part, before, words, is_first=is_first)
            elif not part.is_again and is_first:
                self._findings.append(Finding(Verdict.UNCHANGED, f"{part.role} has nothing to compare with in {name}"))

    def _counterpart(self, part: Part, reference: str) -> Run | None:
        """Return what a reference means that means another run for each part."""
        try:
            return self._registry.find_run(reference, like=part.run)
        except RunNotFound:
            return None

    def _counterparts(self, reference: Run) -> _Counterparts:
        if reference.kind is RunKind.NIGHTLY:
            return _Counterparts({part.role: part.run for part in self._registry.nights.parts(reference)})
        role = self._registry.nights.role_of(reference)
        return _Counterparts({role: reference} if role else {}, None if role else reference)

    def _compare_part(self, part: Part, before: Run, words: str, *, is_first: bool) -> Iterator[Finding]:
        again = next((other.run for other in self._parts if other.role == part.role + AGAIN), None)
        try:
            confirmed = self._slow_again(before, again) if again else ()
            kept = Kept(self._terms.known, self._terms.bars if words == self._terms.barred_by else None)
            held_to = HeldTo(self._terms.tolerances, confirmed, words, kept)
            diff = diff_of(self._registry, before, part.run, self._root, held_to)
            self._compared.append(_Compared(part, diff, words, is_first))
        except NothingToCompare as nothing:
            # Whether that is bad the dead-man checks have said.
            yield Finding(Verdict.UNCHANGED, f"{part.role}: {nothing}")

    def _slow_again(self, before: Run, again: Run) -> Sequence[TestKey]:
        """Return the tests whose second measurement was past its limit too."""
        paces = diff_of(self._registry, before, again, self._root).paces
        return [key for key, pace in paces.items() if pace.verdict in _SLOWER]

    def _red_parts(self) -> Iterator[Finding]:
        """Yield the parts that are red although no comparison says so; a night with one of them is never green."""
        told = {one.part.role for one in self._compared if one.diff.verdict is Verdict.REGRESSED}
        for part in self._parts:
            if part.role in told or part.is_again:
                continue
            for number, noun in ((part.red - self._muted(part), "test"), (part.red_fixtures, "fixture")):
                if number > 0:
                    words = f"{counted(number, noun)} of {part.role} {'is' if number == 1 else 'are'} red"
                    yield Finding(Verdict.REGRESSED, words)
            if part.not_finite:
                yield Finding(Verdict.REGRESSED, f"{', '.join(part.not_finite)} of {part.role} ended in no number")

    def _muted(self, part: Part) -> int:
        """Return how many of a suite's failures are known and may be for now."""
        if not part.red:
            return 0
        known = self._registry.expectations(str(part.run.id), part.run, part.run, Kept(self._terms.known)).known
        return sum(result.state is KnownState.MUTED for result in known)


@dataclass(frozen=True, slots=True)
class _Counterparts:
    """What parts are compared with: by role, or one run for each part of its kind."""

    by_role: Mapping[str, Run]
    for_all: Run | None = None

    def __call__(self, part: Part, _: str) -> Run | None:
        if self.for_all is not None and self.for_all.kind is part.run.kind:
            return self.for_all
        return self.by_role.get(part.role)


def _told_by(one: _Compared) -> object:
    """Return what two seeds of a task have in common that tell the same; a suite is equal to itself alone."""
    if one.part.run.kind is not RunKind.TRAIN:
        return one.role
    judged = frozenset((change.name, change.verdict) for change in one.diff.metrics if change.verdict is not None)
    return one.part.role.partition(" ")[0], one.is_first, one.diff.verdict, judged, one.diff.checkpoints.determinism


def _is_worse(verdict: Verdict, than: Verdict | None) -> bool:
    return than is None or list(WORDS).index(verdict) < list(WORDS).index(than)
