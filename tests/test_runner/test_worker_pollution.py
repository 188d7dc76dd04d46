"""State that tests leave changed is named with its place and put right; what is undone, or what an import brings, is not."""

import unittest
from tempfile import TemporaryDirectory
from typing import ClassVar

from runner.events import Polluted, TestFinished

from .suites import Events, Files, SuiteCase, run_suite, write_suite

TORCH = """
    class cudnn:
        deterministic = benchmark = False
    class backends:
        cudnn = cudnn
    state = {"dtype": "float32", "device": "cpu", "threads": 2, "deterministic": (False, False), "grad": True}
    def get_default_dtype(): return state["dtype"]
    def set_default_dtype(dtype): state["dtype"] = dtype
    def get_default_device(): return state["device"]
    def set_default_device(device): state["device"] = device
    def get_num_threads(): return state["threads"]
    def set_num_threads(threads): state["threads"] = threads
    def are_deterministic_algorithms_enabled(): return state["deterministic"][0]
    def is_deterministic_algorithms_warn_only_enabled(): return state["deterministic"][1]
    def use_deterministic_algorithms(mode, warn_only=False): state["deterministic"] = (mode, warn_only)
    def is_grad_enabled(): return state["grad"]
    def set_grad_enabled(mode): state["grad"] = mode
"""
EVERYTHING: Files = {
    "torch.py": TORCH,
    "test_a.py": """
        import locale, os, signal, socket, sys, unittest, warnings
        import torch
        def handler(number, frame): pass
        class Untidy(unittest.TestCase):
            def test_a(self):
                os.chdir("/")
                os.environ["NEW"] = "secret of NEW"
                os.environ["OLD"] = "secret of OLD"
                del os.environ["GONE"]
                sys.path.insert(0, "/extra")
                signal.signal(signal.SIGUSR1, handler)
                signal.signal(signal.SIGPIPE, signal.SIG_DFL)
                warnings.simplefilter("ignore")
                warnings.showwarning = print
                locale.setlocale(locale.LC_ALL, "C")
                socket.setdefaulttimeout(3)
            def test_b(self):
                torch.set_default_dtype("float64")
                torch.set_default_device("meta")
                torch.set_num_threads(1)
                torch.use_deterministic_algorithms(True, warn_only=True)
                torch.set_grad_enabled(False)
                torch.backends.cudnn.benchmark = True
        class Streams(unittest.TestCase):
            def test_a(self): sys.stdout = sys.stderr = None
    """,
    "test_b.py": """
        import locale, os, signal, socket, sys, unittest, warnings
        import torch
        from diary import note
        class Finds(unittest.TestCase):
            def test_it_as_it_was(self):
                self.assertEqual(os.getcwd(), os.path.dirname(os.path.abspath(__file__)))
                self.assertEqual([os.environ.get(name) for name in ("NEW", "OLD", "GONE")], [None, "1", "1"])
                self.assertNotIn("/extra", sys.path)
                self.assertEqual(signal.getsignal(signal.SIGUSR1), signal.SIG_DFL)
                self.assertEqual(signal.getsignal(signal.SIGPIPE), signal.SIG_IGN)
                self.assertNotEqual(warnings.filters[0][0], "ignore")
                self.assertIsNot(warnings.showwarning, print)
                self.assertIsNone(socket.getdefaulttimeout())
                self.assertIs(sys.stdout, sys.__stdout__)
                self.assertEqual(torch.state, {
                    "dtype": "float32", "device": "cpu", "threads": 2, "deterministic": (False, False), "grad": True,
                })
                self.assertFalse(torch.backends.cudnn.benchmark)
    """,
}
TIME_ZONE: Files = {
    "test_a.py": """
        import os, time, unittest
        class Travels(unittest.TestCase):
            def test_a(self):
                os.environ["TZ"] = "JST-9"
                time.tzset()
        class Unmoved(unittest.TestCase):
            def test_b(self): self.assertNotIn("JST", time.tzname)
    """,
}
TIDY: Files = {
    "torch.py": TORCH,
    "elsewhere/vendored.py": "",
    "thirdparty.py": """
        import os, sys, torch, warnings
        sys.path.insert(0, os.path.join(os.path.dirname(__file__), "elsewhere"))
        torch.set_default_dtype("float64")
        os.environ["THIRD_PARTY"] = "1"
        warnings.simplefilter("ignore", FutureWarning)
    """,
    "test_a.py": """
        import os, sys, unittest
        from unittest import mock
        os.environ["AT_IMPORT"] = "1"
        def setUpModule(): os.environ["OF_MODULE"] = "1"
        def tearDownModule(): del os.environ["OF_MODULE"]
        class Tidy(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.addClassCleanup(os.chdir, os.getcwd())
                os.chdir("/")
            def test_sees_its_fixtures(self): self.assertEqual((os.getcwd(), os.environ["OF_MODULE"]), ("/", "1"))
            def test_patches(self):
                self.enterContext(mock.patch.dict(os.environ, X="1"))
                self.enterContext(mock.patch.object(sys, "path", []))
    """,
    "test_b.py": """
        import os, torch, unittest
        class Lazy(unittest.TestCase):
            def test_import(self): import thirdparty
        class Mostly(unittest.TestCase):
            def test_is_kept(self):
                import thirdparty
                import vendored
                self.assertEqual((os.environ["THIRD_PARTY"], torch.get_default_dtype()), ("1", "float64"))
        class Deferred(unittest.TestCase):
            def test_cleanup(self):
                unittest.addModuleCleanup(os.chdir, os.getcwd())
                os.chdir("/")
    """,
}
MODULES: Files = {
    "test_a.py": """
        import os, unittest
        from diary import note
        def setUpModule(): os.environ["LEFT"] = "1"
        class A(unittest.TestCase):
            def test_a(self): note("LEFT" in os.environ)
        class B(unittest.TestCase):
            def test_b(self):
                note("LEFT" in os.environ)
                os.environ["OF_B"] = "1"
    """,
    "test_b.py": """
        import os, unittest
        from diary import note
        class C(unittest.TestCase):
            @classmethod
            def setUpClass(cls): os.environ["OF_CLASS"] = "1"
            def test_a(self): os.environ["OF_TEST"] = "1"
            def test_b(self): note(("OF_TEST" in os.environ, "OF_CLASS" in os.environ, "LEFT" in os.environ))
            def test_c(self):
                os.mkdir("gone")
                os.chdir("gone")
                os.rmdir("../gone")
            def test_d(self): note(os.getcwd() == os.path.dirname(os.path.abspath(__file__)))
    """,
}


