"""Several workers: whole units, each fixture once, nothing lost when one dies, nothing left behind."""

import os
import unittest
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar
from unittest.mock import patch

from runner import execute
from runner.events import FixtureFinished, Printed, TestFinished, Workers

from .suites import Files, SuiteCase, read_diary, run_suite, write_suite

HEAD = "import os, time, unittest\nfrom diary import note\n"
FILES: Files = {
    "test_a.py": HEAD
    + """class A(unittest.TestCase):
    @classmethod
    def setUpClass(cls): note("A up")
    @classmethod
    def tearDownClass(cls): note("A down")
    def test_one(self): time.sleep(0.05)
    def test_two(self): self.fail("on purpose")
class B(unittest.TestCase):
    def test_one(self): note(f"threads {os.environ['OMP_NUM_THREADS']}")
    def test_two(self): time.sleep(0.05)
""",
    "test_b.py": HEAD
    + """def setUpModule(): note("module up")
def tearDownModule(): note("module down")
class C(unittest.TestCase):
    def test_one(self): note(f"C in {os.getpid()}")
class D(unittest.TestCase):
    def test_one(self): note(f"D in {os.getpid()}")
""",
    "test_c.py": HEAD
    + """class Dies(unittest.TestCase):
    def test_one(self): os._exit(0)
    def test_two(self): note("after the death")
""",
    "test_d.py": HEAD
    + """class Alone(unittest.TestCase):
    runner_exclusive = True
    def test_one(self): note(f"alone {sorted(os.listdir('running'))}")
class Beside(unittest.TestCase):
    def test_one(self):
        open("running/beside", "w").close()
        time.sleep(0.3)
        os.remove("running/beside")
""",
}
TORCH = """
import os
_copies = []
class cuda:
    is_initialized = staticmethod(lambda: False)
    device_count = staticmethod(lambda: 1)
    _is_in_bad_fork = staticmethod(lambda: bool(_copies))
    def is_available():
        os.register_at_fork(after_in_child=lambda: _copies.append(True))
        return True
class ones:
    def __init__(self, *size, requires_grad): pass
    def __matmul__(self, other): return self
    def sum(self): return self
    def backward(self): pass
threads = [1]
get_num_threads = lambda: threads[-1]
set_num_threads = threads.append
"""
EXPECTED = Counter(
    {
        ("test_a.A.test_one", "passed"): 1,
        ("test_a.A.test_two", "failed"): 1,
        ("test_a.B.test_one", "passed"): 1,
        ("test_a.B.test_two", "passed"): 1,
        ("test_b.C.test_one", "passed"): 1,
        ("test_b.D.test_one", "passed"): 1,
        ("test_c.Dies.test_one", "crashed"): 1,
        ("test_c.Dies.test_two", "passed"): 1,
        ("test_d.Alone.test_one", "passed"): 1,
        ("test_d.Beside.test_one", "passed"): 1,
    }
)


class ForkedTest(SuiteCase):
    method: ClassVar[str] = "fork"
    changes: ClassVar = {"jobs": 2, "start_method": "fork"}
    files: ClassVar[Files] = {**FILES, "running/.keep": ""}

    def test_outcomes(self) -> None:
        """Every test ends once, as it would in one process; the one that kills its worker is the only one it costs."""
        self.assertEqual(Counter((test_id, outcome) for test_id, _, outcome in self.events.outcomes), EXPECTED)
        self.assertEqual(self.summary.failed_fixtures, 0)

    def test_fixtures_once(self) -> None:
        """Class and module fixtures run once each, however many workers there are."""
        for line in ("A up", "A down", "module up", "module down"):
            self.assertEqual(self.diary.count(line), 1, line)

    def test_module_stays_together(self) -> None:
        """The classes of a module with fixtures run in one process."""
        pids = {line.split()[-1] for line in self.diary if " in " in line}
        self.assertEqual(len(pids), 1)

    def test_several_workers(self) -> None:
        """More than one worker ran tests, and the run says how they were started."""
        self.assertGreater(len({event.worker for event in self.events.of(TestFinished)}), 1)
        self.assertEqual([(event.jobs, event.method) for event in self.events.of(Workers)], [(2, self.method)])

    def test_thread_budget(self) -> None:
        """Two workers share the processors between them."""
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.assertIn(f"threads {os.environ.get('OMP_NUM_THREADS', max(1, processors // 2))}", self.diary)

    def test_exclusive(self) -> None:
        """A class that wants to be alone starts when nothing else runs."""
        self.assertIn("alone ['.keep']", self.diary)


