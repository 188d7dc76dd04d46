"""Hostile tests: each costs itself and nothing else, and none can falsify, stop or hang the run."""

import os
import time
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from runner.events import FixtureFinished

from .suites import SuiteCase, run_suite, write_suite


class DyingTestsTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_die.py": """
            import ctypes, faulthandler, os, signal, unittest
            from diary import note
            class Die(unittest.TestCase):
                @classmethod
                def setUpClass(cls): note("set up")
                def test_a_exit(self): os._exit(0)
                def test_b_fine(self): pass
                def test_c_segfault(self): ctypes.string_at(0)
                def test_d_killed(self): os.kill(os.getpid(), signal.SIGKILL)
                def test_e_abort(self): os.abort()
                def test_f_closes_all(self): os.closerange(0, 20000)
                def test_g_fine(self): pass
        """,
        "test_suite.py": """
            import os, unittest
            class Whole(unittest.TestSuite):
                def run(self, result, debug=False): return super().run(result, debug)
            class Case(unittest.TestCase):
                def test_one(self): pass
                def test_two(self): os._exit(0)
                def test_three(self): pass
            class Twice(unittest.TestCase):
                def test_same(self): os._exit(5)
            def load_tests(loader, tests, pattern):
                whole = Whole([Case("test_one"), Case("test_two"), Case("test_three")])
                return unittest.TestSuite([whole, Twice("test_same"), Twice("test_same")])
        """,
    }

    def test_outcomes(self) -> None:
        """A test that kills its worker is crashed, once, and every other test of its class runs."""
        expected = [
            ("test_die.Die.test_a_exit", 0, "crashed"),
            ("test_die.Die.test_b_fine", 0, "passed"),
            ("test_die.Die.test_c_segfault", 0, "crashed"),
            ("test_die.Die.test_d_killed", 0, "crashed"),
            ("test_die.Die.test_e_abort", 0, "crashed"),
            ("test_die.Die.test_f_closes_all", 0, "crashed"),
            ("test_die.Die.test_g_fine", 0, "passed"),
            ("test_suite.Case.test_one", 0, "passed"),
            ("test_suite.Case.test_two", 0, "crashed"),
            ("test_suite.Case.test_three", 0, "not_run"),
            ("test_suite.Twice.test_same", 0, "crashed"),
            ("test_suite.Twice.test_same", 1, "crashed"),
        ]
        self.assertEqual(self.events.outcomes, expected)

    def test_messages(self) -> None:
        """The message names the signal or the exit code."""
        names = ("test_a_exit", "test_c_segfault", "test_d_killed", "test_e_abort")
        messages = [self.events.message(name) for name in names]
        expected = ["exited with code 0", "killed by SIGSEGV", "killed by SIGKILL", "killed by SIGABRT"]
        self.assertEqual(messages, [f"worker {how} while the test was running" for how in expected])

    def test_lost_connection(self) -> None:
        """A test that closes every file descriptor is told so."""
        self.assertIn("file descriptor was closed by a test", self.events.message("test_f_closes_all"))

    def test_stack_of_a_segfault(self) -> None:
        """The stack that faulthandler writes comes with the crash, from the user's code on."""
        traceback = self.events.traceback("test_c_segfault")
        self.assertIn("test_c_segfault", traceback)
        self.assertNotIn("_runner_worker", traceback)

    def test_rest_of_a_suite_that_runs_whole(self) -> None:
        """What a dead worker leaves of a suite with a run() of its own says so."""
        self.assertIn("runs as a whole", self.events.message("Case.test_three"))

    def test_fresh_fixtures(self) -> None:
        """Each new worker sets the class up again."""
        self.assertEqual(self.diary, ["set up"] * 6)


class MischiefTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_mischief.py": """
            import os, shutil, signal, subprocess, sys, tempfile, threading, time, unittest
            from unittest import mock
            from diary import note
            class Awkward(Exception):
                def __str__(self): raise RuntimeError("no str")
                __repr__ = __str__
            def deep(n): return deep(n - 1) if n else 1 / 0
            class Mischief(unittest.TestCase):
                def test_a_closes_descriptors(self): os.closerange(3, 256)
                def test_b_leaves_folder(self):
                    os.chdir(tempfile.mkdtemp())
                    os.rmdir(os.getcwd())
                def test_c_replaces_streams(self): sys.stdout = sys.stderr = None
                def test_d_fork_escapes(self):
                    child = os.fork()
                    if child == 0: self.fail("in the child")
                    os.waitpid(child, 0)
                def test_e_fork_succeeds(self):
                    child = os.fork()
                    if child == 0: return
                    os.waitpid(child, 0)
                def test_f_patches_os(self):
                    mock.patch("os.write", side_effect=OSError).start()
                    mock.patch("os.getpid", return_value=1).start()
                    mock.patch("time.perf_counter", side_effect=OSError).start()
                def test_g_unpatches(self): mock.patch.stopall()
                def test_h_awkward(self): raise Awkward
                def test_i_long(self): raise ValueError("x" * 50_000_000)
                def test_j_surrogate(self): self.fail("lone \\udc80 surrogate \\x00 \\x1b[31m")
                def test_k_deep(self):
                    sys.setrecursionlimit(20000)
                    deep(9000)
                def test_l_child_stays(self):
                    note(str(subprocess.Popen(["sleep", "60"]).pid))
                def test_m_thread_stays(self):
                    threading.Thread(target=time.sleep, args=(60,)).start()
                def test_n_atexit_hangs(self):
                    import atexit
                    atexit.register(time.sleep, 60)
                def test_o_breakpoint(self): breakpoint()
                def test_p_reads(self): self.assertEqual(sys.stdin.read(), "")
                def test_q_modules(self):
                    for name in ("json", "traceback", "coverage"): sys.modules.pop(name, None)
                def test_r_closes_streams(self):
                    os.close(1)
                    os.close(2)
                def test_s_fine(self): pass
        """
    }

    begun: ClassVar[float]
    wall: ClassVar[float]

    @classmethod
    def setUpClass(cls) -> None:
        cls.begun = time.monotonic()
        super().setUpClass()
        cls.wall = time.monotonic() - cls.begun

    def test_outcomes(self) -> None:
        """Nothing that a test does to its process changes the outcome of another."""
        red = {name.partition(".test_")[2]: outcome for name, outcome in self.events.by_name.items() if outcome != "passed"}
        expected = {
            "d_fork_escapes": "passed",
            "h_awkward": "errored",
            "i_long": "errored",
            "j_surrogate": "failed",
            "k_deep": "errored",
            "o_breakpoint": "errored",
        }
        self.assertEqual(red, {name: outcome for name, outcome in expected.items() if outcome != "passed"})
        self.assertEqual(len(self.events.outcomes), 19)

    def test_breakpoint(self) -> None:
        """breakpoint() says in one sentence what to do instead of waiting for a terminal."""
        self.assertIn("--pdb", self.events.message("test_o_breakpoint"))

    def test_texts_are_bounded(self) -> None:
        """A message is one short line and a traceback keeps head and tail, whatever the exception holds."""
        traceback = self.events.traceback("test_i_long")
        self.assertLess(len(self.events.message("test_i_long")), 600)
        self.assertLess(len(traceback), 70_000)
        self.assertIn("characters left out", traceback)
        self.assertTrue(traceback.startswith("Traceback"))

    def test_texts_survive(self) -> None:
        """Lone surrogates and control characters arrive as they were."""
        self.assertEqual(self.events.message("test_j_surrogate"), "AssertionError: lone \udc80 surrogate \x00 \x1b[31m")

    def test_exception_without_str(self) -> None:
        """An exception whose str raises is named by its class."""
        self.assertIn("Awkward", self.events.message("test_h_awkward"))

    def test_nothing_stays(self) -> None:
        """Children that tests leave are killed, and neither threads nor exit handlers hold the end up."""
        pid = next(int(line) for line in self.diary)
        self.assertFalse(Path(f"/proc/{pid}/cmdline").exists() and b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes())
        self.assertLess(self.wall, 20)


class BetweenTestsTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_between.py": """
            import os, unittest
            class Bomb:
                def __del__(self): os._exit(3)
            class Between(unittest.TestCase):
                def test_a(self): self.bomb = Bomb()
                def test_b(self): pass
                def test_c(self): pass
        """
    }

    def test_death_between_tests(self) -> None:
        """A worker that dies between two tests costs neither of them and is a row of its own."""
        self.assertEqual([row[2] for row in self.events.outcomes], ["passed"] * 3)
        self.assertEqual(self.events.fixtures, [("between tests (after test_between.Between.test_a)", "crashed")])


class ExitHandlerTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_exit.py": """
            import atexit, os, signal, unittest
            class Exits(unittest.TestCase):
                def test_a(self): atexit.register(os.kill, os.getpid(), signal.SIGSEGV)
        """
    }

    def test_death_at_exit(self) -> None:
        """An exit handler that ends the worker costs no test its state, and makes the run red, as it would unittest's."""
        self.assertEqual([row[2] for row in self.events.outcomes], ["passed"])
        self.assertEqual(self.events.fixtures, [("atexit (worker)", "crashed")])
        self.assertEqual(self.summary.failed_fixtures, 1)
        (event,) = self.events.of(FixtureFinished)
        self.assertEqual(event.message, "worker killed by SIGSEGV in an exit handler")
        self.assertIn("Segmentation fault", event.traceback)


class ExecutorTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_pool.py": """
            import concurrent.futures, unittest
            class Pool(unittest.TestCase):
                def test_a(self):
                    self.pool = concurrent.futures.ProcessPoolExecutor(2)
                    self.assertEqual(list(self.pool.map(abs, [-1, -2])), [1, 2])
        """
    }

    def test_a_pool_that_nobody_closes(self) -> None:
        """A pool that a test leaves open ends with the worker, at once and without a word, as under unittest."""
        self.assertEqual([row[2] for row in self.events.outcomes], ["passed"])
        self.assertEqual(self.events.fixtures, [])
        self.assertLess(self.summary.duration_s, 4)


class BeforeTestsTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_before.py": """
            import os, unittest
            class Before(unittest.TestCase):
                def __call__(self, result=None): os._exit(0)
                def test_a(self): pass
                def test_b(self): pass
            class Fine(unittest.TestCase):
                def test_c(self): pass
        """
    }

    def test_worker_that_gets_nowhere(self) -> None:
        """A test whose worker dies before it starts is not run and says so, and the row of new workers ends."""
        expected = [("test_a", "not_run"), ("test_b", "not_run"), ("test_c", "passed")]
        self.assertEqual([(name.rpartition(".")[2], outcome) for name, _, outcome in self.events.outcomes], expected)
        self.assertEqual(self.events.message("test_b"), "worker exited with code 0 before the test started")


class StopTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_stop.py": """
            import unittest
            class Stop(unittest.TestCase):
                def test_a(self): self._outcome.result.stop()
                def test_b(self): pass
        """
    }

    def test_stopped_by_a_test(self) -> None:
        """A test that stops the run through its result makes the rest not run, with that cause."""
        self.assertEqual([row[2] for row in self.events.outcomes], ["passed", "not_run"])
        self.assertIn("a test stopped the run", self.events.message("test_b"))


class ChangedSuiteTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_changed.py": """
            import os, unittest
            from diary import _path
            again = os.path.exists(_path)
            open(_path, "w").close()
            class Changed(unittest.TestCase):
                def test_a(self): os._exit(0)
                def test_c(self): pass
                if again:
                    def test_new(self): pass
                else:
                    def test_b(self): pass
        """
    }

    def test_tests_that_are_gone(self) -> None:
        """A test that a new worker does not find again is not run and says so; the others run."""
        expected = [("test_a", "crashed"), ("test_b", "not_run"), ("test_c", "passed")]
        self.assertEqual([(name.rpartition(".")[2], outcome) for name, _, outcome in self.events.outcomes], expected)
        self.assertIn("loaded the suite again", self.events.message("test_b"))


class KeyboardInterruptTest(SuiteCase):
    files: ClassVar[dict[str, str]] = {
        "test_keyboard.py": """
            import unittest
            class Keyboard(unittest.TestCase):
                def test_a(self): pass
                def test_b(self): raise KeyboardInterrupt
                def test_c(self): pass
        """
    }

    def test_ends_the_run(self) -> None:
        """KeyboardInterrupt in a test ends the run as in unittest; what is known is kept and the rest is not run."""
        self.assertEqual([row[2] for row in self.events.outcomes], ["passed", "not_run", "not_run"])
        self.assertEqual(self.summary.interrupted, "SIGINT")
        self.assertEqual(self.events.message("test_c"), "interrupted")


class NamesTest(unittest.TestCase):
    def test_modules_of_the_user(self) -> None:
        """Modules called registry, mnist, runner, worker or protocol in the suite's folder are the user's."""
        names = ("registry", "mnist", "runner", "worker", "protocol", "wire", "process", "loading")
        suite = f"""
            import os, unittest
            class Own(unittest.TestCase):
                def test_own(self):
                    for name in {names}:
                        with self.subTest(name):
                            self.assertEqual(__import__(name).OWNER, "user")
        """
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_own.py": suite, **{f"{name}.py": "OWNER = 'user'" for name in names}})
            events, _ = run_suite(folder)
        self.assertEqual(events.test("test_own").subtests, ())
        self.assertEqual(events.test("test_own").subtests_passed, len(names))

    def test_pid_is_another(self) -> None:
        """The tests run in another process than this one, the leader of its own session."""
        suite = """
            import os, unittest
            from diary import note
            class Own(unittest.TestCase):
                def test_own(self): note(f"{os.getpid()} {os.getsid(0)}")
        """
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_own.py": suite})
            run_suite(folder)
            pid, session = (Path(folder) / "diary.txt").read_text().split()
        self.assertEqual(pid, session)
        self.assertNotEqual(int(pid), os.getpid())
