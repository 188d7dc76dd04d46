"""What a single test can end in, and subtests."""

from .case import Case, Plain

_SUBTESTS = "one failing subtest makes its test fail, and so does the worst of several"

CASES = (
    Case(
        name="outcomes",
        why="each way to end, each told apart",
        files={
            "test_row.py": """
                import sys, unittest
                class Row(unittest.TestCase):
                    def test_passed(self): pass
                    def test_failed(self): self.assertEqual(1, 2)
                    def test_errored(self): raise KeyError("gone")
                    def test_skipped(self): self.skipTest("no camera")
                    @unittest.skip("by decorator")
                    def test_decorated(self): self.fail("ran")
                    @unittest.skipIf(True, "by condition")
                    def test_condition(self): self.fail("ran")
                    @unittest.expectedFailure
                    def test_expected(self): self.fail("known")
                    @unittest.expectedFailure
                    def test_expected_error(self): raise KeyError("known")
                    def test_system_exit(self): sys.exit(0)
                    def test_generator_exit(self): raise GeneratorExit
                    def test_returns(self): return None
            """
        },
        outcomes={
            "test_row.Row.test_passed": "passed",
            "test_row.Row.test_failed": "failed",
            "test_row.Row.test_errored": "errored",
            "test_row.Row.test_skipped": "skipped",
            "test_row.Row.test_decorated": "skipped",
            "test_row.Row.test_condition": "skipped",
            "test_row.Row.test_expected": "expected_failure",
            "test_row.Row.test_expected_error": "expected_failure",
            "test_row.Row.test_system_exit": "errored",
            "test_row.Row.test_generator_exit": "errored",
            "test_row.Row.test_returns": "passed",
        },
        exit_code=1,
    ),
    Case(
        name="unexpected-success",
        why="it makes the run red; nose2 exits with 0",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @unittest.expectedFailure
                    def test_one(self): pass
                @unittest.expectedFailure
                class Whole(unittest.TestCase):
                    def test_two(self): pass
                    def test_three(self): self.fail("known")
            """
        },
        outcomes={
            "test_row.Row.test_one": "unexpected_success",
            "test_row.Whole.test_two": "unexpected_success",
            "test_row.Whole.test_three": "expected_failure",
        },
        exit_code=1,
    ),
    Case(
        name="around-a-test",
        why="setUp, tearDown and cleanups belong to the test, and the worst of what they report is its outcome",
        files={
            "test_row.py": """
                import unittest
                class SetUp(unittest.TestCase):
                    def setUp(self): raise OSError("no disk")
                    def tearDown(self): self.fail("never")
                    def test_one(self): self.fail("never")
                class SetUpSkips(unittest.TestCase):
                    def setUp(self): self.skipTest("not here")
                    def test_one(self): self.fail("never")
                class TearDown(unittest.TestCase):
                    def tearDown(self): raise OSError("late")
                    def test_passes(self): pass
                    def test_fails(self): self.fail("first")
                    def test_skips(self): self.skipTest("not here")
                    @unittest.expectedFailure
                    def test_expected(self): self.fail("known")
                class Cleanup(unittest.TestCase):
                    def test_errors(self): self.addCleanup(lambda: 1 / 0)
                    def test_skips(self): self.addCleanup(self.skipTest, "in a cleanup")
                    def test_fails(self):
                        self.addCleanup(lambda: 1 / 0)
                        self.fail("first")
            """
        },
        outcomes={
            "test_row.SetUp.test_one": "errored",
            "test_row.SetUpSkips.test_one": "skipped",
            "test_row.TearDown.test_passes": "errored",
            "test_row.TearDown.test_fails": "errored",
            "test_row.TearDown.test_skips": "errored",
            "test_row.TearDown.test_expected": "errored",
            "test_row.Cleanup.test_errors": "errored",
            "test_row.Cleanup.test_skips": "skipped",
            "test_row.Cleanup.test_fails": "errored",
        },
        exit_code=1,
    ),
    Case(
        name="only-skips",
        why="all tests skipped is 0 and not 5 (cpython#113661)",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @unittest.skip("not now")
                    def test_one(self): pass
                    def test_two(self): self.skipTest("nor now")
            """
        },
        beside_fine=False,
        outcomes={"test_row.Row.test_one": "skipped", "test_row.Row.test_two": "skipped"},
        exit_code=0,
    ),
    Case(
        name="own-failure-exception",
        why="what a failure is, failureException says",
        files={
            "test_row.py": """
                import unittest
                class Refused(Exception): pass
                class Row(unittest.TestCase):
                    failureException = Refused
                    def test_fails(self): self.assertTrue(False)
                    def test_errors(self): assert False
                    def test_subtest(self):
                        with self.subTest(): raise Refused
            """
        },
        outcomes={
            "test_row.Row.test_fails": "failed",
            "test_row.Row.test_errors": "errored",
            "test_row.Row.test_subtest": "failed",
        },
        exit_code=1,
    ),
    Case(
        name="subtest-fails",
        why=_SUBTESTS + "; trial calls it green, pytest lists the test as passed",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self):
                        for number in range(3):
                            with self.subTest(number=number): self.assertNotEqual(number, 1)
            """
        },
        outcomes={"test_row.Row.test_one": "failed"},
        shows=("(number=1)",),
        exit_code=1,
    ),
    Case(
        name="subtest-holds-what-cannot-be-sent",
        why="parameters that hold a lock or a lambda: nose2 loses the failure, Django makes it an error of pickle",
        files={
            "test_row.py": """
                import threading, unittest
                class Row(unittest.TestCase):
                    def test_one(self):
                        with self.subTest(lock=threading.Lock(), call=lambda: 0): self.fail("seen")
            """
        },
        outcomes={"test_row.Row.test_one": "failed"},
        shows=("AssertionError: seen",),
        exit_code=1,
    ),
    Case(
        name="subtest-without-a-repr",
        why="a parameter whose repr raises costs its test and nobody else",
        files={
            "test_row.py": """
                import unittest
                class Vague:
                    def __repr__(self): raise RuntimeError("no repr")
                class Row(unittest.TestCase):
                    def test_one(self):
                        with self.subTest(thing=Vague()): self.fail("seen")
            """
        },
        outcomes={"test_row.Row.test_one": "failed"},
        exit_code=1,
        plain=Plain(why="printing the failure raises, and unittest ends with a traceback", survives=False, exit_code=1),
    ),
    Case(
        name="subtests-of-every-kind",
        why=_SUBTESTS + "; expectedFailure absorbs them, and a skipped one alone makes a skipped test",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_passed(self):
                        for number in range(4):
                            with self.subTest(number=number): pass
                    def test_errored(self):
                        with self.subTest(number=1): self.fail("first")
                        with self.subTest(number=2): raise ValueError("broken")
                        with self.subTest(number=3): self.skipTest("not today")
                    def test_skipped(self):
                        with self.subTest(number=1): self.skipTest("not today")
                        with self.subTest(number=2): pass
                    def test_fails_after(self):
                        with self.subTest(number=1): self.skipTest("not today")
                        self.fail("then")
                    def test_skips_after(self):
                        with self.subTest(number=1): self.fail("first")
                        self.skipTest("then")
                    def test_nested(self):
                        with self.subTest(outer=1), self.subTest(inner=2): self.fail("deep")
                    def test_same_twice(self):
                        for _ in range(2):
                            with self.subTest("same"): self.fail("same")
                    @unittest.expectedFailure
                    def test_absorbed(self):
                        with self.subTest(number=1): self.fail("known")
                    @unittest.expectedFailure
                    def test_not_absorbed(self):
                        with self.subTest(number=1): pass
            """
        },
        outcomes={
            "test_row.Row.test_passed": "passed",
            "test_row.Row.test_errored": "errored",
            "test_row.Row.test_skipped": "skipped",
            "test_row.Row.test_fails_after": "failed",
            "test_row.Row.test_skips_after": "failed",
            "test_row.Row.test_nested": "failed",
            "test_row.Row.test_same_twice": "failed",
            "test_row.Row.test_absorbed": "expected_failure",
            "test_row.Row.test_not_absorbed": "unexpected_success",
        },
        exit_code=1,
    ),
    Case(
        name="failfast-in-a-subtest",
        why="with -f the test itself ends at its first failing subtest, and the rest is not run",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Row(unittest.TestCase):
                    @classmethod
                    def tearDownClass(cls): note("tear down")
                    def test_a(self):
                        for number in range(3):
                            with self.subTest(number=number):
                                note("subtest")
                                self.fail("stop")
                    def test_b(self): note("never")
            """
        },
        arguments=("-f",),
        beside_fine=False,
        outcomes={"test_row.Row.test_a": "failed", "test_row.Row.test_b": "not_run"},
        notes={"subtest": 1, "tear down": 1},
        in_order=True,
        exit_code=1,
    ),
    Case(
        name="failfast-at-an-unexpected-success",
        why="with -f an unexpected success stops the run as a failure does",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    @unittest.expectedFailure
                    def test_a(self): pass
                    def test_b(self): self.fail("ran")
            """
        },
        arguments=("-f",),
        beside_fine=False,
        outcomes={"test_row.Row.test_a": "unexpected_success", "test_row.Row.test_b": "not_run"},
        in_order=True,
        exit_code=1,
    ),
    Case(
        name="failfast-at-a-broken-fixture",
        why="with -f a broken fixture stops the run as well",
        files={
            "test_row.py": """
                import unittest
                class A(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): raise OSError("no disk")
                    def test_a(self): pass
                def load_tests(loader, tests, pattern): return unittest.TestSuite([A("test_a"), B("test_b")])
                class B(unittest.TestCase):
                    def test_b(self): self.fail("ran")
                def setUpModule(): pass
            """
        },
        arguments=("-f",),
        beside_fine=False,
        outcomes={"test_row.A.test_a": "not_run", "test_row.B.test_b": "not_run"},
        fixtures=("errored setUpClass (test_row.A)",),
        in_order=True,
        exit_code=1,
        plain=Plain(why="no test ran (cpython#136442)", exit_codes={"3.12": (5,), "3.13": (1, 5)}),
    ),
    Case(
        name="stopped-by-a-test",
        why="a test may stop the run through its result; what did not run must not count as passed",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_a(self): self._outcome.result.stop()
                    def test_b(self): self.fail("ran")
            """
        },
        beside_fine=False,
        outcomes={"test_row.Row.test_a": "passed", "test_row.Row.test_b": "not_run"},
        in_order=True,
        exit_code=1,
        plain=Plain(why="unittest says OK though a test never ran", exit_code=0),
    ),
)