class SpawnedTest(ForkedTest):
    method: ClassVar[str] = "spawn"
    changes: ClassVar = {"jobs": 2, "start_method": "spawn"}


class ForkingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(TemporaryDirectory())

    def write(self, body: str, before: str = "") -> None:
        tests = "".join(
            f"class {name}(unittest.TestCase):\n    def test_one(self): {body}\n    def test_two(self): {body}\n"
            for name in "ABC"
        )
        write_suite(self.folder, {"test_it.py": f"{HEAD}{before}\n{tests}"})

    def chosen(self, **changes: object) -> Workers:
        self.events, self.summary = run_suite(self.folder, jobs=2, **changes)
        return self.events.of(Workers)[0]

    def test_imported_once(self) -> None:
        """Forked workers do not import the suite again."""
        self.write("pass", "note('imported')")
        self.assertEqual(self.chosen().method, "fork")
        self.assertEqual(read_diary(self.folder), ["imported"])

    def test_thread_at_import(self) -> None:
        """A suite that starts a thread when it is imported is not forked, and the run says why."""
        self.write("pass", "import threading; threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()")
        chosen = self.chosen()
        self.assertEqual((chosen.method, chosen.reason), ("spawn", "a thread was started while the suite was loaded"))
        self.assertEqual(self.summary.counts, {"passed": 6})

    def test_shared_folder(self) -> None:
        """A temporary folder made at import outlives every worker, and is removed at the end."""
        self.write(
            "self.assertTrue(os.path.isdir(folder.name)); time.sleep(0.05)",
            "import tempfile; folder = tempfile.TemporaryDirectory(); note(folder.name)",
        )
        self.assertEqual(self.chosen(start_method="fork").method, "fork")
        self.assertEqual(self.summary.counts, {"passed": 6})
        self.assertFalse(Path(read_diary(self.folder)[0]).exists())

    def test_folder_of_its_own(self) -> None:
        """Where forking was not asked for, each worker gets its own temporary folder, for classes may write to the same name."""
        self.write("note(folder.name); time.sleep(0.1)", "import tempfile; folder = tempfile.TemporaryDirectory()")
        chosen = self.chosen()
        self.assertEqual(chosen.reason, "a temporary file or folder was made while the suite was loaded")
        self.assertEqual(len(set(read_diary(self.folder))), 2)

    def test_name_of_its_own(self) -> None:
        """A suite that puts the process id into a name when it is imported is not forked: the names would be equal."""
        self.write("note(str(NAME == os.getpid()))", "NAME = os.getpid()")
        chosen = self.chosen()
        self.assertEqual(chosen.reason, "test_it read the id of its process while the suite was loaded")
        self.assertEqual(set(read_diary(self.folder)), {"True"})

    def test_cards_asked_for_at_import(self) -> None:
        """A suite that asks torch for graphics cards when it is imported is not forked: torch uses none in a copy then."""
        asks = "import torch; torch.cuda.is_available()"
        for before, method in (("import torch", "fork"), (asks, "spawn")):
            with self.subTest(before):
                self.write("pass", before)
                write_suite(self.folder, {"torch.py": TORCH})
                chosen = self.chosen()
                self.assertEqual((chosen.method, self.summary.counts), (method, {"passed": 6}))
        self.assertIn("torch was asked for graphics cards while the suite was loaded", chosen.reason)

    def test_empty_torch(self) -> None:
        """A suite that puts an empty module in torch's place, so as not to need it, runs as with one worker."""
        self.write("pass", "import sys, types; sys.modules['torch'] = types.ModuleType('torch')")
        self.chosen()
        self.assertEqual((self.summary.counts, self.summary.failed_fixtures), ({"passed": 6}, 0))

    def test_shares_of_the_first_worker(self) -> None:
        """The process that could not be forked gets a card and threads of its own as any other worker does."""
        # The first two tests wait for each other, so that both workers take one.
        before = """import tempfile, torch; folder = tempfile.TemporaryDirectory()
def tell():
    note(f"{os.environ['CUDA_VISIBLE_DEVICES']} {os.environ['OMP_NUM_THREADS']} {torch.threads[-1]}")
    deadline = time.monotonic() + 20
    while len(set(open("diary.txt"))) < 2 and time.monotonic() < deadline: time.sleep(0.01)
"""
        self.write("tell()", before)
        set_threads = "threads = [int(os.environ['OMP_NUM_THREADS'])]"
        write_suite(self.folder, {"torch.py": TORCH.replace("threads = [1]", set_threads)})
        with patch.dict(os.environ, CUDA_VISIBLE_DEVICES="GPU-a,MIG-b", OMP_NUM_THREADS="3"):
            self.assertEqual(self.chosen().method, "spawn")
        self.assertEqual(set(read_diary(self.folder)), {"GPU-a 3 3", "MIG-b 3 3"})

    def test_exit_handlers(self) -> None:
        """A worker runs the exit handlers of its own tests, and not those of the process that it was forked from."""
        self.write("atexit.register(note, 'of a test')", "import atexit; atexit.register(note, 'of the import')")
        self.chosen()
        self.assertEqual(Counter(read_diary(self.folder)), {"of a test": 6, "of the import": 1})

    def test_interrupted_test(self) -> None:
        """A KeyboardInterrupt of a test stops all workers; the tests that ran are told from those that never started."""
        self.write("time.sleep(0.2); raise KeyboardInterrupt")
        self.chosen()
        self.assertEqual(self.summary.interrupted, "SIGINT")
        messages = Counter(event.message for event in self.events.of(TestFinished))
        self.assertEqual(messages["interrupted while it was running"] + messages["interrupted"], 6)
        self.assertIn(messages["interrupted while it was running"], (1, 2))

    def test_interrupted_while_it_is_forked(self) -> None:
        """Ctrl-C that meets a worker before its first test stops the run without a word of our own code."""
        self.write("pass", "import signal; os.register_at_fork(after_in_child=lambda: signal.raise_signal(signal.SIGINT))")
        self.chosen(start_method="fork")
        self.assertEqual((self.summary.interrupted, self.summary.counts), ("SIGINT", {"not_run": 6}))
        self.assertEqual([*self.events.of(Printed), *self.events.of(FixtureFinished)], [])

    def test_failfast(self) -> None:
        """With --failfast the first failure stops all workers, and their fixtures are torn down."""
        self.write("note('ran'); time.sleep(0.1); self.fail()", "def tearDownModule(): note('down')")
        self.chosen(failfast=True)
        self.assertEqual(self.summary.counts["failed"], 1)
        self.assertEqual(sum(self.summary.counts.values()), 6)
        self.assertEqual(read_diary(self.folder).count("down"), 1)


