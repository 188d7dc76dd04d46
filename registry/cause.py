"""Why a test is red, as a short hash: equal for the same failure tomorrow, elsewhere, and in another test that it takes down.

What varies without meaning anything is left out: folders, line numbers, addresses, numbers, random names, and of an assertion the
values that it compares. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from registry.encoding import MESSAGE_LIMIT
from registry.records import Outcome, TestRecord

DIGITS = 16
"""Hexadecimal digits of a cause: 64 bits, so that no two causes of a registry meet."""

_FRAME = re.compile(r'[\s|+]*File "(?P<path>[^"]*)", line \d+,? in (?P<function>.+)')
_OPENING = re.compile(r"\(most recent call (?:last|first)\):")
_DIED = re.compile(r"^(?:Current thread|Stack).*\(most recent call first\):")
_LIBRARY = re.compile(r"[\\/](?:site-packages|dist-packages|python3(?:\.\d+)?)[\\/]|^<frozen |[\\/]_runner_worker[\\/]")
_TEST_SIDE = re.compile(r"(?:^|[\\/])(?:tests?[\\/]|test[^\\/]*$|[^\\/]*_test\.py$)")
_VARYING = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x#"),
    (re.compile(r"""(?<![\w./\\])(?:[A-Za-z]:)?(?:[\\/][^\s\\/:'"<>|]+)+[\\/]([^\s\\/:'"<>|,)]+)"""), r"\1"),
    (re.compile(r"\btmp[a-z0-9_]{8}\b"), "tmp#"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "#"),
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{8,}\b"), "#"),
    (re.compile(r"(?<![A-Za-z_\d])[-+]?(?:\d+(?:x\d+)+|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)"), "#"),
)
_COMPARED = (
    (re.compile(r"'(?:[^'\\]|\\.)*(?:'|$)" + r'|"(?:[^"\\]|\\.)*(?:"|$)'), "''"),
    (re.compile(r"\[[^]]*(?:]|$)"), "[]"),
    (re.compile(r"\{[^}]*(?:}|$)"), "{}"),
)


class _Frame(NamedTuple):
    path: str
    function: str
    source: str

    @property
    def is_library(self) -> bool:
        return _LIBRARY.search(self.path) is not None

    @property
    def place(self) -> tuple[str, str, str]:
        return re.split(r"[\\/]", self.path)[-1], self.function, self.source


def cause_of(record: TestRecord) -> str | None:
    """Return the cause of a red result; None for any other.

    Where the failure was raised in code under test, the tests that led there share its cause. Where it was raised in the test
    itself or its helpers, or where no place is known, the cause is the test's own.
    """
    if not record.outcome.is_red:
        return None
    method = record.test_id.rpartition(".")[2]
    if record.traceback is None and record.subtests:
        red = (subtest for subtest in record.subtests if subtest.outcome.is_red)
        parts = sorted({_digest(_facts(subtest.message, subtest.traceback, method) or [record.test_id]) for subtest in red})
        return _digest(parts)
    # Where a test happened to be when its time was up says little: it differs from night to night.
    traceback = None if record.outcome is Outcome.TIMED_OUT else record.traceback
    facts = _facts(record.message, traceback, method)
    if facts is None:
        # One broken fixture prevents many tests, and its sentence is the same for all.
        facts = [normalised(record.message), "" if record.outcome is Outcome.NOT_RUN else record.test_id]
    return _digest(facts)


def normalised(message: str | None) -> str:
    """Return a message without what varies from run to run; of an assertion also without the values that it compares."""
    text = (message or "")[:MESSAGE_LIMIT]
    for pattern, stand_in in _VARYING:
        text = pattern.sub(stand_in, text)
    if text.startswith("AssertionError"):
        for pattern, stand_in in _COMPARED:
            text = pattern.sub(stand_in, text)
    return " ".join(text.split())


def _facts(message: str | None, traceback: str | None, method: str) -> list[object] | None:
    """Return what identifies a failure that was raised somewhere; None where nobody knows where."""
    frames = _deciding(list(_frames(traceback or "")), method)
    if not frames:
        return None
    return [normalised(message), *(frame.place for frame in frames)]


def _deciding(frames: list[_Frame], method: str) -> list[_Frame]:
    """Return the innermost frame of the code under test, else those of the test and its helpers."""
    start = next((index for index, frame in enumerate(frames) if frame.function == method), None)
    own = [frame for frame in frames[start or 0 :] if not frame.is_library] or frames[-1:]
    if start is None:
        return own[-1:]
    folder = frames[start].path.removesuffix(frames[start].place[0])
    below = [frame for frame in own if not _is_test_side(frame, folder)]
    return below[-1:] or own


def _is_test_side(frame: _Frame, folder: str) -> bool:
    return (bool(folder) and frame.path.startswith(folder)) or _TEST_SIDE.search(frame.path) is not None


def _frames(traceback: str) -> Iterator[_Frame]:
    """Yield the frames of the exception that was raised last, or of the thread that was running when a process died.

    The outermost comes first; faulthandler writes them the other way round.
    """
    blocks: list[list[str]] = [[]]
    for line in traceback.splitlines():
        if _OPENING.search(line):
            blocks.append([])
        blocks[-1].append(line)
    died = next((block for block in blocks if block and _DIED.search(block[0])), None)
    yield from _parsed(blocks[-1]) if died is None else reversed(list(_parsed(died)))


def _parsed(lines: Iterable[str]) -> Iterator[_Frame]:
    frame: _Frame | None = None
    for line in lines:
        found = _FRAME.match(line)
        if found:
            if frame is not None:
                yield frame
            frame = _Frame(found["path"], found["function"].strip(), "")
        elif frame is not None and not frame.source:
            frame = frame._replace(source=" ".join(line.strip(" |").split()))
    if frame is not None:
        yield frame


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:DIGITS]
