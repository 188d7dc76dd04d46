"""The judge of the rows sees every kind of fault, and the rows themselves are in order."""

import os
import sys
import unittest
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .case import Case, Plain, plain_exit_codes
from .catalogue import ROWS, ZOO
from .judging import faults, plain_faults, verdict
from .running import Result, run_command, run_ours

CASE = Case(
    name="planted",
    why="a row that is right",
    files={},
    beside_fine=False,
    outcomes={"a.B.test_c": ("passed", "failed")},
    fixtures=("errored setUpClass (a.B)",),
    notes={"up": 1},
    shows=("seen",),
    exit_code=1,
)
RIGHT = Result({("a.B.test_c", 0): "passed", ("a.B.test_c", 1): "failed"}, CASE.fixtures, {"up": 1}, 1, "seen")
WRONG = {
    "a lost test": replace(RIGHT, results={("a.B.test_c", 0): "passed"}),
    "another outcome": replace(RIGHT, results={("a.B.test_c", 0): "passed", ("a.B.test_c", 1): "passed"}),
    "a test too many": replace(RIGHT, results={**RIGHT.results, ("a.B.test_c", 2): "passed"}),
    "a lost fixture": replace(RIGHT, fixtures=()),
    "a fixture too often": replace(RIGHT, fixtures=CASE.fixtures * 2),
    "a fixture that ran twice": replace(RIGHT, notes={"up": 2}),
    "the exit code": replace(RIGHT, exit_code=0),
    "a hang": replace(RIGHT, exit_code=None),
    "a text that is missing": replace(RIGHT, screen=""),
    "a process that was left": replace(RIGHT, left=("sleep 300",)),
}


class JudgeTest(unittest.TestCase):
    def test_right(self) -> None:
        """A row that came out as it says has no fault."""
        self.assertEqual(faults(CASE, RIGHT), [])
        self.assertEqual(plain_faults(CASE, RIGHT, (3, 11, 7)), [])

    def test_each_fault_is_seen(self) -> None:
        """Each thing that can be wrong makes the row wrong."""
        for what, result in WRONG.items():
            with self.subTest(what):
                self.assertEqual(len(faults(CASE, result)), 1)

    def test_verdicts(self) -> None:
        """Another runner is right, hung, wrongly green or red, or has lost something."""
        wrong = {"hung": {"exit_code": None}, "green": {"exit_code": 0}, "lost": {"notes": {}}}
        self.assertEqual(verdict(CASE, RIGHT), "right")
        self.assertEqual([verdict(CASE, replace(RIGHT, **change)) for change in wrong.values()], list(wrong))
        self.assertEqual(verdict(replace(CASE, exit_code=0), RIGHT), "red")

    def test_exit_codes_of_a_version(self) -> None:
        """The exit codes of unittest are those of the version, else those that hold for all."""
        case = replace(CASE, plain=Plain(why="differs", exit_code=2, exit_codes={"3.12": (5,), "3.13": (1, 5)}))
        codes = [plain_exit_codes(case, version) for version in ((3, 11, 7), (3, 12, 1), (3, 13, 0))]
        self.assertEqual(codes, [(2,), (5,), (1, 5)])

    def test_processes_that_stay_are_found(self) -> None:
        """A process that escapes from the runner is found by its mark and ended."""
        suite = (
            "import os, subprocess\nif not os.fork():\n    os.setsid()\n    subprocess.Popen(['sleep', '300'])\n    os._exit(0)\n"
        )
        case = replace(
            CASE, files={"test_row.py": f"{suite}import signal, time\ntime.sleep(0.2)\nos.kill(os.getppid(), signal.SIGKILL)"}
        )
        result = run_ours([case])[case.name]
        self.assertEqual((result.exit_code, result.left), (-9, ("sleep 300",)))


class RowsThemselvesTest(unittest.TestCase):
    def test_names_are_folders(self) -> None:
        """Every row has a name of its own, of small letters and hyphens."""
        names = [case.name for case in (*ROWS, *ZOO)]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([name for name in names if not name.replace("-", "").isalnum() or name != name.lower()], [])

    def test_tiny_suites_are_not_ours(self) -> None:
        """No file of a row lies in the project, where discovery would take it for a test of ours."""
        own = {path.name for path in Path(__file__).parent.rglob("test*.py")}
        self.assertEqual(own & {name for case in (*ROWS, *ZOO) for name in (*case.files, "test_zfine.py")}, set())

    def test_any_runner_can_be_asked(self) -> None:
        """A command is run in the folder of the row; one that does not end in time is ended."""
        case = replace(CASE, files={"there.txt": "x"})
        code = "import pathlib, sys; sys.exit(7 if pathlib.Path('there.txt').exists() else 0)"
        self.assertEqual(run_command(case, [sys.executable, "-c", code], 10).exit_code, 7)
        with TemporaryDirectory() as folder:
            pipe = Path(folder, "pipe")
            os.mkfifo(pipe)
            self.assertIsNone(run_command(case, [sys.executable, "-c", f"open({str(pipe)!r})"], 0.3).exit_code)
