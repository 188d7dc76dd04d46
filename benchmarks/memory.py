"""What the parent process holds: 100,000 results, and one test that prints 100 MB. Prints peak memory and the registry's size.

    python benchmarks/memory.py

Bounds: 150 MB of peak memory at 100,000 recorded results; with 100 MB printed by one failing test the parent grows by less than
20 MB over a run whose test prints nothing, and the registry by less than 2 MB.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

_MODULES, _TESTS = 100, 1000
_MB = 1_000_000
# The parent itself is asked, for a worker may be larger than it.
_PEAK = """
import resource, sys
from runner.cli import main
try:
    main()
finally:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr)
"""


def peak_of(folder: Path, registry: Path, *arguments: str) -> int:
    """Run and record a suite; return the parent's peak memory in bytes."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _PEAK, "test", "--record", "--registry", str(registry), *arguments]
    with (folder / "output").open("wb") as output:  # a pipe would have to be read, and held here
        done = subprocess.run(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.PIPE, check=False)
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith("peak ")]
    if not lines:
        raise SystemExit(f"the run ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return int(lines[-1].split()[1])


def many_results(folder: Path) -> None:
    """Print the peak at 100,000 results."""
    tests = "".join(f"    def test_{number:04}(self): pass\n" for number in range(_TESTS))
    for module in range(_MODULES):
        text = f"import unittest\nclass Test{module:03}(unittest.TestCase):\n{tests}"
        (folder / f"test_{module:03}.py").write_text(text)
    for jobs in ("1", "2"):
        registry = folder / f"registry-{jobs}.db"
        peak = peak_of(folder, registry, "-j", jobs)
        size = registry.stat().st_size
        print(f"{_MODULES * _TESTS:,} results at -j {jobs}: peak {peak / _MB:.0f} MB, registry {size / _MB:.1f} MB (bound 150)")


def much_output(folder: Path) -> None:
    """Print the growth by one test that prints 100 MB."""
    found = []
    for size in (0, 100 * _MB):
        body = f"        for _ in range({size // 100_000}): print('x' * 99_999)\n        self.fail()\n"
        (folder / "test_it.py").write_text(f"import unittest\nclass It(unittest.TestCase):\n    def test_it(self):\n{body}")
        registry = folder / f"registry-{size}.db"
        found.append((peak_of(folder, registry), registry.stat().st_size))
    (peak, small), (full_peak, large) = found
    print(
        f"100 MB printed: peak {(full_peak - peak) / _MB:+.1f} MB (bound 20), registry {(large - small) / _MB:+.2f} MB (bound 2)"
    )


def main() -> None:
    for measure in (many_results, much_output):
        with tempfile.TemporaryDirectory() as name:
            measure(Path(name))


if __name__ == "__main__":
    main()
