"""The worker's process: it follows its parent, its signals and its interpreter flags, and it leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from runner import execute
from runner.errors import UsageError, WorkerFailed
from runner.events import Event, Printed, TestFinished
from runner.execute.child import Child
from runner.execute.process import Pipes, WorkerProcess

from .suites import Events, options, run_suite, write_suite

PARENT = """
    import signal, sys
    from pathlib import Path
    from runner import execute
    signal.signal(signal.SIGINT, signal.default_int_handler)
    class Sink:
        def emit(self, event):
            print(type(event).__name__, getattr(event, "outcome", ""), getattr(event, "message", ""), flush=True)
    with execute.start(execute.Selection(), execute.WorkerOptions(working_directory=Path(sys.argv[1]))) as execution:
        print("summary", execution.run(Sink()).interrupted, flush=True)
"""
SLEEPER = """
    import os, subprocess, time, unittest
    from diary import note
    BEFORE
    class Sleeper(unittest.TestCase):
        def test_a(self): pass
        def test_b(self):
            child = subprocess.Popen(["sleep", "60"])
            note(f"{os.getpid()} {child.pid}")
            SLEEP
        def test_c(self): pass
"""
GIL = "import ctypes; ctypes.PyDLL(None).sleep(60)"
STUBBORN = """
            while True:
                try: time.sleep(60)
                except KeyboardInterrupt: pass"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], object], seconds: float) -> object:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@unittest.skipUnless(sys.platform == "linux", "reads /proc")
