"""Seeds make results independent of order and worker; a shuffled order follows from the seed alone and changes no identity."""

import random
import unittest
from tempfile import TemporaryDirectory
from typing import ClassVar

from runner import execute
from runner.events import Polluted, TestFinished, TestKey

from .suites import Events, Files, SuiteCase, read_diary, run_suite, write_suite

TORCH = """
    class Generator:
        def manual_seed(self, seed): self.seed = seed
    class cuda:
        is_used, seed = False, None
        @classmethod
        def is_initialized(cls): return cls.is_used
        @classmethod
        def manual_seed_all(cls, seed): cls.seed = seed
    default_generator = Generator()
"""
SEEDED: Files = {
    "torch.py": TORCH,
    "test_a.py": """
        import os, random, unittest
        import numpy, torch
        from diary import note
        note(f"import {random.random()}")
        def setUpModule(): note(f"module {random.random()}")
        class A(unittest.TestCase):
            @classmethod
            def setUpClass(cls): note(f"class {random.random()}")
            def setUp(self): self.drawn = random.random()
            def test_one(self): note(f"one {self.drawn} {numpy.random.random()} {torch.default_generator.seed} {torch.cuda.seed}")
            def test_two(self): note(f"two {self.drawn} {numpy.random.random()} {torch.default_generator.seed}")
            def test_zero_dies(self): os._exit(0)
        class B(unittest.TestCase):
            @classmethod
            def setUpClass(cls): note(f"other_class {random.random()}")
            def test_three(self): note(f"three {random.random()}")
            def test_cards(self):
                torch.cuda.is_used = True
            def test_cards_then(self):
                note(f"card {torch.cuda.seed == torch.default_generator.seed}")
    """,
}
ALL = ("test_a",)
REVERSED = ("test_a.B.test_three", "test_a.A.test_two", "test_a.A.test_zero_dies", "test_a.A.test_one")
SHUFFLED: Files = {
    f"test_{module}.py": f"""
        import unittest
        from diary import note
        def {fixture}(): note("{module} set up")
        class A(unittest.TestCase):
            def test_one(self): note("{module} A")
            def test_two(self): note("{module} A")
            def test_three(self): note("{module} A")
        class B(unittest.TestCase):
            @classmethod
            def setUpClass(cls): note("{module} B set up")
            def test_one(self): note("{module} B")
            def test_two(self): note("{module} B")
    """
    for module, fixture in (("a", "unused"), ("b", "setUpModule"), ("c", "unused"), ("d", "setUpModule"))
}
EQUAL_IDS: Files = {
    "test_ids.py": """
        import unittest
        class Whole(unittest.TestSuite):
            def run(self, result, debug=False): return super().run(result, debug)
        class Same(unittest.TestCase):
            value = 0
            def test_same(self): self.assertEqual(self.value, 0)
            def id(self): return "same"
        class Other(Same):
            value = 1
        class Third(Same):
            value = 2
        class Inside(unittest.TestCase):
            def test_b(self): pass
            def test_a(self): pass
            def test_c(self): pass
        def load_tests(loader, tests, pattern):
            kinds = [Same, Other, Third, Same]
            whole = Whole([Inside("test_b"), Inside("test_a"), Inside("test_c")])
            return unittest.TestSuite([*(kind("test_same") for kind in kinds), Whole(), whole, Whole(), Inside("test_a")])
    """
}


def values(lines: list[str]) -> dict[str, str]:
    """Return what the suite drew, by the place where it did."""
    return dict(line.split(" ", 1) for line in lines)


