"""Run every `runner` command of docs/tutorial.md, in order, and compare what it prints with what the page shows.

The commands run in a new git repository with a copy of the tracked files, so that names and numbers of runs are those of a
reader's first hour. Times, dates, speeds, commits and numbers with a decimal point differ from machine to machine and are left
out of the comparison. It takes some minutes, for three of the commands train.

    python tools/replay_tutorial.py           compares; exit code 1 where a block differs
    python tools/replay_tutorial.py --write   puts the new outputs into the tutorial, and into the README where it shows the same
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs" / "tutorial.md"
README = ROOT / "README.md"
_MARKED = re.compile(r"^<!-- output: runner (?P<command>[^\n]*) -->\n```text\n(?P<output>.*?)^```$", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(r"^```text\n\$ runner (?P<command>[^\n]*)\n(?P<output>.*?)^```$", re.MULTILINE | re.DOTALL)
_VARYING = (
    (re.compile(r"^epoch \d+, step .*\n", re.MULTILINE), ""),
    (re.compile(r"^  right in [AB] alone .*\n(    .*\n)*", re.MULTILINE), ""),
    (re.compile(r"[\d,.]+ images/s"), "# images/s"),
    (re.compile(r"^images_per_s .*$", re.MULTILINE), "images_per_s #"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "DATE"),
    (re.compile(r"\bcontent [0-9a-f]{12}\b"), "content #"),
    (re.compile(r"\b[0-9a-f]{8}(-dirty)?\b"), "COMMIT"),
    (re.compile(r"\b(\d+ (h|min) )?[\d.]+ (ms|s|min)\b"), "# s"),
    (re.compile(r"[-+]?\d+\.\d+"), "#"),
    (re.compile(r"^[.sxu]+$", re.MULTILINE), lambda match: "".join(sorted(match[0]))),
    (re.compile(r" {2,}"), "  "),
)


@dataclass(frozen=True)
class Block:
    """A command and the output that a page shows for it; `start` and `stop` are the places of the output in the page."""

    command: str
    output: str
    start: int
    stop: int


def main() -> int:
    """Replay the tutorial; 1 where it differs and was not to be written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the new outputs into the pages")
    is_written = parser.parse_args().write
    text = TUTORIAL.read_text(encoding="utf-8")
    blocks = marked(text)
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        outputs = {}
        for block in blocks:
            print(f"$ runner {block.command}", flush=True)
            outputs[block.command] = replayed(block.command, copy)
    stale = [block for block in blocks if comparable(block.output) != comparable(outputs[block.command])]
    for block in stale:
        print(f"stale: runner {block.command}")
        before, after = (comparable(output).splitlines() for output in (block.output, outputs[block.command]))
        print("\n".join(difflib.unified_diff(before, after, "page", "now", lineterm="")))
    if is_written:
        write(TUTORIAL, blocks, outputs)
        write(README, shown(README.read_text(encoding="utf-8")), outputs)
    return 1 if stale and not is_written else 0


def marked(text: str) -> list[Block]:
    """Return the blocks of the tutorial, each under a comment with its command."""
    return list(_blocks(_MARKED, text))


def shown(text: str) -> list[Block]:
    """Return the blocks of the README, which show their command."""
    return list(_blocks(_SHOWN, text))


def _blocks(pattern: re.Pattern[str], text: str) -> Iterator[Block]:
    for match in pattern.finditer(text):
        yield Block(match["command"], match["output"], *match.span("output"))


def comparable(output: str) -> str:
    """Return the output without what differs from run to run and from machine to machine."""
    for pattern, stand_in in _VARYING:
        output = pattern.sub(stand_in, output)  # type: ignore[arg-type]
    return output


def copied(folder: Path) -> Path:
    """Copy the tracked files into a git repository of their own and return its folder."""
    copy = folder / "runner"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    who = ["-c", "user.name=tutorial", "-c", "user.email=tutorial@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-q", "-m", "The tutorial's first hour"]):
        subprocess.run(["git", *command], cwd=copy, check=True)
    return copy


def replayed(command: str, folder: Path) -> str:
    """Run a command of the tutorial in a folder and return what it prints."""
    kept = {name: value for name, value in os.environ.items() if name not in ("RUNNER_REGISTRY", "GITHUB_ACTIONS")}
    environment = kept | {"NO_COLOR": "1", "COLUMNS": "80", "PYTHONPATH": str(folder)}
    result = subprocess.run(
        [sys.executable, "-m", "runner", *shlex.split(command)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return result.stdout


def write(page: Path, blocks: list[Block], outputs: dict[str, str]) -> None:
    """Put new outputs into a page; a block whose command was not run keeps what it shows."""
    text = page.read_text(encoding="utf-8")
    for block in reversed(blocks):
        text = text[: block.start] + outputs.get(block.command, block.output) + text[block.stop :]
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