class ParentTest(unittest.TestCase):
    def start(self, sleep: str, before: str = "pass") -> tuple[subprocess.Popen[str], list[int]]:
        self.folder = self.enterContext(TemporaryDirectory())
        write_suite(self.folder, {"test_sleeper.py": SLEEPER.replace("SLEEP", sleep).replace("BEFORE", before)})
        command = [sys.executable, "-c", dedent(PARENT), self.folder]
        parent = self.enterContext(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        self.addCleanup(parent.kill)
        diary = Path(self.folder) / "diary.txt"
        self.assertTrue(eventually(lambda: diary.exists() and diary.read_text().count(" "), 20))
        pids = [int(pid) for pid in diary.read_text().split()]
        self.assertTrue(all(map(is_alive, pids)))
        return parent, pids

    def test_parent_killed(self) -> None:
        """A second after the parent was killed the worker and the children of its tests are gone."""
        parent, pids = self.start("time.sleep(60)")
        parent.kill()
        self.assertTrue(eventually(lambda: not any(map(is_alive, pids)), 1.0))

    def test_parent_killed_while_a_test_holds_the_lock(self) -> None:
        """So they are where a test holds the interpreter's lock in C code."""
        parent, pids = self.start(GIL)
        parent.kill()
        self.assertTrue(eventually(lambda: not any(map(is_alive, pids)), 1.0))

    def test_ctrl_c(self) -> None:
        """Ctrl-C keeps what is known, makes the running test and the rest not run, and names the signal."""
        parent, pids = self.start("time.sleep(60)")
        parent.send_signal(signal.SIGINT)
        output, _ = parent.communicate(timeout=10)
        self.assertEqual(output.count("TestFinished passed"), 1)
        self.assertEqual(output.count("TestFinished not_run interrupted"), 2)
        self.assertTrue(output.endswith("summary SIGINT\n"))
        self.assertFalse(any(map(is_alive, pids)))

    def test_sigterm(self) -> None:
        """SIGTERM does the same and is told apart."""
        parent, pids = self.start("time.sleep(60)")
        parent.terminate()
        output, _ = parent.communicate(timeout=10)
        self.assertTrue(output.endswith("summary SIGTERM\n"))
        self.assertFalse(any(map(is_alive, pids)))

    def test_stubborn_test(self) -> None:
        """A test that swallows the interrupt is killed within a few seconds."""
        parent, pids = self.start(STUBBORN.strip().replace("\n            ", "\n                "))
        begun = time.monotonic()
        parent.send_signal(signal.SIGINT)
        output, _ = parent.communicate(timeout=10)
        self.assertEqual(output.count("TestFinished not_run interrupted"), 2)
        self.assertLess(time.monotonic() - begun, 6)
        self.assertFalse(any(map(is_alive, pids)))

    def test_while_loading(self) -> None:
        """Ctrl-C while a module is being imported ends the run at once, though the loader would take it for a failed import."""
        parent, _ = self.start("pass", before="note(f'{os.getpid()} {os.getpid()}'); time.sleep(60)")
        parent.send_signal(signal.SIGINT)
        output, _ = parent.communicate(timeout=10)
        self.assertEqual(output.split("\n")[-2], "summary SIGINT")
        self.assertNotIn("TestFinished", output)

    def test_twice(self) -> None:
        """A second Ctrl-C ends a stubborn test at once."""
        parent, _ = self.start(STUBBORN.strip().replace("\n            ", "\n                "))
        begun = time.monotonic()
        parent.send_signal(signal.SIGINT)
        time.sleep(0.3)
        parent.send_signal(signal.SIGINT)
        output, _ = parent.communicate(timeout=10)
        self.assertTrue(output.endswith("summary SIGINT\n"))
        self.assertLess(time.monotonic() - begun, 2.5)


@unittest.skipUnless(sys.platform == "linux", "reads /proc")
class StrayTest(unittest.TestCase):
    SUITE = """
        import subprocess, unittest
        from diary import note
        class Strays(unittest.TestCase):
            def test_group_of_its_own(self):
                note(str(subprocess.Popen(["/bin/sleep", "60"], env={}, process_group=0).pid))
    """

    def test_child_without_our_environment(self) -> None:
        """A child with a group of its own and an empty environment is known by its session, and ends with the run."""
        folder = self.enterContext(TemporaryDirectory())
        write_suite(folder, {"test_strays.py": self.SUITE})
        run_suite(folder)
        (pid,) = map(int, (Path(folder) / "diary.txt").read_text().split())
        self.assertFalse(is_alive(pid))

    DAEMON = """
        import os, signal, time, unittest

        def is_there(pid):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return False
            return True

        def stop(pid):
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 4
            while is_there(pid):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{pid} is still there")
                time.sleep(0.01)

        def daemon():
            reading, writing = os.pipe()
            between = os.fork()
            if not between:
                os.setsid()
                pid = os.fork()
                if not pid:
                    time.sleep(60)
                os.write(writing, b"%d" % pid)
                os._exit(0)
            os.waitpid(between, 0)
            return int(os.read(reading, 20))
    """

    def test_daemon_that_a_test_stops(self) -> None:
        """A test that stops its daemon finds it gone, as it would under an init process."""
        body = """
        class Daemons(unittest.TestCase):
            def test_stop(self):
                stop(daemon())
        """
        folder = self.enterContext(TemporaryDirectory())
        write_suite(folder, {"test_daemon.py": dedent(self.DAEMON) + dedent(body)})
        for method in ("spawn", "fork"):
            with self.subTest(method):
                events, _ = run_suite(folder, jobs=2, start_method=method)
                self.assertEqual([(event.outcome, event.message) for event in events.of(TestFinished)], [("passed", None)])

    def test_daemon_that_an_exit_handler_stops(self) -> None:
        """So does an exit handler."""
        body = """
        import atexit
        class Daemons(unittest.TestCase):
            def test_stop(self):
                atexit.register(stop, daemon())
        """
        folder = self.enterContext(TemporaryDirectory())
        write_suite(folder, {"test_daemon.py": dedent(self.DAEMON) + dedent(body)})
        events, _ = run_suite(folder)
        self.assertEqual(events.of(Printed), [])


class InterpreterTest(unittest.TestCase):
    SUITE = """
        import sys, unittest, warnings
        class Flags(unittest.TestCase):
            def test_flags(self):
                self.assertEqual(sys.flags.optimize, 1)
                self.assertIn("error::UserWarning", sys.warnoptions)
                self.assertEqual(sys._xoptions.get("int_max_str_digits"), "5000")
                self.assertTrue(sys.flags.dev_mode)
    """

    def test_flags_are_inherited(self) -> None:
        """The worker runs with the interpreter flags of its parent: -O, -W, -X."""
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_flags.py": self.SUITE})
            flags = ["-O", "-W", "error::UserWarning", "-X", "int_max_str_digits=5000", "-X", "dev"]
            command = [sys.executable, *flags, "-c", dedent(PARENT), folder]
            result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("TestFinished passed", result.stdout)

    def test_caller_that_ignores_its_children(self) -> None:
        """A caller that ignores SIGCHLD, which is inherited, does not keep us from seeing how workers end."""
        ignoring = "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n" + dedent(PARENT)
        with TemporaryDirectory() as folder:
            write_suite(
                folder, {"test_end.py": "import os, unittest\nclass A(unittest.TestCase):\n  def test_a(self): os._exit(3)"}
            )
            command = [sys.executable, "-c", ignoring, folder]
            result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("TestFinished crashed worker exited with code 3", result.stdout)

    def test_print_stays_inside(self) -> None:
        """What tests print goes to neither stream of this process: it comes with their results."""
        suite = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): print('from a test')"
        code = dedent(PARENT).replace("Path(sys.argv[1])", "Path(sys.argv[1]), stdout_to_stderr=True")
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_print.py": suite})
            result = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(result.stderr, "")
        self.assertNotIn("from a test", result.stdout)


