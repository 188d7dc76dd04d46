"""How long `runner --help` takes against `python -c "import typer"`: whole processes, interleaved, medians.

    .venv/bin/python benchmarks/help_start.py [PAIRS]

Typer is the floor: no command line made with it can start sooner than its import. The target is 1.5 times that floor.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

TARGET = 1.5
PAIRS = 11
FLOOR = (sys.executable, "-c", "import typer")
CANDIDATES = {
    "runner --help": (str(Path(sys.executable).with_name("runner")), "--help"),
    "python -m runner --help": (sys.executable, "-m", "runner", "--help"),
}


def main() -> int:
    """Measure, print a table, and return 1 where a median of the wall time is past the target."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    commands = {'python -c "import typer"': FLOOR, **CANDIDATES}
    for command in commands.values():
        measure(command)
    # One after the other in each round: what else the machine does meets all of them.
    rounds = [{name: measure(command) for name, command in commands.items()} for _ in range(pairs)]
    medians = {name: tuple(median(one[name][part] for one in rounds) for part in (0, 1)) for name in commands}
    floor = medians['python -c "import typer"']
    print(f"{'median of ' + str(pairs):<26} {'wall':>8} {'CPU':>8} {'wall x':>7} {'CPU x':>7}")
    for name, (wall, cpu) in medians.items():
        print(f"{name:<26} {wall * 1e3:6.1f}ms {cpu * 1e3:6.1f}ms {wall / floor[0]:7.2f} {cpu / floor[1]:7.2f}")
    worst = max(medians[name][0] / floor[0] for name in CANDIDATES)
    print(f"target {TARGET}: {'met' if worst <= TARGET else 'MISSED'}")
    return 0 if worst <= TARGET else 1


def measure(command: tuple[str, ...]) -> tuple[float, float]:
    """Run a command and return its wall and CPU time in seconds, with byte code cached as on any second start."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
