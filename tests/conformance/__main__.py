"""Run the rows from the command line, with any number of workers, or hand them to another runner."""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from .case import Case
from .catalogue import ROWS, ZOO
from .interpreters import other_interpreters
from .judging import faults, plain_faults, verdict
from .running import run_command, run_ours, run_plain


def main() -> int:
    """Return 0 where every row is right."""
    options = _options()
    cases = [case for case in (*ROWS, *ZOO) if not options.names or case.name in options.names]
    if options.export:
        _export(cases, Path(options.export))
        return 0
    if options.command:
        return _judge_command(cases, shlex.split(options.command), options.limit)
    wrong = 0
    for flags in _crosses(options):
        asked = [case for case in cases if not (case.in_order and "--shuffle" in flags)]
        found = run_ours(asked, flags)
        wrong += _tell(f"runner test {' '.join(flags)}", {case.name: faults(case, found[case.name]) for case in asked})
    if options.versions:
        for version, path in ((sys.version_info[:3], sys.executable), *other_interpreters().items()):
            wrong += _ask_plain(cases, version, path)
    return 1 if wrong else 0


def _ask_plain(cases: Sequence[Case], version: tuple[int, ...], path: str) -> int:
    found = run_plain(cases, path)
    known = {case.name: plain_faults(case, found[case.name], version) for case in cases if case.name in found}
    return _tell(f"what is expected of {path} -m unittest", known)


def _tell(how: str, found: dict[str, list[str]]) -> int:
    """Print how many rows are right, and what is wrong with the others; return their number."""
    wrong = {name: sentences for name, sentences in found.items() if sentences}
    print(f"{len(found) - len(wrong)} of {len(found)} rows are right: {how}", flush=True)
    for name, sentences in wrong.items():
        print(f"  {name}", *sentences, sep="\n    ", flush=True)
    return len(wrong)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="ROW", help="only these rows")
    parser.add_argument("--jobs", type=_listed, default=[], metavar="N,N", help="numbers of workers")
    parser.add_argument("--start-method", type=_listed, default=[], metavar="M,M", help="how workers start: fork,spawn")
    parser.add_argument("--shuffle", action="store_true", help="in random order too")
    parser.add_argument("--versions", action="store_true", help="with workers of every Python at hand, and by its plain unittest")
    parser.add_argument("--export", metavar="FOLDER", help="write each row as a folder with its expected.json")
    parser.add_argument("--command", metavar="COMMAND", help="run this in each row's folder and look at its exit code")
    parser.add_argument("--limit", type=float, default=10.0, metavar="S", help="seconds after which a command hangs (10)")
    return parser.parse_args()


def _listed(text: str) -> list[str]:
    return text.split(",")


def _crosses(options: argparse.Namespace) -> Iterator[list[str]]:
    """Yield the flags of each combination; what was not named is left to the runner."""
    for python in [None, *(other_interpreters().values() if options.versions else ())]:
        for method in options.start_method or [None]:
            for jobs in options.jobs or [None]:
                for shuffle in (False, True) if options.shuffle else (False,):
                    given = {"--python": python, "--start-method": method, "-j": jobs}
                    flags = [part for flag, value in given.items() if value is not None for part in (flag, value)]
                    yield [*flags, *(["--shuffle"] if shuffle else [])]


def _export(cases: Sequence[Case], top: Path) -> None:
    for case in cases:
        folder = top / case.name
        case.write(folder)
        results = [{"id": name, "ordinal": ordinal, "outcome": outcome} for (name, ordinal), outcome in case.results.items()]
        expected = {
            "why": case.why,
            "arguments": case.arguments,
            "results": results,
            "fixtures": case.fixtures,
            "notes": case.notes,
            "exit_code": case.exit_code,
        }
        (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{len(cases)} rows written to {top}")


def _judge_command(cases: Sequence[Case], command: list[str], limit_s: float) -> int:
    """Judge another runner by what can be seen from outside."""
    verdicts = []
    for case in cases:
        result = run_command(case, [*command, *case.arguments], limit_s)
        verdicts.append(verdict(case, result))
        print(verdicts[-1], f"exit {result.exit_code}", case.name, sep="\t", flush=True)
    print(f"{verdicts.count('right')} of {len(cases)} rows are right")
    return 0 if set(verdicts) == {"right"} else 1


if __name__ == "__main__":
    sys.exit(main())
