"""How often the rules of `registry.regress` see a planted regression, and how often they raise a false alarm.

The same series are put before the rules of LNT (`ComparisonResult.get_value_status`, one sample a night, the ten nights before),
of asv (`continuous`: a factor of 1.1), and "more than the mean and two standard deviations", each re-stated here.

    python benchmarks/regression_rules.py            # print the tables
    python benchmarks/regression_rules.py --write    # and put them into docs/verdicts.md
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from registry.answers import Answers
from registry.comparing.paired import judge_answers
from registry.comparing.seeds import Samples, judge_seeds
from registry.records import Dataset, Direction, Run, RunDetails, RunKind, RunStatus
from registry.regress import DURATION_FLOOR_S, DURATION_RATIO, Timing, Verdict, judge_accuracy, judge_durations

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "verdicts.md"
RECORDED = Path(__file__).resolve().parent / "recorded_durations.json"
ANSWERED = Path(__file__).resolve().parent / "recorded_answers.json"
TESTS, PLANTED, HISTORY, SLOWER = 200, 4, 10, (1.5, 2.0, 3.0)
SEEDS, EXAMPLES, ERRORS, SEED_SPREAD = 5, 10_000, 0.007, 0.0005
MORE_ERRORS = (1.0, 1.25, 1.5, 2.0)
NOBODY = Run(0, "", "", RunKind.TRAIN, RunStatus.FINISHED, datetime(2026, 1, 1, tzinfo=UTC))

Chance = np.random.Generator
Series = np.ndarray
Rule = Callable[[Series], Series]


def steady(chance: Chance, shape: tuple[int, int]) -> Series:
    return np.exp(chance.normal(0, 0.05, shape))


def noisy(chance: Chance, shape: tuple[int, int]) -> Series:
    return np.exp(chance.normal(0, 0.2, shape))


def spikes(chance: Chance, shape: tuple[int, int]) -> Series:
    """A quiet machine on which one night in thirty something else runs."""
    return steady(chance, shape) * np.where(chance.random(shape) < 1 / 30, chance.uniform(1.3, 3, shape), 1)


def busy_nights(chance: Chance, shape: tuple[int, int]) -> Series:
    """A machine that is slower for all tests on some nights, and for a while."""
    load = np.zeros(shape[1])
    for night in range(1, shape[1]):
        load[night] = 0.7 * load[night - 1] + chance.normal(0, 0.1)
    return steady(chance, shape) * np.exp(load)


def recorded(chance: Chance, shape: tuple[int, int]) -> Series:
    """Pieces of what six tests really took on a shared machine with two busy cores, one run after the other."""
    series = np.array(list(json.loads(RECORDED.read_text(encoding="utf-8"))["seconds"].values()))
    starts = chance.integers(0, series.shape[1] - shape[1] + 1, shape[0])
    rows = chance.integers(0, len(series), shape[0])
    pieces = np.stack([series[row, start : start + shape[1]] for row, start in zip(rows, starts, strict=True)])
    return pieces / np.median(pieces, axis=1, keepdims=True)


NOISES = {"5 % noise": steady, "20 % noise": noisy, "5 % and spikes": spikes, "busy nights": busy_nights, "recorded": recorded}


def ours(series: Series, wanted: set[Verdict]) -> Series:
    """Apply `judge_durations` as a comparison does: candidates past the floors against A, A being the last quick night."""
    before, between, tonight = series[:, :-2], series[:, -2], series[:, -1]
    reference = before[:, -1]
    candidates = np.flatnonzero((tonight - reference > DURATION_FLOOR_S) & (tonight > DURATION_RATIO * reference))
    timings = [Timing(before[row].tolist(), float(tonight[row]), float(between[row])) for row in candidates]
    told = np.zeros(len(series), dtype=bool)
    verdicts = (judgement.verdict for judgement in judge_durations(timings, tested=len(series)))
    told[candidates] = [verdict in wanted for verdict in verdicts]
    return told


def one_night(series: Series) -> Series:
    return ours(series, {Verdict.REGRESSED, Verdict.SUSPECTED})


def two_nights(series: Series) -> Series:
    return ours(series, {Verdict.REGRESSED})


def lnt(series: Series) -> Series:
    """Take the closest of the ten values before; tell more than 1 % and 0.01."""
    before, tonight = series[:, :-2][:, -10:], series[:, -1]
    closest = np.take_along_axis(before, np.abs(before - tonight[:, None]).argmin(axis=1)[:, None], axis=1)[:, 0]
    delta = tonight - closest
    return (delta >= 0.01) & (delta >= 0.01 * closest)


def asv(series: Series) -> Series:
    return series[:, -1] > 1.1 * series[:, -3]


def two_sigma(series: Series) -> Series:
    before = series[:, :-2]
    return series[:, -1] > before.mean(axis=1) + 2 * before.std(axis=1, ddof=1)


RULES: dict[str, Rule] = {
    "runner: suspected or regressed": one_night,
    "runner: regressed (two nights)": two_nights,
    "LNT": lnt,
    "asv continuous": asv,
    "mean + 2 sigma": two_sigma,
}


def durations(draws: int, history: int, seed: int = 1) -> Iterator[tuple[str, str, float, list[float]]]:
    """Yield for each noise and rule: false alarms a night among tests that did not change, and detection of each factor."""
    for noise, make in NOISES.items():
        chance = np.random.default_rng(seed)
        # As in a suite whose tests take a second: beyond the floor of 0.2 s, relative changes count.
        nights = [make(chance, (TESTS, history + 2)) for _ in range(draws)]
        planted = [plant(night, factor) for factor in SLOWER for night in nights]
        for name, rule in RULES.items():
            alarms = [int(rule(night).sum()) for night in nights]
            seen = [rule(night)[:PLANTED].mean() for night in planted]
            yield (
                noise,
                name,
                float(np.mean(alarms)),
                [float(part.mean()) for part in np.array_split(np.array(seen), len(SLOWER))],
            )


def plant(night: Series, factor: float) -> Series:
    """Make the first tests of a night slower, tonight and in the night before."""
    slower = night.copy()
    slower[:PLANTED, -2:] *= factor
    return slower


def accuracies(chance: Chance, errors: float) -> dict[int, float]:
    """Return the accuracy of each seed: the recipe's, the seed's, and what a finite test set makes of it."""
    rates = np.clip(chance.normal(errors, SEED_SPREAD, SEEDS), 0, 1)
    seeds = chance.integers(0, 2**31, SEEDS)
    return {int(seed): 1 - wrong / EXAMPLES for seed, wrong in zip(seeds, chance.binomial(EXAMPLES, rates), strict=True)}


def told_of_metrics(a: dict[int, float], b: dict[int, float]) -> dict[str, bool]:
    """Say for each rule whether it tells that B is worse."""
    first, second = [*a.values()], [*b.values()]
    seeds = judge_seeds([Samples(a, b, Direction.HIGHER, is_accuracy=True)])[0].verdict
    single = judge_accuracy(first[0], second[0], EXAMPLES, EXAMPLES).verdict
    closest = min((second[0] - one for one in first), key=abs)
    return {
        "runner: regressed (5 seeds a side)": seeds is Verdict.REGRESSED,
        "runner: suspected or regressed (5 seeds)": seeds in (Verdict.REGRESSED, Verdict.SUSPECTED),
        "runner: regressed (one run a side)": single is Verdict.REGRESSED,
        "LNT": closest <= -0.01 and closest <= -0.01 * first[0],
        "asv continuous, on the errors": 1 - second[0] > 1.1 * (1 - first[0]),
        "mean - 2 sigma": second[0] < np.mean(first) - 2 * np.std(first, ddof=1),
    }


def metrics(draws: int, seed: int = 1) -> dict[str, list[float]]:
    """Return for each rule how often it tells each number of errors, the first of which is no change."""
    chance = np.random.default_rng(seed)
    told: dict[str, list[float]] = {}
    for more in MORE_ERRORS:
        answers = [told_of_metrics(accuracies(chance, ERRORS), accuracies(chance, ERRORS * more)) for _ in range(draws)]
        for rule in answers[0]:
            told.setdefault(rule, []).append(float(np.mean([answer[rule] for answer in answers])))
    return told


def recorded_answers() -> dict[str, dict[str, Series]]:
    """Return by kind and part of the data set which examples real trainings answered wrongly, (trainings, examples)."""
    found = json.loads(ANSWERED.read_text(encoding="utf-8"))
    kinds: dict[str, dict[str, Series]] = {}
    for kind, runs in found["wrong"].items():
        for part, examples in found["examples"].items():
            wrong = np.zeros((len(runs), examples), dtype=bool)
            for row, run in zip(wrong, runs, strict=True):
                row[run[part]] = True
            kinds.setdefault(kind, {})[part] = wrong
    return kinds


def with_more_errors(chance: Chance, wrong: Series, more: float) -> Series:
    """Plant errors among the answers that were right."""
    planted = wrong.copy()
    planted[chance.choice(np.flatnonzero(~wrong), round(wrong.sum() * (more - 1)), replace=False)] = True
    return planted


def told_of_answers(a: Series, b: Series) -> dict[str, bool]:
    """Say for each rule whether it tells that B is worse, from which examples each side answered wrongly."""
    data = Dataset("recorded", "f" * 64, 0, 0, len(a))
    sides = [
        RunDetails(NOBODY, answers=(Answers("test", len(a), np.packbits(~side).tobytes()),), dataset=data) for side in (a, b)
    ]
    accuracies = (1 - float(a.mean()), 1 - float(b.mean()))
    paired = judge_answers(*sides, "test", accuracies)
    lost, gained = int((b & ~a).sum()), int((a & ~b).sum())
    p = float(binomtest(lost, lost + gained).pvalue) if lost + gained else 1.0
    single = judge_accuracy(*accuracies, len(a), len(b)).verdict
    return {
        "runner: regressed (flipped examples)": paired is not None and paired.verdict is Verdict.REGRESSED,
        "runner: suspected or regressed (flipped examples)": paired is not None
        and paired.verdict in (Verdict.REGRESSED, Verdict.SUSPECTED),
        "McNemar alone, p <= .05": lost > gained and p <= 0.05,
        "McNemar alone, p <= .001": lost > gained and p <= 0.001,
        "runner: regressed (noise of the test set)": single is Verdict.REGRESSED,
    }


def answers(seed: int = 1) -> dict[str, dict[str, list[float]]]:
    """Return by kind and rule how often it tells each number of errors, over all ordered pairs of trainings and both parts."""
    chance = np.random.default_rng(seed)
    shares: dict[str, dict[str, list[float]]] = {}
    for kind, parts in recorded_answers().items():
        for more in MORE_ERRORS:
            told = [
                told_of_answers(wrong[first], with_more_errors(chance, wrong[second], more))
                for wrong in parts.values()
                for first, second in itertools.permutations(range(len(wrong)), 2)
            ]
            for rule in told[0]:
                shares.setdefault(kind, {}).setdefault(rule, []).append(float(np.mean([one[rule] for one in told])))
    return shares


def duration_table(draws: int, history: int) -> Iterator[str]:
    yield (
        f"| noise | rule | false alarms a night, {TESTS} tests | " + " | ".join(f"sees x{factor:g}" for factor in SLOWER) + " |"
    )
    yield "|---|---|---|" + "---|" * len(SLOWER)
    for noise, rule, alarms, seen in durations(draws, history):
        yield f"| {noise} | {rule} | {alarms:.2f} | " + " | ".join(f"{share:.0%}" for share in seen) + " |"


def metric_table(draws: int) -> Iterator[str]:
    yield "| rule | false alarms | " + " | ".join(f"sees x{more:g} errors" for more in MORE_ERRORS[1:]) + " |"
    yield "|---|---|" + "---|" * len(MORE_ERRORS[1:])
    for rule, shares in metrics(draws).items():
        yield f"| {rule} | {shares[0]:.1%} | " + " | ".join(f"{share:.0%}" for share in shares[1:]) + " |"


def answer_table() -> Iterator[str]:
    yield (
        "| B differs from A in | rule | false alarms | " + " | ".join(f"sees x{more:g} errors" for more in MORE_ERRORS[1:]) + " |"
    )
    yield "|---|---|---|" + "---|" * len(MORE_ERRORS[1:])
    for kind, rules in answers().items():
        for rule, shares in rules.items():
            yield f"| {kind} | {rule} | {shares[0]:.1%} | " + " | ".join(f"{share:.0%}" for share in shares[1:]) + " |"


def tables(nights: int, draws: int) -> dict[str, str]:
    """Return each table by its name in the page."""
    return {
        "durations": "\n".join(duration_table(nights, HISTORY)),
        "short history": "\n".join(duration_table(nights, 5)),
        "metrics": "\n".join(metric_table(draws)),
        "answers": "\n".join(answer_table()),
    }


def write(found: dict[str, str], page: Path) -> None:
    """Put the tables into a page, each between its marks."""
    text = page.read_text(encoding="utf-8")
    for name, table in found.items():
        opening, closing = f"<!-- table: {name} -->\n", "\n<!-- end -->"
        start = text.index(opening) + len(opening)
        text = text[:start] + table + text[text.index(closing, start) :]
    page.write_text(text, encoding="utf-8")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure the rules by simulation.")
    parser.add_argument("--nights", type=int, default=100, help="nights a noise (default 100)")
    parser.add_argument("--draws", type=int, default=1000, help="comparisons a number of errors (default 1000)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/verdicts.md")
    given = parser.parse_args()
    began = time.perf_counter()
    found = tables(given.nights, given.draws)
    for name, table in found.items():
        print(f"{name}\n\n{table}\n")
    if given.write:
        write(found, PAGE)
    print(f"took {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