class SeedsTest(unittest.TestCase):
    events: ClassVar[Events]
    drawn: ClassVar[dict[str, dict[str, str]]]

    @classmethod
    def setUpClass(cls) -> None:
        folder = cls.enterClassContext(TemporaryDirectory())
        write_suite(folder, SEEDED)
        cls.drawn = {}
        for name, tests, seed in (("all", ALL, 7), ("reversed", REVERSED, 7), ("other", ALL, 8)):
            events, _ = run_suite(folder, execute.Selection(names=tests), seed=seed)
            cls.drawn[name] = values(read_diary(folder))
            if name == "all":
                cls.events = events

    def test_neither_order_nor_worker_counts(self) -> None:
        """A test draws the same in another order and in the worker that replaces a dead one; so do fixtures and imports."""
        for place in ("import", "one", "two", "three", "class", "other_class", "module"):
            self.assertEqual(self.drawn["all"][place], self.drawn["reversed"][place], place)

    def test_another_seed(self) -> None:
        """Under another seed every place draws something else, an import too."""
        places = ("import", "module", "class", "one", "two", "three")
        same = [place for place in places if self.drawn["all"][place] == self.drawn["other"][place]]
        self.assertEqual(same, [])

    def test_each_place_has_its_own(self) -> None:
        """Tests and fixtures of one run draw differently from each other."""
        firsts = [drawn.split()[0] for place, drawn in self.drawn["all"].items() if place != "card"]
        self.assertEqual(len(set(firsts)), len(firsts))

    def test_the_seed_is_told(self) -> None:
        """Each result has the seed with which random, NumPy and torch were seeded."""
        event = self.events.test("test_one")
        self.assertIsNotNone(event.seed)
        drawn, _, torch_seed, cuda_seed = self.drawn["all"]["one"].split()
        self.assertEqual(random.Random(event.seed).random(), float(drawn))
        self.assertEqual((torch_seed, cuda_seed), (str(event.seed), "None"))

    def test_numpy(self) -> None:
        """NumPy draws what it draws after being seeded so."""
        import numpy as np

        event = self.events.test("test_two")
        self.assertEqual(np.random.RandomState(event.seed).random_sample(), float(self.drawn["all"]["two"].split()[1]))

    def test_cards(self) -> None:
        """The generators of graphics cards are seeded where they are in use."""
        self.assertEqual(self.drawn["all"]["card"], "True")

    def test_seeds_fit_numpy(self) -> None:
        """A seed of any size of the run makes seeds of 32 bits."""
        with TemporaryDirectory() as folder:
            write_suite(folder, {"test_one.py": "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass"})
            events, _ = run_suite(folder, seed=10**40)
        self.assertTrue(0 <= (events.of(TestFinished)[0].seed or -1) < 2**32)


class SeededImportTest(unittest.TestCase):
    FILES: ClassVar[Files] = {
        "test_a.py": "import unittest",
        "test_b.py": """
            import random, unittest
            import numpy
            from diary import note
            DRAWN = f"{random.random()} {numpy.random.random()}"
            class B(unittest.TestCase):
                def test_one(self): note(DRAWN)
        """,
        "test_c.py": """
            import unittest
            import numpy
            from diary import note
            DRAWN = numpy.random.random()
            class C(unittest.TestCase):
                def test_one(self): note(f"C {DRAWN}")
        """,
    }

    def drawn(self, names: tuple[str, ...], **changes: object) -> str:
        with TemporaryDirectory() as folder:
            write_suite(folder, self.FILES)
            run_suite(folder, execute.Selection(names=names), seed=7, **changes)
            return next(line for line in read_diary(folder) if not line.startswith("C"))

    def test_top_of_a_module(self) -> None:
        """What a module draws at its top is the same, whoever imports NumPy first and however the test is named."""
        selections = ((), ("test_c", "test_b"), ("test_b.B.test_one",))
        drawn = {self.drawn(names) for names in selections} | {self.drawn((), jobs=2, start_method="spawn")}
        self.assertEqual(len(drawn), 1, drawn)


class UnseededTest(SuiteCase):
    files: ClassVar[Files] = {
        "test_own.py": """
            import random, unittest
            random.seed(1)
            class Own(unittest.TestCase):
                def test_draws(self): self.assertEqual(random.random(), 0.13436424411240122)
        """
    }

    def test_nothing_is_touched(self) -> None:
        """Where no seed is asked for, nothing is seeded, and none is told."""
        (event,) = self.events.of(TestFinished)
        self.assertEqual((event.outcome, event.seed), ("passed", None))