def changes(events: Events) -> list[tuple[str, str, str]]:
    """Return place, what and change of each finding."""
    return [(event.place, change.what, change.change) for event in events.of(Polluted) for change in event.changes]


class EverythingTest(SuiteCase):
    files: ClassVar[Files] = {**EVERYTHING, "test_0.py": "import os\nos.environ.update(OLD='1', GONE='1')"}

    def test_the_next_class_finds_it_as_it_was(self) -> None:
        """All of it is put right before the next class runs."""
        self.assertEqual(self.events.traceback("test_it_as_it_was"), "")

    def test_named(self) -> None:
        """Each change is named with the class that left it."""
        found = changes(self.events)
        self.assertEqual({place for place, _, _ in found}, {"test_a.Untidy", "test_a.Streams"})
        expected = {
            ("working directory", "/ instead of " + self.folder),
            ("environment", "NEW added"),
            ("environment", "OLD changed"),
            ("environment", "GONE removed"),
            ("sys.path", "/extra added"),
            ("signal handlers", "SIGUSR1 is left to handler"),
            ("signal handlers", "SIGPIPE is left to its default"),
            ("warnings", "filters: 1 added, 0 removed"),
            ("warnings", "warnings.showwarning is another function"),
            ("socket timeout", "3.0 s by default instead of None"),
            ("standard streams", "sys.stdout is a NoneType"),
            ("standard streams", "sys.stderr is a NoneType"),
            ("torch", "default dtype is float64 instead of float32"),
            ("torch", "default device is meta instead of cpu"),
            ("torch", "threads is 1 instead of 2"),
            ("torch", "deterministic algorithms is True instead of False"),
            ("torch", "deterministic algorithms only warn is True instead of False"),
            ("torch", "grad mode is False instead of True"),
            ("torch", "cudnn.benchmark is True instead of False"),
        }
        self.assertEqual({(what, change) for _, what, change in found if what != "locale"}, expected)

    def test_no_secret_is_told(self) -> None:
        """Of environment variables the names are told, never the values."""
        self.assertNotIn("secret", str(changes(self.events)))


class TimeZoneTest(SuiteCase):
    files = TIME_ZONE

    def test_clocks(self) -> None:
        """A time zone that a class left behind is gone from the C library as well."""
        self.assertEqual(self.events.by_name, {"Travels.test_a": "passed", "Unmoved.test_b": "passed"})


