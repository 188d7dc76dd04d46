"""The private pipes to the parent, and the texts that go through them.

An event is one line of JSON (ASCII only, so that lone surrogates survive), written by one call. The functions of `os` are kept as
attributes of the channel, because tests replace those of the module.
"""

import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Never

try:
    from _json import encode_basestring_ascii as quote  # the module json would cost milliseconds of each start
except ImportError:  # an interpreter without the accelerator
    from json import dumps as quote

__unittest = True
__all__ = ["CHANNEL_LOST", "Channel", "array", "bounded", "one_line", "out_of_reach", "quote"]

CHANNEL_LOST = 71
"""Exit code of a worker whose pipe was closed by a test."""
STRAY = 72
"""Exit code of a child that a test forked and that came back into the runner."""

_MESSAGE_LIMIT = 500
_TEXT_LIMIT = 64 * 1024
_HIGH = 512


def bounded(text: str, limit: int = _TEXT_LIMIT) -> str:
    """Return the text, or its head and tail with the number of characters left out between them."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


def one_line(text: str, limit: int = _MESSAGE_LIMIT) -> str:
    """Return the first line that is not blank, cut to the limit."""
    for line in text[: 16 * limit].splitlines():
        if line.strip():
            return line.strip() if len(line) <= limit else line.strip()[:limit] + "..."
    return ""


def array(*items: object) -> str:
    """Encode a JSON array of None, booleans, integers, finite floats, strings, and lists of these."""
    return f"[{','.join(map(_encode, items))}]"


def _encode(item: object) -> str:
    if isinstance(item, str):
        return quote(item)
    if item is None:
        return "null"
    if isinstance(item, list):
        return array(*item)
    if isinstance(item, bool):
        return "true" if item else "false"
    return repr(item)


def out_of_reach(descriptor: int) -> int:
    """Move a descriptor to a high number, where `os.closerange(3, 256)` of a test does not find it."""
    for lowest in (_HIGH, _HIGH // 4):
        try:
            moved: int = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
        except OSError:  # beyond the limit of open files
            continue
        os.close(descriptor)
        return moved
    os.set_inheritable(descriptor, False)
    return descriptor


class Channel:
    """Events to the parent, commands from it."""

    def __init__(self, events: int, commands: int) -> None:
        self._events = out_of_reach(events)
        self._commands = out_of_reach(commands)
        self._received = b""
        self._write, self._read, self._exit, self._getpid = os.write, os.read, os._exit, os.getpid
        self._owner = os.getpid()
        os.register_at_fork(after_in_child=self._become_stray)

    @property
    def descriptors(self) -> tuple[int, int]:
        """Where events go and commands come from."""
        return self._events, self._commands

    def send(self, line: str) -> None:
        """Write one event."""
        if self._getpid() != self._owner:  # forked by a library that is not Python's, so that nobody called us
            self._exit(STRAY)
        data = line.encode("ascii") + b"\n"
        try:
            while data:
                data = data[self._write(self._events, data) :]
        except OSError:
            self._exit(CHANNEL_LOST)

    def receive(self) -> str:
        """Return the parent's next line; a parent that is gone ends the process."""
        while b"\n" not in self._received:
            self._fill()
        line, _, self._received = self._received.partition(b"\n")
        return line.decode("ascii")

    def receive_bytes(self, size: int) -> bytes:
        """Return exactly so many bytes from the parent."""
        while len(self._received) < size:
            self._fill()
        data, self._received = self._received[:size], self._received[size:]
        return data

    def _fill(self) -> None:
        try:
            data = self._read(self._commands, 65536)
        except OSError:
            data = b""
        if not data:
            self._exit(CHANNEL_LOST)
        self._received += data

    def _become_stray(self) -> None:
        """In a child that a test forked: should it escape from the test, it ends where it would report or ask for more."""

        def leave(*_: object) -> "Never":
            self._exit(STRAY)

        self._write = self._read = leave
