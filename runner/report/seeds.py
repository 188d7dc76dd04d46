"""What several runs of one selection under different seeds show: which tests fail for some seeds, and which for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from registry.records import Outcome
from runner.events import Event, FixtureFinished, TestFinished, TestKey
from runner.report.document import SCHEMA
from runner.report.numbers import counted
from runner.report.safe import safe_line

_DOUBLE_RULE = "=" * 70
_SEEDS_SHOWN = 20


class SeedSink:
    """Notes how each test ended under one seed; of several attempts the last one counts."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.outcomes: dict[TestKey, Outcome] = {}
        self.red_fixtures: set[str] = set()

    def emit(self, event: Event, /) -> None:
        """Take the event where it is a result."""
        if isinstance(event, TestFinished):
            self.outcomes[event.key] = Outcome(event.outcome)
        elif isinstance(event, FixtureFinished) and Outcome(event.outcome).is_red:
            self.red_fixtures.add(event.fixture_id)


@dataclass(frozen=True, slots=True)
class RedUnderSeeds:
    """A test or a fixture that was red under some seeds: these, and how many seeds it was tried with."""

    key: TestKey
    red: tuple[int, ...]
    tried: int

    @property
    def is_always(self) -> bool:
        """Tell whether it was red under every seed."""
        return len(self.red) == self.tried


@dataclass(slots=True)
class SeedReport:
    """The outcomes under each seed, in the order of the runs."""

    sinks: list[SeedSink] = field(default_factory=list)

    def of_seed(self, seed: int) -> SeedSink:
        """Return the sink for the run under a seed."""
        self.sinks.append(SeedSink(seed))
        return self.sinks[-1]

    def verdicts(self) -> Iterator[RedUnderSeeds]:
        """Yield the tests that were red under a seed at least, in the order in which they ended, then such fixtures."""
        for key in dict.fromkeys(key for sink in self.sinks for key in sink.outcomes):
            tried = [sink for sink in self.sinks if key in sink.outcomes]
            red = tuple(sink.seed for sink in tried if sink.outcomes[key].is_red)
            if red:
                yield RedUnderSeeds(key, red, len(tried))
        for name in dict.fromkeys(name for sink in self.sinks for name in sorted(sink.red_fixtures)):
            yield RedUnderSeeds((name, 0), tuple(sink.seed for sink in self.sinks if name in sink.red_fixtures), len(self.sinks))

    def last_line(self) -> str:
        """Return the line that other programs read, in which a test counts once, as failed where a seed makes it fail."""
        red = {verdict.key for verdict in self.verdicts()}
        others = {key: outcome for sink in self.sinks for key, outcome in sink.outcomes.items() if key not in red}
        skipped = sum(outcome is Outcome.SKIPPED for outcome in others.values())
        return f"{len(others) - skipped} passed, {len(red)} failed, {skipped} skipped"


def seeds_text(report: SeedReport) -> str:
    """Return which tests fail for which seeds, and last the line that other programs read."""
    lines = [_DOUBLE_RULE, f"{counted(len(report.sinks), 'seed')}: {_listed(tuple(sink.seed for sink in report.sinks))}"]
    for verdict in report.verdicts():
        name, ordinal = verdict.key
        title = safe_line(name) + (f" #{ordinal}" if ordinal else "")
        if verdict.is_always:
            lines.append(f"fails for all {verdict.tried} seeds: {title}")
        else:
            word = "seed" if len(verdict.red) == 1 else "seeds"
            lines.append(f"fails for some seeds: {title}: {len(verdict.red)} of {verdict.tried} ({word} {_listed(verdict.red)})")
    return "\n".join([*lines, report.last_line()]) + "\n"


def seeds_document(report: SeedReport) -> dict[str, object]:
    """Return the same as a document."""
    return {
        "schema": SCHEMA,
        "seeds": [sink.seed for sink in report.sinks],
        "tests": [
            {
                "id": verdict.key[0],
                "ordinal": verdict.key[1],
                "fails_for": "all" if verdict.is_always else "some",
                "failed": list(verdict.red),
                "tried": verdict.tried,
            }
            for verdict in report.verdicts()
        ],
    }


def _listed(seeds: tuple[int, ...]) -> str:
    more = f" and {len(seeds) - _SEEDS_SHOWN} more" if len(seeds) > _SEEDS_SHOWN else ""
    return ", ".join(map(str, seeds[:_SEEDS_SHOWN])) + more
