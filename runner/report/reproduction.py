"""The command that runs a failing test again, ready to be pasted."""

from __future__ import annotations

import glob
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile

from runner.report.safe import safe_line

_FIXTURE = re.compile(r"\w+ \(([^()\s]+)\)")
_LOAD_TESTS, _LOCAL = "load_tests", "<locals>"
_NOT_LOADED = ("unittest.loader._FailedTest.", "unittest.loader.ModuleSkipped.")


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What a run of one test needs to be like the run in which it failed.

    Attributes:
        discovery: The flags of discovery that were typed, where a test is found by them; None where its id can be imported.
        names: The dotted names that were asked for.
        source: Returns the text of a module of the suite, None where it has none of that name; None where nobody knows.
        seed: None where nothing was seeded.
        order_seed: What the order followed from; None where nothing was shuffled.
    """

    discovery: tuple[str, ...] | None = None
    seed: int | None = None
    order_seed: int | None = None
    names: tuple[str, ...] = ()
    source: Callable[[str], str | None] | None = None

    def of_test(self, test_id: str) -> str:
        """Return the command for a test, or for what could not be loaded."""
        for prefix in _NOT_LOADED:
            if test_id.startswith(prefix):
                test_id = self._asked_for(test_id.removeprefix(prefix))
        name = self._loadable(test_id)
        if name is None:
            return self._typed(self.names if self.discovery is None else self.discovery)
        return self._command(name, f"*{glob.escape(name)}{'' if name == test_id else '.*'}")

    def of_fixture(self, fixture_id: str) -> str | None:
        """Return the command for the tests of a fixture's class or module; None where it names none."""
        match = _FIXTURE.fullmatch(fixture_id)
        return None if match is None else self._command(match[1], f"*{glob.escape(match[1])}.*")

    def _loadable(self, test_id: str) -> str | None:
        """Return what loads the test, its id, its class or its module; None where that is unknown."""
        if self.source is None:
            return test_id
        parts = test_id.split(".")
        for number in range(len(parts) - 1, 0, -1):
            module = ".".join(parts[:number])
            text = self.source(module)
            if text is not None:
                if _LOAD_TESTS in text or _LOCAL in parts:  # no name of the module leads to what it makes
                    return module
                return ".".join(takewhile(str.isidentifier, parts))
        return test_id if len(parts) > 1 else None

    def _asked_for(self, missing: str) -> str:
        """Return the name of which unittest keeps only the part that it did not find."""
        return next((name for name in self.names if f".{missing}." in f".{name}."), missing)

    def _command(self, name: str, pattern: str) -> str:
        return self._typed([name] if self.discovery is None else [*self.discovery, "-k", pattern])

    def _typed(self, words: Iterable[str]) -> str:
        return safe_line(shlex.join(["runner", "test", *words, *random_flags(self.seed, self.order_seed)]))


def random_flags(seed: int | None, order_seed: int | None) -> list[str]:
    """Return the flags that seed tests and shuffle them as these numbers do."""
    seeded = [] if seed is None else ["--seed", str(seed)]
    if order_seed is None:
        return seeded
    return [*seeded, *(["--shuffle"] if order_seed == seed else ["--shuffle-seed", str(order_seed)])]