class TimeoutTest(SuiteCase):
    """The files hold a test, a fixture and a test in C code that never end."""

    changes: ClassVar = {"jobs": 2, "timeout_s": 0.5}
    files: ClassVar[Files] = {
        "test_a.py": HEAD
        + """class A(unittest.TestCase):
    def test_one(self): time.sleep(60)
    def test_two(self): pass
class B(unittest.TestCase):
    @classmethod
    def setUpClass(cls): time.sleep(60)
    def test_one(self): pass
class C(unittest.TestCase):
    def test_one(self):
        import ctypes
        ctypes.PyDLL(None).sleep(60)
class D(unittest.TestCase):
    def test_one(self):
        import signal
        signal.signal(signal.SIGABRT, signal.SIG_IGN)
        time.sleep(60)
""",
    }

    def test_states(self) -> None:
        """What takes too long is ended and named, and the rest goes on."""
        self.assertEqual(
            self.events.by_name,
            {
                "A.test_one": "timed_out",
                "A.test_two": "passed",
                "B.test_one": "not_run",
                "C.test_one": "timed_out",
                "D.test_one": "timed_out",
            },
        )
        self.assertEqual(self.events.fixtures, [("setUpClass (test_a.B)", "timed_out")])

    def test_stack(self) -> None:
        """The stack of what was running is kept, also where C code held the interpreter."""
        self.assertIn("in test_one", self.events.traceback("A.test_one"))
        self.assertIn("in test_one", self.events.traceback("C.test_one"))
        self.assertIn("in setUpClass", self.events.of(FixtureFinished)[0].traceback or "")

    def test_message(self) -> None:
        """The message says the limit and where it came from."""
        self.assertIn("no end within 0.5 s (--timeout)", self.events.message("A.test_one"))


LEAVES_A_PROCESS = """
    import subprocess, unittest
    from diary import note
    class A(unittest.TestCase):
        def test_one(self):
            type(self).left = subprocess.Popen(["sleep", "77"], start_new_session=True)
            note(str(self.left.pid))
"""


class LeftBehindTest(unittest.TestCase):
    def test_grandchild_in_its_own_session(self) -> None:
        """A process that a test started in a session of its own is gone after the run."""
        for jobs in (1, 2):
            with self.subTest(jobs=jobs), TemporaryDirectory() as folder:
                write_suite(folder, {"test_a.py": LEAVES_A_PROCESS})
                run_suite(folder, execute.Selection(), jobs=jobs)
                pid = int(read_diary(folder)[0])
                self.assertFalse(Path(f"/proc/{pid}").exists())
