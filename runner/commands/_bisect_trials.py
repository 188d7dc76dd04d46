"""One trial of a bisection: run the test, or train again, in a work tree, and say whether that commit is good or bad."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import runner
from registry.comparing.suspects import is_bad
from registry.records import Outcome
from runner import execute
from runner.commands._kept_results import KeptResults
from runner.commands._test_randomness import HASH_SEED, hash_seed
from runner.errors import SettingsError, Terminated
from runner.events import TestFinished
from runner.report.bisection import Word
from runner.settings import read_settings

if TYPE_CHECKING:
    from runner.events import TestKey
    from runner.settings import Settings

_TAIL = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a commit, and in a few words why."""

    word: Word
    words: str


class Trial(Protocol):
    """What a commit is judged by."""

    def __call__(self, folder: Path) -> Answer:
        """Judge what is checked out in a folder."""
        ...


@dataclass(slots=True)
class TestTrial:
    """Runs one test in a worker whose modules come from the work tree.

    Attributes:
        test_id: `TestCase.id()`.
        below: Where tests are started, relative to the repository's top.
        top: The user's own tree: what Python finds there is looked for in the work tree.
        seed: As it was recorded.
        discovery: The flags -s, -t and -p as they were recorded; where there are none, the settings of each commit count.
        variables: What gives the interpreter the recorded flags.
        not_run_is_bad: Whether the bad run did not come to the test either.
        by_name: Whether the id alone is tried before discovery, which loads all tests; later what found the test last.
    """

    test_id: str
    below: Path
    top: Path
    seed: int | None = None
    discovery: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    not_run_is_bad: bool = False
    by_name: bool = False

    def __call__(self, folder: Path) -> Answer:
        """Judge what is checked out in a folder; where the test is not there or cannot be loaded, nothing can be said."""
        place = folder / self.below
        if not place.is_dir():
            return Answer("skip", f"there is no {self.below} yet")
        try:
            settings = read_settings(place)
        except SettingsError as error:
            return Answer("skip", str(error))
        for by_name in (self.by_name, not self.by_name):
            found = self._run(place, settings, by_name=by_name)
            if found is not None:
                self.by_name = by_name
                return self._judge(found)
        return Answer("skip", "the test is not there or cannot be imported")

    def _judge(self, found: TestFinished) -> Answer:
        outcome, words = Outcome(found.outcome), found.outcome.replace("_", " ")
        about = f"{words}: {found.message}" if found.message else words
        if outcome is Outcome.SKIPPED or (outcome is Outcome.NOT_RUN and not self.not_run_is_bad):
            return Answer("skip", about)
        return Answer("bad", about) if outcome.is_red else Answer("good", words)

    def _run(self, place: Path, settings: Settings, *, by_name: bool) -> TestFinished | None:
        names = execute.Selection(names=(self.test_id,))
        options = execute.WorkerOptions(
            working_directory=place,
            environment=self._environment(place),
            seed=self.seed,
            timeout_s=settings.timeout,
        )
        watch = KeptResults()
        with execute.start(names if by_name else self._discovered(settings), options) as execution:
            summary = execution.run(watch)
        if summary.interrupted:
            raise Terminated if summary.interrupted == "SIGTERM" else KeyboardInterrupt
        return watch.found.get((self.test_id, 0))

    def _discovered(self, settings: Settings) -> execute.Selection:
        start, top = self.discovery.get("-s"), self.discovery.get("-t")
        if start is None and top is None:
            start, top = (
                str(settings.root / folder) if folder else None
                for folder in (settings.start_directory, settings.top_level_directory)
            )
        pattern = self.discovery.get("-p") or settings.pattern or "test*.py"
        return execute.Selection(start_directory=start or ".", pattern=pattern, top_level_directory=top, choose=self._only)

    def _only(self, keys: Sequence[TestKey]) -> list[int]:
        return [place for place, key in enumerate(keys) if key == (self.test_id, 0)]

    def _environment(self, place: Path) -> dict[str, str]:
        """Return variables by which modules come from the work tree, also those of a project that is installed editable."""
        folder = place if self.below == Path() else place.parents[len(self.below.parts) - 1]
        entries = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path]
        paths = [_moved(entry, self.top, folder) for entry in entries if entry]
        path = list(dict.fromkeys(str(path) for path in (*paths, place / "src") if path is not None and path.is_dir()))
        seeded = {} if self.seed is None else {HASH_SEED: hash_seed(self.seed)}
        # Byte code of another commit could be taken for new where size and second are the same.
        return {**self.variables, **seeded, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.pathsep.join(path)}


def _moved(entry: str, top: Path, folder: Path) -> Path | None:
    """Return where a folder of the user's tree lies in the work tree; another one as it is, but not what sys.path has anyway."""
    path = Path(entry).resolve()
    if path.is_relative_to(top):
        return folder / path.relative_to(top)
    return None if entry in sys.path else path


@dataclass(frozen=True, slots=True)
class MetricTrial:
    """Trains again in a process of its own, with the task's code from the work tree, and looks at one metric.

    Attributes:
        metric: Its name.
        good: Its last value in the good run; likewise `bad`. What is nearer to the bad one is bad.
        below: Where the project lies, relative to the repository's top.
        config: The configuration of the training, its seed included.
        data_dir: Where the data is.
    """

    metric: str
    good: float
    bad: float
    below: Path
    config: Mapping[str, object]
    data_dir: Path

    def __call__(self, folder: Path) -> Answer:
        """Judge what is checked out in a folder; where the training breaks, nothing can be said."""
        place = folder / self.below
        source = next((path for path in (place, place / "src") if (path / "mnist" / "__init__.py").is_file()), None)
        if source is None:
            return Answer("skip", "there is no package mnist in this commit")
        with tempfile.TemporaryDirectory(prefix="runner-bisect-") as name, Path(name, "log").open("w+b") as log:
            asked = {"config": dict(self.config), "source": str(source), "data": str(self.data_dir), "out": name}
            command = [sys.executable, "-P", "-m", "runner.commands._bisect_training", json.dumps(asked)]
            done = subprocess.run(command, cwd=place, env=_environment(), stdout=log, stderr=log, check=False)
            if done.returncode:
                log.seek(0)
                return Answer("skip", f"the training broke: {_last_line(log.read())}")
            values = json.loads(Path(name, "metrics.json").read_text(encoding="utf-8"))
        if self.metric not in values:
            return Answer("skip", f"the training measured no {self.metric}")
        # Not finite numbers are texts such as "nan", which float reads.
        value = float(values[self.metric])
        return Answer("bad" if is_bad(value, self.good, self.bad) else "good", f"{self.metric} {value:.4g}")


def _environment() -> dict[str, str]:
    home = str(Path(runner.__file__).resolve().parent.parent)
    path = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}


def _last_line(said: bytes) -> str:
    lines = said[-_TAIL:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
