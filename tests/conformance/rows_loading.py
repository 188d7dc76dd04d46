"""What loading meets: modules that cannot be imported, load_tests, ids that repeat, and tests of every make."""

from .case import Case, Plain

CASES = (
    Case(
        name="module-that-cannot-be-imported",
        why="the others run, and the run is red; green and stestr run none",
        files={
            "test_row.py": "import no_such_module_anywhere",
            "test_rowsyntax.py": "def broken(:",
        },
        outcomes={"unittest.loader._FailedTest.test_row": "errored", "unittest.loader._FailedTest.test_rowsyntax": "errored"},
        shows=("No module named 'no_such_module_anywhere'", "SyntaxError"),
        exit_code=1,
    ),
    Case(
        name="patterns-hide-no-failed-import",
        why="-k selects tests, and nobody knows what is in a module that cannot be imported",
        files={"test_row.py": "import no_such_module_anywhere"},
        arguments=("-k", "Fine.test_1"),
        beside_fine=False,
        outcomes={"unittest.loader._FailedTest.test_row": "errored"},
        exit_code=1,
    ),
    Case(
        name="module-skips-itself",
        why="SkipTest at import makes a test of a class that can be neither imported nor pickled",
        files={"test_row.py": "import unittest; raise unittest.SkipTest('wrong system')"},
        outcomes={"unittest.loader.ModuleSkipped.test_row": "skipped"},
        exit_code=0,
    ),
    Case(
        name="module-calls-sys-exit",
        why="sys.exit() while a module is imported must not end the run",
        files={"test_row.py": "import sys; sys.exit(0)"},
        outcomes={"unittest.loader._FailedTest.test_row": "errored"},
        exit_code=1,
    ),
    Case(
        name="load-tests-raises",
        why="a broken load_tests is an error of its module",
        files={"test_row.py": "def load_tests(loader, tests, pattern): raise RuntimeError('bad protocol')"},
        outcomes={"unittest.loader._FailedTest.test_row": "errored"},
        exit_code=1,
    ),
    Case(
        name="parametrised-by-load-tests",
        why="TestCase.__eq__ knows only class and method, so that a set of tests loses three of these four",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def __init__(self, name, value=0):
                        super().__init__(name)
                        self.value = value
                    def test_value(self): self.assertNotEqual(self.value, 2)
                def load_tests(loader, tests, pattern):
                    return unittest.TestSuite(Row("test_value", value) for value in range(4))
            """
        },
        outcomes={"test_row.Row.test_value": ("passed", "passed", "failed", "passed")},
        exit_code=1,
    ),
    Case(
        name="parametrised-with-ids",
        why="an id of its own is no address from which the test could be imported again",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def __init__(self, name, value=0):
                        super().__init__(name)
                        self.value = value
                    def id(self): return f"{super().id()}[{self.value}]"
                    def test_value(self): self.assertNotEqual(self.value, 2)
                class Scenario(unittest.TestCase):
                    def test_it(self): pass
                def load_tests(loader, tests, pattern):
                    scenarios = [Scenario("test_it") for _ in range(2)]
                    for number, scenario in enumerate(scenarios):
                        scenario.id = lambda number=number: f"test_row.Scenario.test_it({number})"
                    return unittest.TestSuite([*(Row("test_value", value) for value in range(4)), *scenarios])
            """
        },
        outcomes={
            **{f"test_row.Row.test_value[{value}]": "failed" if value == 2 else "passed" for value in range(4)},
            **{f"test_row.Scenario.test_it({number})": "passed" for number in range(2)},
        },
        exit_code=1,
    ),
    Case(
        name="ids-that-repeat",
        why="a TestCase that a second test module imports is loaded there again, under the same id",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): note("up")
                    def test_one(self): note("test")
                    def test_two(self): self.fail("seen")
            """,
            "test_rowtwo.py": "from test_row import Row",
        },
        outcomes={"test_row.Row.test_one": ("passed", "passed"), "test_row.Row.test_two": ("failed", "failed")},
        notes={"up": 1, "test": 2},
        in_order=True,
        exit_code=1,
    ),
    Case(
        name="classes-of-one-name",
        why="two classes may have the same module and name, and each runs once",
        files={
            "test_row.py": """
                import unittest
                def made(value):
                    class Row(unittest.TestCase):
                        def test_one(self): self.assertEqual(value, 1)
                    return Row
                A, B = made(1), made(2)
            """
        },
        outcomes={"test_row.made.<locals>.Row.test_one": ("passed", "failed")},
        exit_code=1,
    ),
    Case(
        name="class-made-while-importing",
        why="a class that is no attribute of any module cannot be found by its name in another process",
        files={
            "test_row.py": """
                import unittest
                def load_tests(loader, tests, pattern):
                    def test_made(self): self.fail("seen")
                    made = type("Made", (unittest.TestCase,), {"test_made": test_made, "__module__": "elsewhere"})
                    return loader.loadTestsFromTestCase(made)
            """
        },
        outcomes={"elsewhere.Made.test_made": "failed"},
        shows=("AssertionError: seen",),
        exit_code=1,
    ),
    Case(
        name="methods-with-odd-names",
        why="a test method may have any name that setattr takes",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_plain(self): pass
                for name in ("test with spaces", "test.dotted.name", "test_\\u00fcml\\u00e4ut", "test\\nline", "test_[a/b]::c"):
                    setattr(Row, name, lambda self: self.fail("seen"))
            """
        },
        outcomes={
            "test_row.Row.test_plain": "passed",
            "test_row.Row.test with spaces": "failed",
            "test_row.Row.test.dotted.name": "failed",
            "test_row.Row.test_\u00fcml\u00e4ut": "failed",
            "test_row.Row.test\nline": "failed",
            "test_row.Row.test_[a/b]::c": "failed",
        },
        exit_code=1,
    ),
    Case(
        name="tests-of-every-make",
        why="functions, doctests, nested classes and inherited tests are tests like any other",
        files={
            "test_row.py": """
                import doctest, unittest
                def function(): raise AssertionError("seen")
                class Base(unittest.TestCase):
                    def test_inherited(self): pass
                class Derived(Base):
                    def test_own(self): pass
                class Outer(unittest.TestCase):
                    class Inner(unittest.TestCase):
                        def test_inner(self): pass
                    def test_outer(self): pass
                def load_tests(loader, tests, pattern):
                    tests.addTest(unittest.FunctionTestCase(function))
                    tests.addTest(loader.loadTestsFromTestCase(Outer.Inner))
                    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\\n3\\n", {}, "sums", "sums.txt", 0)
                    tests.addTest(doctest.DocTestCase(test))
                    return tests
            """
        },
        outcomes={
            "test_row.Base.test_inherited": "passed",
            "test_row.Derived.test_inherited": "passed",
            "test_row.Derived.test_own": "passed",
            "test_row.Outer.test_outer": "passed",
            "test_row.Outer.Inner.test_inner": "passed",
            "function": "failed",
            "sums": "failed",
        },
        exit_code=1,
    ),
    Case(
        name="class-that-cannot-be-made",
        why="a class whose __init__ wants more than a name costs its module only",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def __init__(self, name, value): super().__init__(name)
                    def test_one(self): pass
            """
        },
        outcomes={"unittest.loader._FailedTest.test_row": "errored"},
        exit_code=1,
        plain=Plain(why="unittest ends with a traceback, and no test runs", survives=False, exit_code=1),
    ),
    Case(
        name="suite-with-a-run-of-its-own",
        why="nobody but such a suite knows how its tests are run, so it is run whole",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Own(unittest.TestSuite):
                    def run(self, result, debug=False):
                        note("suite up")
                        super().run(result, debug)
                        note("suite down")
                        return result
                class Row(unittest.TestCase):
                    @classmethod
                    def setUpClass(cls): note("class up")
                    def test_one(self): note("test")
                    def test_two(self): self.fail("seen")
                def load_tests(loader, tests, pattern): return Own([Row("test_one"), Row("test_two")])
            """
        },
        outcomes={"test_row.Row.test_one": "passed", "test_row.Row.test_two": "failed"},
        notes={"suite up": 1, "class up": 1, "test": 1, "suite down": 1},
        exit_code=1,
    ),
    Case(
        name="test-with-a-run-of-its-own",
        why="a test may run itself twice, and both times count",
        files={
            "test_row.py": """
                import unittest
                from diary import note
                class Row(unittest.TestCase):
                    def run(self, result=None):
                        super().run(result)
                        return super().run(result)
                    def test_one(self): note("test")
            """
        },
        outcomes={"test_row.Row.test_one": ("passed", "passed")},
        notes={"test": 2},
        exit_code=0,
    ),
    Case(
        name="packages-and-folders",
        why="discovery goes into packages, not into other folders (3.11), and names start at the top (-t)",
        files={
            "tests/__init__.py": "",
            "tests/test_row.py": """
                import os, sys, unittest
                class Row(unittest.TestCase):
                    def test_one(self):
                        self.assertEqual(os.path.realpath(sys.path[0]), os.path.realpath(os.getcwd()))
            """,
            "tests/inner/__init__.py": "",
            "tests/inner/test_row.py": """
                import unittest
                from .. import test_row as other
                class Row(unittest.TestCase):
                    def test_one(self): self.assertEqual(other.__name__, "tests.test_row")
            """,
            "tests/folder/test_row.py": "raise RuntimeError('imported')",
        },
        arguments=("-s", "tests", "-t", "."),
        beside_fine=False,
        outcomes={"tests.test_row.Row.test_one": "passed", "tests.inner.test_row.Row.test_one": "passed"},
        exit_code=0,
    ),
    Case(
        name="package-with-load-tests",
        why="a package's load_tests decides what discovery finds in it",
        files={
            "row/__init__.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self): pass
                def load_tests(loader, tests, pattern): return loader.loadTestsFromTestCase(Row)
            """,
            "row/test_row.py": "raise RuntimeError('imported')",
        },
        outcomes={"row.Row.test_one": "passed"},
        exit_code=0,
    ),
    Case(
        name="import-changes-folder-and-path",
        why="what one module does to the current folder and to sys.path while it is imported must not lose the others",
        files={
            "test_row.py": """
                import os, sys, unittest
                os.chdir("/")
                sys.path.insert(0, "/")
                class Row(unittest.TestCase):
                    def test_one(self): pass
            """
        },
        outcomes={"test_row.Row.test_one": "passed"},
        exit_code=0,
    ),
    Case(
        name="no-tests-at-all",
        why="nothing ran is 5, and not success",
        files={"row.py": "value = 1"},
        beside_fine=False,
        outcomes={},
        exit_code=5,
        plain=Plain(why="unittest says 5 since 3.12 (cpython#62432)", exit_codes={"3.11": (0,)}),
    ),
    Case(
        name="no-test-matches",
        why="a pattern that selects nothing is 5 as well",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self): pass
            """
        },
        arguments=("-k", "nothing_has_this_name"),
        beside_fine=False,
        outcomes={},
        exit_code=5,
        plain=Plain(why="unittest says 5 since 3.12 (cpython#62432)", exit_codes={"3.11": (0,)}),
    ),
    Case(
        name="names-on-the-command-line",
        why="names run in the order given, one given twice runs twice, and one that does not exist is an error",
        files={
            "test_row.py": """
                import unittest
                class Row(unittest.TestCase):
                    def test_one(self): pass
                    def test_two(self): self.fail("ran")
            """
        },
        arguments=("test_row.Row.test_one", "test_zfine.py", "test_row.Row.test_one", "test_row.Row.test_nowhere"),
        outcomes={
            "test_row.Row.test_one": ("passed", "passed"),
            "unittest.loader._FailedTest.test_nowhere": "errored",
        },
        in_order=True,
        exit_code=1,
    ),
)