class CommandTest(unittest.TestCase):
    def test_more_than_fits(self) -> None:
        """Who writes more to a worker than its pipe takes does not wait, and sends the rest when there is room."""
        pipes = Pipes()
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)
        child.returncode = 0
        process = WorkerProcess(pipes, Child(child.pid))
        self.addCleanup(process.close)
        self.addCleanup(pipes.close_theirs)
        process.command(b"x" * (3 << 20))
        process.command(b"end")
        received = b""
        while not process.send_rest():
            received += os.read(pipes.theirs[1], 1 << 20)
        while len(received) < (3 << 20) + 3:
            received += os.read(pipes.theirs[1], 1 << 20)
        self.assertTrue(received.endswith(b"xend"))

    def test_many_names_for_forked_workers(self) -> None:
        """The process to be forked takes more names than its socket does at once."""
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_one.py": "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass"})
            names = ("test_one.A.test_a", *(f"test_one.A.{'x' * 50_000}{number}" for number in range(10)))
            events, _ = run_suite(folder, execute.Selection(names=names), jobs=2, start_method="fork")
        self.assertEqual([outcome for _, _, outcome in events.outcomes].count("passed"), 1)
        self.assertEqual(len(events.outcomes), 11)


class StartTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(TemporaryDirectory())

    def test_closed_without_run(self) -> None:
        """An execution that is never run leaves no process, and may be closed twice."""
        write_suite(self.folder, {"test_one.py": "import time; time.sleep(60)"})
        execution = execute.start(execute.Selection(), options(self.folder))
        pid = execution._lanes[0].process.child.pid
        execution.close()
        execution.close()
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    def test_stopped_at_once(self) -> None:
        """A process to be forked that is stopped before it loads anything ends in silence, and the run with it."""
        write_suite(self.folder, {"test_one.py": "import time; time.sleep(60)"})
        with execute.start(execute.Selection(), options(self.folder, jobs=2, start_method="fork")) as execution:
            execution._stop("interrupted")
            summary = execution.run(Events())
        self.assertEqual(summary.counts, {})

    def test_sink_that_raises(self) -> None:
        """An error of the sink comes through, and the worker is gone by then."""

        class Sink:
            def emit(self, _event: Event, /) -> None:
                raise OSError("disk full")

        write_suite(self.folder, {"test_one.py": "import unittest"})
        with execute.start(execute.Selection(), options(self.folder)) as execution:
            with self.assertRaisesRegex(OSError, "disk full"):
                execution.run(Sink())
            self.assertTrue(execution._lanes[0].process._is_closed)

    def test_unknown_start_directory(self) -> None:
        """A start directory that does not exist is named in one sentence."""
        with self.assertRaisesRegex(UsageError, "the start directory nowhere cannot be loaded"):
            run_suite(self.folder, execute.Selection(start_directory="nowhere"))

    def test_start_outside_top(self) -> None:
        """A start directory outside the top-level directory is named in one sentence."""
        (Path(self.folder) / "a").mkdir()
        (Path(self.folder) / "b").mkdir()
        with self.assertRaisesRegex(UsageError, "top-level directory"):
            run_suite(self.folder, execute.Selection(start_directory="a", top_level_directory="b"))

    def test_module_found_elsewhere(self) -> None:
        """A test file that another module of its name hides is refused with unittest's reason."""
        write_suite(
            self.folder, {"a/test_same.py": "", "b/test_same.py": "", "test_first.py": "import sys; sys.path.insert(0, 'a')"}
        )
        start = execute.Selection(names=(), start_directory="b", top_level_directory=None)
        write_suite(self.folder, {"b/test_load.py": "import sys; sys.path.insert(0, 'a')"})
        with self.assertRaisesRegex(UsageError, "incorrectly imported"):
            run_suite(self.folder, start)

    def test_too_many_deadly_modules(self) -> None:
        """A suite whose every module kills the worker ends with a sentence, after a bounded number of workers."""
        write_suite(self.folder, {f"test_{number:02}.py": "import os; os._exit(6)" for number in range(25)})
        with self.assertRaisesRegex(WorkerFailed, "exited with code 6 while it imported test_20"):
            run_suite(self.folder)

    def test_unknown_working_directory(self) -> None:
        """A worker that cannot be started says why."""
        with self.assertRaisesRegex(WorkerFailed, "cannot be started"):
            execute.start(execute.Selection(), options(Path(self.folder) / "nowhere"))

    def test_interpreter_that_is_none(self) -> None:
        """An interpreter that dies at once gives a sentence with its exit code, not an endless row of workers."""
        with self.assertRaisesRegex(WorkerFailed, "worker exited with code 1 before it loaded any test"):
            run_suite(self.folder, interpreter=shutil.which("false"))

    def test_nothing_collected(self) -> None:
        """An empty suite is collected, ended, and explained."""
        events, summary = run_suite(self.folder)
        self.assertEqual((events.collected, len(events.ended)), ((), 1))
        self.assertIn("test*.py", summary.no_tests_hint or "")

    def test_same_test_twice(self) -> None:
        """A test that is named twice runs twice, as the first and the second of its id."""
        write_suite(self.folder, {"test_one.py": "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass"})
        events, _ = run_suite(self.folder, execute.Selection(names=("test_one", "test_one.A")))
        self.assertEqual(events.outcomes, [("test_one.A.test_a", 0, "passed"), ("test_one.A.test_a", 1, "passed")])

    def test_suite_that_prints_its_events(self) -> None:
        """What tests print, on whatever descriptor below ours, never becomes an event."""
        suite = """
            import os, unittest
            class Liar(unittest.TestCase):
                def test_lies(self):
                    for descriptor in range(3, 64):
                        try: os.write(descriptor, b'["p",1,0.1]\\\\n["e",""]\\\\n')
                        except OSError: pass
                def test_truth(self): self.fail("seen")
        """
        write_suite(self.folder, {"test_liar.py": suite})
        events = Events()
        with execute.start(execute.Selection(), options(self.folder)) as execution:
            execution.run(events)
        self.assertEqual([row[2] for row in events.outcomes], ["passed", "failed"])
