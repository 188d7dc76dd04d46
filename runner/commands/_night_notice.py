"""Who is told of a night's verdict: a command, or a webhook. A failure to tell changes nothing about the verdict."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from runner.report.safe import safe_line

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

COMMAND_LIMIT_S: Final = 60
WEBHOOK_LIMIT_S: Final = 15
_VARIABLE: Final = "env:"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told.

    Attributes:
        run: Name of the night.
        exit_code: What the night will end with.
        report: The report that a person would open first.
        text: The report as text.
    """

    run: str
    verdict: str
    green: bool
    exit_code: int
    sentence: str
    report: Path | None
    text: str

    def words(self) -> dict[str, str]:
        """Return it as words, each one harmless line."""
        values = {"run": self.run, "verdict": self.verdict, "sentence": self.sentence, "report": str(self.report or "")}
        return {**{key: safe_line(value) for key, value in values.items()}, "exit_code": str(self.exit_code)}


def notify(notice: Notice, command: Sequence[str], webhook: str | None, root: Path) -> Iterator[str]:
    """Tell whom the settings name, and yield a sentence for each that could not be told."""
    if command:
        failure = _run(notice, command, root)
        if failure:
            yield f"notify-command {command[0]} failed: {failure}; the verdict stands"
    if webhook is not None:
        failure = _post(notice, webhook)
        if failure:
            yield f"notify-webhook failed: {failure}; the verdict stands"


def _run(notice: Notice, command: Sequence[str], root: Path) -> str | None:
    words = notice.words()
    filled = [_filled(argument, words) for argument in command]
    variables = {f"RUNNER_NIGHT_{key.upper()}": value for key, value in words.items()}
    try:
        with subprocess.Popen(
            filled,
            cwd=root,
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            return _outcome(process, notice.text)
    except OSError as error:
        return error.strerror or str(error)


def _outcome(process: subprocess.Popen[bytes], text: str) -> str | None:
    try:
        output, _ = process.communicate(text.encode("utf-8", "backslashreplace"), COMMAND_LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"it took more than {COMMAND_LIMIT_S} s"
    except KeyboardInterrupt:
        # Of a SIGTERM, unlike of a Ctrl-C, Popen knows nothing: it would wait for the command.
        os.killpg(process.pid, signal.SIGKILL)
        raise
    last = output.decode("utf-8", "replace").strip().splitlines()
    return f"exit code {process.returncode}{f', {safe_line(last[-1], 200)}' if last else ''}" if process.returncode else None


def _filled(argument: str, words: dict[str, str]) -> str:
    """Put words in the place of {sentence}, {report} and so on, in one pass: what is put in is not looked at again."""
    parts = argument.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        filled.append(words[name] + rest if brace and name in words else "{" + part)
    return "".join(filled)


def _post(notice: Notice, webhook: str) -> str | None:
    """Post the verdict; an address often is a secret, so that sentences only name its host."""
    address = os.environ.get(webhook.removeprefix(_VARIABLE), "") if webhook.startswith(_VARIABLE) else webhook
    if not address:
        return f"the environment variable {webhook.removeprefix(_VARIABLE)} is not set"
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return "the address is none"
    if parts.scheme not in ("http", "https") or not host:
        return "the address begins neither with https:// nor with http://"
    words = notice.words()
    document = {"schema": 1, "text": f"{words['run']}: {words['sentence']}", "green": notice.green, **words}
    return _sent(address, host, json.dumps(document).encode())


def _sent(address: str, host: str, body: bytes) -> str | None:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request

    headers = {"Content-Type": "application/json", "User-Agent": "runner"}
    try:
        request = Request(address, body, headers, method="POST")  # noqa: S310 - the scheme was checked
        with _opener().open(request, timeout=WEBHOOK_LIMIT_S):
            return None
    except HTTPError as error:
        return f"{safe_line(host)} answered {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        return f"{safe_line(host)}: {safe_line(str(reason), 200)}"


def _opener() -> OpenerDirector:
    """Return what opens http and https and nothing else, and follows no redirection."""
    from urllib.request import HTTPDefaultErrorHandler, HTTPErrorProcessor, HTTPHandler, HTTPSHandler, OpenerDirector

    opener = OpenerDirector()
    for handler in (HTTPHandler(), HTTPSHandler(), HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
        opener.add_handler(handler)
    return opener
