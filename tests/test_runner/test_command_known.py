"""`runner known`, and known failures in a diff, end to end."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

from .projects import GREEN_SUITE, ProjectCase

TODAY = datetime.now(UTC).astimezone().date()
TEST = "test_suite.Arithmetic.test_product"
ADD = ("known", "add", TEST, "--reason", "waits for a driver", "--owner", "ann")


class Known(ProjectCase):
    """A green run, and one in which a test fails that is known to."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project(test_suite=GREEN_SUITE)
        cls.home.run("test", "--record", "--name", "good")
        cls.home.write("tests/test_suite.py", GREEN_SUITE.replace("2 * 3, 6)", "2 * 3, 7)"))
        later = str(TODAY + timedelta(days=30))
        cls.added = cls.home.run(*ADD, "--until", later)
        cls.red = cls.home.run("test", "--record", "--name", "bad")
        cls.answers = cls.home.together(
            diff=("diff", "good", "bad"),
            document=("diff", "good", "bad", "--format", "json"),
            markdown=("diff", "good", "bad", "--format", "markdown"),
            html=("diff", "good", "bad", "--format", "html"),
            junit=("diff", "good", "bad", "--format", "junit"),
            passes=("diff", "bad", "good", "--format", "json"),
            text=("known", "list"),
            json=("known", "list", "--format", "json"),
            day=(*ADD, "--until", "2026-02-30"),
            words=(*ADD, "--until", "tomorrow"),
            past=(*ADD, "--until", "2020-01-01"),
            test=("known", "add", "test_suite.Arithmetic.test_produkt", *ADD[3:], "--until", later),
            none=("known", "remove", "test_suite.Arithmetic.test_sum"),
        )
        cls.later = later

    def test_added(self):
        """Adding says until when the test may fail."""
        self.assertEqual((self.added.code, self.added.output), (0, f"{TEST} may fail until {self.later}\n"), self.added.errors)

    def test_the_test_run_stays_red(self):
        """Muted is not skipped: the test runs, is recorded, and `runner test` ends with 1 as unittest does."""
        self.assertEqual((self.red.code, self.red.lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_the_diff_is_not_red(self):
        """The diff ends with 0, and the test stands below a heading of its own, with reason, owner and day."""
        text = self.answers["diff"]
        self.assertEqual(text.code, 0, text.output)
        self.assertIn("known failures (1)", text.lines)
        self.assertIn(f"    muted until {self.later}, owner ann: waits for a driver", text.lines)
        self.assertNotIn("newly failing", text.output)

    def test_the_document(self):
        """The document lists it under `known`, and in no list of tests."""
        document = self.answers["document"].document
        (known,) = document["known"]
        self.assertEqual((known["id"], known["state"], known["a"], known["b"]), (TEST, "muted", "passed", "failed"))
        self.assertEqual((known["owner"], known["reason"], known["until"]), ("ann", "waits for a driver", self.later))
        self.assertEqual(document["tests"]["newly_failing"], [])

    def test_every_format_tells_it(self):
        """Markdown, HTML and JUnit tell the muted test too; in JUnit it is skipped."""
        for form in ("markdown", "html", "junit"):
            with self.subTest(form=form):
                self.assertIn(f"muted until {self.later}, owner ann", html.unescape(self.answers[form].output))
        self.assertIn('type="known_muted"', self.answers["junit"].output)
        self.assertNotIn("<failure", self.answers["junit"].output)

    def test_one_that_passes(self):
        """Where it passes the diff says so, and that it can be removed."""
        document = self.answers["passes"].document
        self.assertEqual([one["state"] for one in document["known"]], ["passes"])
        self.assertTrue(any("passing now" in reason for reason in document["reasons"]))

    def test_list(self):
        """The list tells test, day, owner and reason, in text and JSON."""
        self.assertEqual(self.answers["text"].lines, [TEST, f"  until {self.later}, owner ann: waits for a driver"])
        (known,) = self.answers["json"].document["known"]
        self.assertEqual((known["id"], known["expired"]), (TEST, False))

    def test_refusals(self):
        """No day of the calendar, no day at all, a day that is over, an unknown test: each is refused with 2."""
        self.assert_refused(self.answers["day"], 2, "usage", "2026-02-30 is no day")
        self.assert_refused(self.answers["words"], 2, "usage", "'tomorrow' is no day")
        self.assert_refused(self.answers["past"], 2, "known-failure", "is in the past")
        self.assert_refused(self.answers["test"], 2, "test-not-found", f"near ids are {TEST}")
        self.assert_refused(self.answers["none"], 2, "known-failure", "no known failure")