class ShuffleTest(unittest.TestCase):
    folder: ClassVar[str]
    orders: ClassVar[dict[int, list[TestKey]]]
    diaries: ClassVar[dict[int, list[str]]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = cls.enterClassContext(TemporaryDirectory())
        write_suite(cls.folder, SHUFFLED)
        cls.orders, cls.diaries = {}, {}
        for seed in range(4):
            cls.orders[seed] = cls.order(execute.Selection(), seed)
            cls.diaries[seed] = read_diary(cls.folder)

    @classmethod
    def order(cls, selection: execute.Selection, seed: int) -> list[TestKey]:
        events, _ = run_suite(cls.folder, selection, order_seed=seed)
        return [event.key for event in events.of(TestFinished)]

    def test_every_test_once(self) -> None:
        """Every test runs once, in orders that differ from seed to seed."""
        self.assertEqual({frozenset(order) for order in self.orders.values()}, {frozenset(self.orders[0])})
        self.assertEqual({len(order) for order in self.orders.values()}, {20})
        self.assertEqual(len({tuple(order) for order in self.orders.values()}), 4)

    def test_modules_classes_and_tests_move(self) -> None:
        """Modules, the classes in them and the tests in these are all shuffled."""
        for depth in (1, 2, 3):
            names = {tuple(dict.fromkeys(key[0].split(".")[depth - 1] for key in order)) for order in self.orders.values()}
            self.assertGreater(len(names), 1, depth)

    def test_units_stay_whole(self) -> None:
        """Class and module fixtures run once each, just before what they are for."""
        for diary in self.diaries.values():
            self.assertEqual(len([line for line in diary if "set up" in line]), 6)
            for module in ("b", "d"):
                lines = [line for line in diary if line.startswith(module)]
                self.assertEqual(lines[0], f"{module} set up")
                first = diary.index(lines[0])
                self.assertEqual(diary[first : first + len(lines)], lines)

    def test_a_part_of_the_suite(self) -> None:
        """A part of a suite runs in the order that it has in the whole."""
        part = self.order(execute.Selection(name_patterns=("*one", "*two")), 2)
        self.assertEqual(part, [key for key in self.orders[2] if key[0].endswith(("one", "two"))])

    def test_equal_ids(self) -> None:
        """Which of the tests of one id is which does not depend on the order, and a suite with its own run() keeps its own."""
        with TemporaryDirectory() as folder:
            write_suite(folder, EQUAL_IDS)
            plain, _ = run_suite(folder)
            runs = [run_suite(folder, order_seed=seed)[0] for seed in range(6)]
        for events in runs:
            self.assertEqual(sorted(events.outcomes), sorted(plain.outcomes))
            inside = [key[0].rpartition(".")[2] for key in events.started if "Inside" in key[0]]
            self.assertIn("test_b test_a test_c", " ".join(inside))
        self.assertGreater(len({tuple(events.outcomes) for events in runs}), 1)


class RealTorchTest(SuiteCase):
    files: ClassVar[Files] = {
        "test_real.py": """
            import unittest
            import torch
            class Draws(unittest.TestCase):
                def test_draws(self): print(torch.rand(1).item())
            class Untidy(unittest.TestCase):
                def test_leaves(self):
                    torch.set_default_dtype(torch.float64)
                    torch.set_grad_enabled(False)
                    torch.use_deterministic_algorithms(True)
            class Verified(unittest.TestCase):
                def test_finds(self):
                    self.assertIs(torch.get_default_dtype(), torch.float32)
                    self.assertTrue(torch.is_grad_enabled())
                    self.assertFalse(torch.are_deterministic_algorithms_enabled())
        """
    }
    changes: ClassVar[dict[str, int]] = {"seed": 7}

    def test_torch_itself(self) -> None:
        """The real torch draws what its own manual_seed gives, and its defaults are named and put right."""
        import torch

        event = self.events.test("test_draws")
        generator = torch.Generator().manual_seed(event.seed or 0)
        self.assertEqual(float(event.output or ""), torch.rand(1, generator=generator).item())
        self.assertEqual(self.events.traceback("test_finds"), "")
        (polluted,) = self.events.of(Polluted)
        expected = ["default dtype is", "deterministic algorithms is", "grad mode is"]
        self.assertEqual([change.change.partition(" is ")[0] + " is" for change in polluted.changes], expected)
