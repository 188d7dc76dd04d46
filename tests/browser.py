"""Chromium without a window, driven over a pipe with the DevTools protocol: nothing but the standard library, and no port.

Source: "Chrome DevTools Protocol", https://chromedevtools.github.io/devtools-protocol/, and `--remote-debugging-pipe`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TIMEOUT_S = 60


def browser_path() -> str | None:
    """Return the path of a Chromium on this machine; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page in one Chromium. Use as a context manager.

    Attributes:
        events: What the browser told beside its answers, such as console messages and requests.
    """

    def __init__(self, path: str) -> None:
        self.events: list[dict[str, Any]] = []
        self._number = 0
        self._rest = b""
        self._profile = TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        self._process, self._write, self._read = _started(path, self._profile.name)
        target = self._ask("Target.createTarget", {"url": "about:blank"}, None)["targetId"]
        self._session = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True}, None)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the page something and return its answer."""
        return self._ask(method, parameters, self._session)

    def open(self, path: Path, width: int, theme: str) -> None:
        """Open a file in a window of some width, in the light or the dark theme, and wait until it is loaded."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self.events.clear()
        self.ask("Page.navigate", url=path.resolve().as_uri())
        while not self.told("Page.loadEventFired"):
            self._receive()

    def told(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of the events of one kind since the page was opened."""
        return [event["params"] for event in self.events if event["method"] == method]

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def screenshot(self) -> bytes:
        """Return the whole page as a PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])

    def _ask(self, method: str, parameters: Mapping[str, Any], session: str | None) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._read, 1 << 16)
            if not part:
                raise RuntimeError(f"the browser ended with {self._process.wait()}")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        if "method" in answer:
            self.events.append(answer)
        return answer


def _started(path: str, profile: str) -> tuple[subprocess.Popen[bytes], int, int]:
    """Start Chromium, which reads from its descriptor 3 and writes to its descriptor 4, and return the other ends."""
    (their_read, write), (read, their_write) = os.pipe(), os.pipe()
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-dev-shm-usage"]
    flags += ["--remote-debugging-pipe", "--hide-scrollbars", f"--user-data-dir={profile}"]
    # A shell puts the two descriptors where Chromium looks for them, and becomes Chromium.
    command = ["sh", "-c", f'exec "$0" "$@" 3<&{their_read} 4>&{their_write}', path, *flags]
    process = subprocess.Popen(
        command,
        pass_fds=(their_read, their_write),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(their_read)
    os.close(their_write)
    return process, write, read
