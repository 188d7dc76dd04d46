"""Choosing by what failed last."""

from __future__ import annotations

import unittest

from registry.past.latest import LastFailures
from runner.choose.chain import Chain
from runner.choose.failures import FailedFirst, OnlyFailed
from runner.execute.schedule import keys_of

IDS = ("m.A.a", "m.A.b", "n.B.a", "n.B.b", "n.C.a", "m.A.b")


def failures(*tests: tuple[str, int], **units: frozenset[tuple[str, int]]) -> LastFailures:
    """Make what a registry says."""
    return LastFailures(is_anything_recorded=True, tests=frozenset(tests), units=units)


def chosen(*steps: object) -> list[str]:
    """Return the ids that the steps choose, in order."""
    return [IDS[position] for position in Chain(steps)(keys_of(IDS))]


class OnlyThose(unittest.TestCase):
    """--last-failed."""

    def test_those_that_failed(self):
        """What failed is kept in load order; of equal ids only the one that failed."""
        last = failures(("n.B.b", 0), ("m.A.b", 1), ("m.A.gone", 0))
        self.assertEqual(Chain([OnlyFailed(last)])(keys_of(IDS)), [3, 5])

    def test_a_module_that_failed_as_a_whole(self):
        """All of a module is kept but for what was recorded since."""
        self.assertEqual(chosen(OnlyFailed(failures(n=frozenset({("n.B.a", 0)})))), ["n.B.b", "n.C.a"])

    def test_an_import_that_fails_now(self):
        """A module that cannot be imported now is never left out: nobody knows what of it failed."""
        keys = keys_of(("m.A.a", "unittest.loader._FailedTest.k"))
        self.assertEqual(Chain([OnlyFailed(failures(("m.A.x", 0)))])(keys), [1])

    def test_nothing_of_them_is_loaded(self):
        """Where none of them is among the loaded tests, nothing runs, and the sentence names one."""
        chain = Chain([OnlyFailed(failures(("m.A.renamed", 0)))])
        self.assertEqual(chain(keys_of(IDS)), [])
        self.assertIn("m.A.renamed", str(chain.emptied_by))

    def test_very_long_and_odd_ids(self):
        """Ids are compared in the form in which the registry stores them."""
        from registry.encoding import key_text

        ids = ("m.A." + "x" * 2000, "m.A.\ud800", "m.A.a")
        last = failures(*((key_text(name), 0) for name in ids[:2]))
        self.assertEqual(Chain([OnlyFailed(last)])(keys_of(ids)), [0, 1])


class ThoseFirst(unittest.TestCase):
    """--failed-first."""

    def test_classes_and_modules_stay_whole(self):
        """A failed test comes first in its class, its class in its module, its module among all; nothing is lost."""
        ids = ("m.A.a", "n.B.a", "n.B.b", "n.C.a", "n.C.b", "o.D.a")
        order = Chain([FailedFirst(failures(("n.C.b", 0)))])(keys_of(ids))
        self.assertEqual([ids[position] for position in order], ["n.C.b", "n.C.a", "n.B.a", "n.B.b", "m.A.a", "o.D.a"])

    def test_nothing_failed(self):
        """Where nothing failed, the order stays."""
        self.assertEqual(chosen(FailedFirst(failures())), ["m.A.a", "m.A.b", "m.A.b", "n.B.a", "n.B.b", "n.C.a"])


class Steps(unittest.TestCase):
    """Several steps."""

    def test_one_after_the_other(self):
        """Each step gets what the one before it left, and the first that leaves nothing is told."""
        none = OnlyFailed(failures(("m.A.gone", 0)))
        chain = Chain([OnlyFailed(failures(("m.A.a", 0))), none, FailedFirst(failures())])
        self.assertEqual(chain(keys_of(IDS)), [])
        self.assertEqual((len(chain.sentences), chain.emptied_by), (2, chain.sentences[1]))
