"""What was recorded around two runs and differs, ranked: the candidates for the cause. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from registry.comparing.suspects import Evidence
from registry.records import Run, RunDetails, RunKind

NOTHING = "nothing that was recorded changed"
"""What the sentence begins with that says so."""

_TIES = ("in the traceback of {}", "the file of {}", "imported by {}")
_OF_NO_WEIGHT = frozenset({"--name", "--tag", "--registry", "--format", "--color", "--junit-xml", "--durations", "--seed"})
_SWITCHES_OF_NO_WEIGHT = frozenset({"--record", "--no-record", "--debug", "-v", "-q", "--verbose", "--quiet", "--locals"})


class Situation(Enum):
    """What is to be explained; the groups of reasons in the order in which they are likely to do so."""

    TESTS = ("code", "git", "package", "config", "seed", "dataset", "environment", "numerics")
    DURATIONS = ("environment", "config", "numerics", "package", "code", "git", "dataset", "seed")
    TRAINING = ("config", "dataset", "code", "git", "seed", "package", "numerics", "environment")


@dataclass(frozen=True, slots=True)
class Reason:
    """One recorded thing that differs between the runs; `what` is a group such as "code" or "package".

    Attributes:
        because: What ties it to what broke; None where only its group speaks for it.
    """

    what: str
    key: str
    a: str | None
    b: str | None
    because: str | None = None


def ranked_differences(
    a: RunDetails, b: RunDetails, evidence: Collection[Evidence] = (), situation: Situation = Situation.TESTS
) -> tuple[Reason, ...]:
    """Return what was recorded differently about two runs, the likeliest cause first.

    What a failing test ran comes before all else, the innermost evidence first; then the groups in the order of the situation.
    """
    ranked = []
    for position, reason in enumerate(recorded_differences(a, b)):
        closeness, because = _tie(reason, evidence)
        is_python = reason.what == "environment" and reason.key == "python"
        order = (closeness, situation.value.index(reason.what), not is_python, position)
        ranked.append((order, replace(reason, because=because)))
    return tuple(reason for _, reason in sorted(ranked, key=lambda one: one[0]))


def _tie(reason: Reason, evidence: Collection[Evidence]) -> tuple[int, str | None]:
    """Return how closely a reason belongs to what broke, 0 being closest, and in words how."""
    far = len(_TIES)
    if reason.what == "package":
        members = [one for one in evidence if reason.key in one.packages]
        return (0, _TIES[0].format(_tests(members))) if members else (far, None)
    if reason.what != "code":
        return far, None
    found = [(closeness[0], one) for one in evidence if (closeness := one.reason(reason.key)) is not None]
    if not found:
        return far, None
    closest = min(closeness for closeness, _ in found)
    return closest, _TIES[closest].format(_tests([one for closeness, one in found if closeness == closest]))


def _tests(members: Collection[Evidence]) -> str:
    return next(str(one.test_id) for one in members) if len(members) == 1 else f"{len(members):,} failing tests"


def unexplained(a: RunDetails, b: RunDetails) -> str | None:
    """Return the opening of a sentence that nothing recorded differs; None where too little was recorded to say so."""
    if a.run.environment is None or b.run.environment is None:
        return None
    unknown = [] if a.run.code and b.run.code else ["code"]
    unknown += [] if a.run.git.commit and b.run.git.commit else ["commit"]
    gap = f" ({' and '.join(unknown)} not recorded)" if unknown else ""
    return f"{NOTHING}{gap}"


def recorded_differences(a: RunDetails, b: RunDetails) -> Iterator[Reason]:
    """Yield what was recorded differently about two runs, by groups."""
    if a.run.code and b.run.code:
        yield from _mapping_reasons("code", a.run.code, b.run.code)
    yield from _git_reasons(a.run, b.run)
    before, after = a.run.environment, b.run.environment
    if before is not None and after is not None:
        yield from _mapping_reasons("package", before.packages, after.packages)
    if a.run.seed != b.run.seed:
        yield Reason("seed", "seed", _text(a.run.seed), _text(b.run.seed))
    yield from _mapping_reasons("config", a.run.params, b.run.params)
    yield from _argv_reasons(a.run, b.run)
    yield from _dataset_reasons(a, b)
    if before is not None and after is not None:
        yield from _mapping_reasons(
            "environment",
            {"python": before.python, "platform": before.platform, **before.machine, **before.variables},
            {"python": after.python, "platform": after.platform, **after.machine, **after.variables},
        )
        yield from _mapping_reasons("numerics", before.numerics, after.numerics)


def _argv_reasons(a: Run, b: Run) -> Iterator[Reason]:
    """Yield the words of the command line that only one side has; a training's flags are its configuration already."""
    if a.kind is not RunKind.TEST or not a.argv or not b.argv:
        return
    before, after = _weighty(a.argv), _weighty(b.argv)
    only_a, only_b = ([word for word in one if word not in other] for one, other in ((before, after), (after, before)))
    if only_a or only_b:
        yield Reason("config", "argv", " ".join(only_a) or None, " ".join(only_b) or None)


def _weighty(argv: tuple[str, ...]) -> list[str]:
    """Return the words of a command line that may change a result: flags with a value as one word, names and outputs left out."""
    words: list[str] = []
    rest = iter(argv[1:])
    for word in rest:
        flag, _, value = word.partition("=")
        if flag in _OF_NO_WEIGHT:
            if not value:
                next(rest, None)
        elif word not in _SWITCHES_OF_NO_WEIGHT:
            words.append(word)
    return words


def _mapping_reasons(what: str, a: Mapping[str, object], b: Mapping[str, object]) -> Iterator[Reason]:
    for key in sorted(a.keys() | b.keys()):
        before, after = a.get(key), b.get(key)
        # NaN is unequal to itself, and a reason that reads the same on both sides says nothing.
        if before != after and _text(before) != _text(after):
            yield Reason(what, key, _text(before), _text(after))


def _git_reasons(a: Run, b: Run) -> Iterator[Reason]:
    # Where git could not tell about one side, its branch and its changes are unknown, not different.
    known = a.git.commit is not None and b.git.commit is not None
    for key in ("commit", "branch", "dirty") if known else ("commit",):
        before, after = getattr(a.git, key), getattr(b.git, key)
        if before != after:
            yield Reason("git", key, _text(before), _text(after))


def _dataset_reasons(a: RunDetails, b: RunDetails) -> Iterator[Reason]:
    for key in ("name", "fingerprint", "train", "validation", "test"):
        before, after = (getattr(side.dataset, key, None) for side in (a, b))
        if before != after:
            yield Reason("dataset", key, _text(before), _text(after))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
