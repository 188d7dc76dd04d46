"""Nights that look green and are not."""

from __future__ import annotations

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.commands._night_parts import jobs_of
from runner.settings import Settings
from runner.settings_nightly import Nightly, Suite

from .nightly import night, with_nights
from .projects import Answer, ProjectCase

TORN_SUITE = """
import unittest

def tearDownModule():
    raise OSError("the folder stays")

class Torn(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        raise OSError("the port stays open")

    def test_one(self):
        pass
"""
DIVERGED = '{task = "mnist", seeds = [0], lr = 5}'


class RedFromTheFirstNightOn(ProjectCase):
    """What is red in the first night is red in the second one too, although nothing changed between them."""

    answers: tuple[Answer, Answer]

    @classmethod
    def setUpClass(cls):
        cls.home = with_nights(cls.class_project(), tasks=DIVERGED, suite=TORN_SUITE)
        cls.answers = (night(cls.home), night(cls.home))

    def test_fixtures(self):
        """Fixtures that fail when they tear down make a night red, although every test passed."""
        for answer in self.answers:
            self.assertEqual(answer.code, 1, answer.output)
            self.assertIn("2 fixtures of suite tests are red", answer.output.replace("\n", " "))

    def test_a_training_that_diverged(self):
        """A training whose loss is no number in the end makes a night red, the first one too."""
        for answer in self.answers:
            self.assertIn("test_loss of mnist seed 0 ended in no number", answer.output.replace("\n", " "))


class VanishedSuites(unittest.TestCase):
    """The folder of a suite that is gone."""

    def test_a_package_of_that_name(self):
        """No package of that name that is installed is run in its place; a folder that is there is named as it was given."""
        root = Path(self.enterContext(TemporaryDirectory()))
        nightly = Nightly(suites=(Suite("json", "json"),))
        (gone,) = jobs_of(nightly, Settings(root))
        self.assertIn(f"--start-directory={root / 'json'}", gone.arguments)
        (root / "json").mkdir()
        (there,) = jobs_of(nightly, Settings(root))
        self.assertIn("--start-directory=json", there.arguments)