class TidyTest(SuiteCase):
    files: ClassVar[Files] = TIDY

    def test_no_finding(self) -> None:
        """What fixtures, cleanups and patches undo, and what imports bring, is no finding, and stays while it is wanted."""
        self.assertEqual({outcome for _, _, outcome in self.events.outcomes}, {"passed"}, self.events.outcomes)
        self.assertEqual(changes(self.events), [])


class ImportPathTest(SuiteCase):
    files: ClassVar[Files] = {
        "elsewhere/vendored.py": "",
        "test_a.py": """
            import os, sys, types, unittest
            class Importing(unittest.TestCase):
                def test_a(self):
                    sys.path.insert(0, "elsewhere")
                    sys.modules["made"] = types.ModuleType("made")
                    import vendored
        """,
    }

    def test_folder_of_the_test_itself(self) -> None:
        """A folder that a test puts on sys.path to import from it is the test's doing."""
        self.assertEqual(changes(self.events), [("test_a.Importing", "sys.path", "elsewhere added")])


class ShyModulesTest(SuiteCase):
    files: ClassVar[Files] = {
        "test_a.py": """
            import os, sys, tempfile, types, unittest
            class Shy(types.ModuleType):
                def __getattribute__(self, name):
                    raise ImportError("nobody may look")
            class Hidden(unittest.TestCase):
                def test_a(self):
                    sys.modules["shy"] = Shy("shy")
                    sys.modules["none"] = None
                    os.environ["NEW"] = "1"
            class Removed(unittest.TestCase):
                def test_a(self):
                    made = sys.modules["made"] = types.ModuleType("made")
                    made.__file__ = "/packages/made.py"
                    folder = tempfile.mkdtemp()
                    os.chdir(folder)
                    os.rmdir(folder)
                    sys.path.append("lib")
        """,
    }

    def test_modules_that_let_nobody_look(self) -> None:
        """A module that loads itself, or breaks, when it is looked at is not looked at; the tests run on."""
        self.assertEqual([outcome for _, _, outcome in self.events.outcomes], ["passed", "passed"])

    def test_a_removed_folder(self) -> None:
        """An entry of sys.path below a working directory that was removed is the test's doing."""
        self.assertIn(("test_a.Removed", "sys.path", "lib added"), changes(self.events))


class PlacesTest(unittest.TestCase):
    found: ClassVar[dict[str, list[tuple[str, str, str]]]]
    diaries: ClassVar[dict[str, list[str]]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.found, cls.diaries = {}, {}
        for where in ("class", "test", "off"):
            with TemporaryDirectory() as folder:
                write_suite(folder, {**MODULES, "diary.py": "def note(line):\n    print(line)"})
                events, _ = run_suite(folder, pollution=where)
                cls.found[where] = changes(events)
                cls.diaries[where] = [str(event.output).strip() for event in events.of(TestFinished) if event.output]

    def test_modules(self) -> None:
        """What setUpModule changes is there for the classes of its module, and is named and put right after the last one."""
        self.assertEqual(self.diaries["class"][:2], ["True", "True"])
        found = [(place, change) for place, _, change in self.found["class"] if place.startswith("test_a")]
        self.assertEqual(found, [("test_a.B", "OF_B added"), ("test_a", "LEFT added")])

    def test_by_class(self) -> None:
        """By default a class is compared with what was before its setUpClass."""
        found = {(place, what) for place, what, _ in self.found["class"] if place.startswith("test_b")}
        self.assertEqual(found, {("test_b.C", "environment"), ("test_b.C", "working directory")})
        self.assertEqual(self.diaries["class"][2], "(True, True, False)")

    def test_by_test(self) -> None:
        """Test by test, each is named and put right before the next; what setUpClass left is the class's."""
        found = [(place, change) for place, what, change in self.found["test"] if place.startswith("test_b") and what[0] == "e"]
        self.assertEqual(found, [("test_b.C.test_a", "OF_TEST added"), ("test_b.C", "OF_CLASS added")])
        self.assertEqual(self.diaries["test"][2:], ["(False, True, False)", "True"])
        self.assertTrue(any(change.startswith("a folder that was removed") for _, _, change in self.found["test"]))

    def test_off(self) -> None:
        """Where it is turned off nothing is told and nothing is put right."""
        self.assertEqual(self.found["off"], [])
        self.assertEqual(self.diaries["off"][2], "(True, True, True)")
