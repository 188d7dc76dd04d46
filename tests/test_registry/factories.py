"""Registries in throw-away folders, runs in them, and processes of their own."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import unittest
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import registry
from registry.records import Environment, NewRun, Outcome, Run, RunKind, RunStatus, TestRecord

CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENT = Environment("3.11.7", "Linux", {"cpu": "one"}, {"torch": "2.10"}, {"threads": "2"}, {"OMP_NUM_THREADS": "2"})


@cache
def blank_registry() -> bytes:
    """Return the bytes of a new registry, made once: each test copies it instead of running the migrations."""
    with TemporaryDirectory(prefix="registry-") as folder:
        registry.open(Path(folder, "blank.db")).close()
        return Path(folder, "blank.db").read_bytes()


class RegistryCase(unittest.TestCase):
    """A test case with a registry of its own, in a folder of its own."""

    def setUp(self):
        self.folder = Path(self.enterContext(TemporaryDirectory(prefix="registry-"))).resolve()
        self.path = self.folder / "runs.db"
        self.path.write_bytes(blank_registry())
        self.registry = self.enterContext(registry.open(self.path))

    def recorded(self, results: Iterable[TestRecord] = (), name: str | None = None, *, green: bool | None = None) -> Run:
        """Record a finished test run."""
        with self.registry.start(NewRun(RunKind.TEST, name)) as run:
            run.add_results(results)
            run.finish(RunStatus.FINISHED, green=green)
        return self.registry.find_run(str(run.run.id))


def result(test_id: str = "pkg.mod.Case.test_one", outcome: Outcome = Outcome.PASSED, **facts) -> TestRecord:
    """Make a test result."""
    return TestRecord(test_id, outcome, **facts)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a process of this interpreter that runs some code."""
    command = [sys.executable, "-c", code, *(str(argument) for argument in arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=CHECKOUT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def finish(process: subprocess.Popen[str], timeout_s: float = 60) -> tuple[int, str, str]:
    """Wait for a process and return exit code, output and errors; one that hangs is killed."""
    try:
        output, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, output, errors


def write_safetensors(
    path: Path, tensors: dict[str, tuple[str, list[int], bytes]], metadata: dict[str, str] | None = None
) -> Path:
    """Write a safetensors file by hand: name to dtype, shape and bytes."""
    header: dict[str, object] = {} if metadata is None else {"__metadata__": metadata}
    position = 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [position, position + len(data)]}
        position += len(data)
    return write_raw(path, json.dumps(header).encode(), b"".join(data for _, _, data in tensors.values()))


def write_raw(path: Path, header: bytes, data: bytes = b"", length: int | None = None) -> Path:
    """Write a file of the safetensors layout with any header, whose announced length may be wrong."""
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + data)
    return path
