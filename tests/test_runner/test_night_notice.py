"""Who is told of a night's verdict, and what happens where that fails."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import ClassVar
from unittest.mock import patch

from runner.commands._night_notice import Notice, notify
from runner.commands.surroundings import unwinding
from runner.errors import Terminated

from .factories import HOSTILE

ECHO = "import json, os, sys; json.dump([sys.argv[1:], sys.stdin.read(), dict(os.environ)], open('told.json', 'w'))"


def notice(sentence: str = "RED: 1 test newly failing") -> Notice:
    """Return what a red night has to tell."""
    return Notice("nightly-3", "regressed", False, 1, sentence, Path("/reports/report.html"), "the whole report\n")


class Command(unittest.TestCase):
    """A command that is told."""

    def setUp(self):
        self.root = Path(self.enterContext(TemporaryDirectory()))

    def told(self, *arguments: str, sentence: str = "RED: 1 test newly failing") -> tuple[list[str], str, dict[str, str]]:
        self.assertEqual(list(notify(notice(sentence), (sys.executable, "-c", ECHO, *arguments), None, self.root)), [])
        given, text, environment = json.loads((self.root / "told.json").read_text())
        return given, text, environment

    def test_words(self):
        """The words of the verdict stand in arguments and in variables, and the report is the standard input."""
        given, text, environment = self.told("{run}: {sentence}", "{report}", "{unknown} {verdict}")
        self.assertEqual(given, ["nightly-3: RED: 1 test newly failing", "/reports/report.html", "{unknown} regressed"])
        self.assertEqual(text, "the whole report\n")
        night = {key: value for key, value in environment.items() if key.startswith("RUNNER_NIGHT_")}
        self.assertEqual(night["RUNNER_NIGHT_SENTENCE"], "RED: 1 test newly failing")
        self.assertEqual((night["RUNNER_NIGHT_EXIT_CODE"], night["RUNNER_NIGHT_VERDICT"]), ("1", "regressed"))

    def test_no_shell(self):
        """What a sentence holds is one argument, never a command, an option of a shell or a second word to fill in."""
        sentence = "RED: $(touch pwned) `touch pwned`; touch pwned {report} " + HOSTILE
        given, _, environment = self.told("{sentence}", sentence=sentence)
        self.assertIn("$(touch pwned) `touch pwned`; touch pwned {report}", given[0])
        self.assertEqual(given[0], environment["RUNNER_NIGHT_SENTENCE"])
        self.assertNotIn("\n", given[0])
        self.assertEqual([path.name for path in self.root.iterdir()], ["told.json"])

    def test_failures(self):
        """A command that is not there, fails, or takes too long is a sentence."""

        def failures(*command: str) -> str:
            (sentence,) = notify(notice(), command, None, self.root)
            return sentence

        self.assertIn("No such file", failures("/absent/program"))
        failing = failures(sys.executable, "-c", "import sys; sys.exit('no route')")
        self.assertIn("failed: exit code 1, no route; the verdict stands", failing)
        with patch("runner.commands._night_notice.COMMAND_LIMIT_S", 0.3):
            self.assertIn("it took more than 0.3 s", failures("sleep", "30"))

    def test_a_stop(self):
        """SIGTERM while a command hangs ends the command and the night at once."""
        slow = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
        started = monotonic()
        threading.Timer(1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        with self.assertRaises(Terminated), unwinding():
            list(notify(notice(), (sys.executable, "-c", slow), None, self.root))
        with self.assertRaises(ProcessLookupError):
            os.kill(int((self.root / "pid").read_text()), 0)
        self.assertLess(monotonic() - started, 30)


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers as its path says."""

    received: ClassVar[list[tuple[str | None, bytes]]] = []

    def do_POST(self) -> None:
        """Take what is posted."""
        length = int(self.headers["Content-Length"])
        self.received.append((self.headers["Content-Type"], self.rfile.read(length)))
        self.send_response(int(self.path[1:4]))
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing."""


class Webhook(unittest.TestCase):
    """A webhook that is told."""

    def setUp(self):
        server = HTTPServer(("127.0.0.1", 0), Receiver)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        self.address = f"http://127.0.0.1:{server.server_port}"
        Receiver.received.clear()

    def test_a_post(self):
        """The verdict is posted as a JSON document with a schema and a text for chats."""
        self.assertEqual(list(notify(notice(), (), f"{self.address}/200", Path())), [])
        ((kind, body),) = Receiver.received
        document = json.loads(body)
        self.assertEqual((kind, document["schema"], document["verdict"]), ("application/json", 1, "regressed"))
        self.assertEqual(document["text"], "nightly-3: RED: 1 test newly failing")
        self.assertEqual((document["green"], document["report"]), (False, "/reports/report.html"))

    def test_failures_hide_the_address(self):
        """An answer that is none, a redirection and a closed port are sentences that name the host and not the address."""
        for path, words in (("/500/secret", "127.0.0.1 answered 500"), ("/302/secret", "127.0.0.1 answered 302")):
            (sentence,) = notify(notice(), (), self.address + path, Path())
            self.assertIn(words, sentence)
            self.assertNotIn("secret", sentence)
        (sentence,) = notify(notice(), (), "http://127.0.0.1:1/secret", Path())
        self.assertRegex(sentence, r"^notify-webhook failed: 127.0.0.1: .*; the verdict stands$")
        self.assertNotIn("secret", sentence)

    def test_an_address_in_a_variable(self):
        """env:NAME takes the address from a variable; one that is not set, or holds no such address, is a sentence."""
        with patch.dict("os.environ", {"HOOK": f"{self.address}/200", "FILE": "file:///etc/passwd"}):
            self.assertEqual(list(notify(notice(), (), "env:HOOK", Path())), [])
            self.assertEqual(len(Receiver.received), 1)
            (sentence,) = notify(notice(), (), "env:FILE", Path())
            self.assertIn("neither with https:// nor with http://", sentence)
            (sentence,) = notify(notice(), (), "env:ABSENT_HOOK", Path())
            self.assertIn("ABSENT_HOOK is not set", sentence)
