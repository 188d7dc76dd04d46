"""What a bisection looks for: a test that fails, or a metric that is worse, as two recorded runs have them."""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.comparing.suspects import is_bad
from registry.records import Outcome, RunKind
from runner.commands._bisect_trials import MetricTrial, TestTrial
from runner.commands._bisect_worktree import repository_top
from runner.errors import NothingToBisect, NothingToCompare, UsageError
from runner.report.reproduction import Reproduction

if TYPE_CHECKING:
    from registry.records import Run, RunDetails, TestRecord
    from runner.commands._bisect_trials import Trial
    from runner.report.bisection import Tried
    from runner.settings import Settings

_DISCOVERY = {"--start-directory": "-s", "--top-level-directory": "-t", "--pattern": "-p", "-s": "-s", "-t": "-t", "-p": "-p"}
_TRAIN_FLAGS = {
    "epochs": "--epochs",
    "batch_size": "--batch-size",
    "learning_rate": "--lr",
    "device": "--device",
    "threads": "--threads",
}
# `git bisect run` takes 125 for a commit that cannot be tested; any other answer than green and red says nothing.
_ENDING = "s=$?; [ $s -le 1 ] && exit $s; exit 125"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked for.

    Attributes:
        trial: Judges a commit.
        script: What a shell does to judge one as `git bisect run` wants it.
        below: Where that runs, relative to the repository's top.
        name: The test or the metric.
        hint: What else than a commit may explain it.
    """

    trial: Trial
    script: str
    below: Path
    name: str
    hint: str

    def surprise(self, run: Run, answer: Tried) -> str:
        """Return the sentence for a run whose commit does not show what was recorded."""
        where = f"the commit of {run.name}"
        if answer.word == "skip":
            return f"{self.name} cannot be tested at {where}: {answer.words}; mend what is missing, or name another run"
        recorded = "good" if answer.word == "bad" else "bad"
        return f"{self.name} is {answer.word} at {where} ({answer.words}), where it was recorded as {recorded}: {self.hint}"


def subject_of(target: str, good: RunDetails, bad: RunDetails, settings: Settings) -> Subject:
    """Return what two runs say of a test or of a metric.

    Raises:
        NothingToCompare: The runs are not of one kind.
        UsageError: No test and no metric has that name.
        NothingToBisect: It is not good in the one and bad in the other.
    """
    if good.run.kind is not bad.run.kind:
        raise NothingToCompare(
            f"{good.run.name} is a {good.run.kind} run and {bad.run.name} a {bad.run.kind} run; name two of one kind"
        )
    if bad.run.kind is RunKind.TRAIN:
        return _metric(target, good, bad, settings)
    return _test(target, good, bad, settings)


def _test(target: str, good: RunDetails, bad: RunDetails, settings: Settings) -> Subject:
    before, after = _last_attempts(good), _last_attempts(bad)
    test_id = _full_name(target, after, bad.run.name, "test")
    was, now = before.get(test_id), after[test_id]
    if not now.outcome.is_red:
        raise NothingToBisect(f"{test_id} is {_words(now)} in {bad.run.name}; --bad takes a run in which it fails")
    if was is None or was.outcome not in (Outcome.PASSED, Outcome.EXPECTED_FAILURE):
        state = "not there" if was is None else _words(was)
        raise NothingToBisect(f"{test_id} is {state} in {good.run.name}; --good takes a run in which it passes")
    here = Path.cwd().resolve()
    top = repository_top(here)
    discovery = discovery_flags(bad.run.argv)
    trial = TestTrial(
        test_id,
        here.relative_to(top),
        top,
        seed=bad.run.seed,
        discovery=discovery,
        variables=interpreter_variables(str(bad.run.params.get("python_flags", ""))),
        not_run_is_bad=now.outcome is Outcome.NOT_RUN,
        by_name=_top(discovery, settings) == here,
    )
    hint = (
        "it may take other tests before it, which `runner test --bisect-order TEST` finds, files that git does not track, or "
        "other packages, which `runner diff` tells"
    )
    return Subject(trial, _test_script(trial, settings), trial.below, test_id, hint)


def _metric(target: str, good: RunDetails, bad: RunDetails, settings: Settings) -> Subject:
    before, after = ({metric.name: metric.last for metric in side.metrics} for side in (good, bad))
    name = _full_name(target, after, bad.run.name, "metric")
    if name not in before:
        raise NothingToBisect(f"{name} was not measured in {good.run.name}; --good takes a run that has it")
    if not is_bad(after[name], before[name], after[name]) or before[name] == after[name]:
        raise NothingToBisect(f"{name} is {after[name]:.4g} in both runs; name two runs in which it differs")
    here = Path.cwd().resolve()
    config = {key: value for key, value in bad.run.params.items() if key != "task"} | {"seed": bad.run.seed}
    data_dir = settings.root / (settings.data_dir or Path(".runner", "data"))
    trial = MetricTrial(name, before[name], after[name], here.relative_to(repository_top(here)), config, data_dir)
    same = good.run.params == bad.run.params and good.run.seed == bad.run.seed
    hint = (
        "packages or the machine may be the reason" if same else "the configuration or the seed, which differ, may be the reason"
    )
    script = _train_script(config, good.run.name)
    return Subject(trial, script, trial.below, name, f"{hint}; `runner diff` tells what else changed")


def _last_attempts(side: RunDetails) -> dict[str, TestRecord]:
    """Return the last attempt at each test by id; of tests that share an id the first one is looked at."""
    return {record.test_id: record for record in side.results if record.ordinal == 0}


def _full_name(target: str, known: Iterable[str], run: str, noun: str) -> str:
    names = list(known)
    if target in names:
        return target
    ending = [name for name in names if name.endswith(f".{target}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise UsageError(f"{target} may be {', '.join(ending[:3])} in {run}; give the whole id")
    near = difflib.get_close_matches(target, names, n=1)
    hint = f"did you mean {near[0]}?" if near else "`runner show` lists what it holds"
    raise UsageError(f"there is no {noun} {target!r} in {run}; {hint}")


def _words(record: TestRecord) -> str:
    return record.outcome.replace("_", " ")


def discovery_flags(argv: Sequence[str]) -> dict[str, str]:
    """Return the flags of discovery of a command line, under their short names."""
    found: dict[str, str] = {}
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if flag in _DISCOVERY:
            found[_DISCOVERY[flag]] = value if equals else following
    return found


def interpreter_variables(flags: str) -> dict[str, str]:
    """Return the environment variables that mean what recorded flags of the interpreter mean."""
    words = shlex.split(flags)
    warnings = [word.removeprefix("-W") for word in words if word.startswith("-W")]
    found = {"PYTHONOPTIMIZE": "2"} if "-OO" in words else {"PYTHONOPTIMIZE": "1"} if "-O" in words else {}
    found |= {"PYTHONWARNINGS": ",".join(warnings)} if warnings else {}
    return found | ({"PYTHONDEVMODE": "1"} if "dev" in words else {})


def _test_script(trial: TestTrial, settings: Settings) -> str:
    """Return the commands that judge a commit by the test; where its module cannot be imported nothing is said."""
    top = _top(trial.discovery, settings)
    is_importable = top == Path.cwd().resolve()
    flags = tuple(word for pair in trial.discovery.items() for word in pair)
    again = Reproduction(None if is_importable else flags, trial.seed).of_test(trial.test_id)
    module = module_of(trial.test_id)
    where = "" if is_importable else f"PYTHONPATH={shlex.quote(os.path.relpath(top))}:$PYTHONPATH "
    check = f'{where}python -c "import {module}" || exit 125; ' if module else ""
    return f"{check}{again}; {_ENDING}"


def module_of(test_id: str) -> str | None:
    """Return the module that an id begins with; None where that is no name of one, for it would be typed into a shell."""
    parts = test_id.split(".")[:-2]
    return ".".join(parts) if parts and all(map(str.isidentifier, parts)) else None


def _top(discovery: Mapping[str, str], settings: Settings) -> Path:
    """Return the folder from which the tests' modules are imported."""
    typed = discovery.get("-t") or discovery.get("-s")
    if typed is not None:
        return Path(typed).resolve()
    return (settings.root / (settings.top_level_directory or settings.start_directory or "")).resolve()


def _train_script(config: Mapping[str, object], good: str) -> str:
    flags = [word for key, flag in _TRAIN_FLAGS.items() if config.get(key) is not None for word in (flag, str(config[key]))]
    train = shlex.join(["runner", "train", "--seed", str(config["seed"]), *flags])
    return f"{train} || exit 125; runner diff {shlex.quote(good)} latest:train; {_ENDING}"
