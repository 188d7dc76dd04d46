"""The one choke point between Python's values and what SQLite and PostgreSQL store alike. Pure.

NUL and lone surrogates in texts become visible escapes, whole numbers of any size become decimal text, and numbers that are not
finite carry a kind beside the value, since SQLite turns NaN into NULL and minus zero into zero.
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import TypeVar

from registry.errors import InvalidValue, RegistryDamaged
from registry.records import Outcome

MESSAGE_LIMIT = 4_000
"""Characters kept of a one-line message."""

TEXT_LIMIT = 262_144
"""Characters kept of a long text such as a traceback: the first and the last half."""

Choice = TypeVar("Choice", bound=StrEnum)

_KEY_BYTES = 1_000
_INT64 = 2**63

OUTCOMES = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.ERRORED,
    Outcome.SKIPPED,
    Outcome.EXPECTED_FAILURE,
    Outcome.UNEXPECTED_SUCCESS,
    Outcome.CRASHED,
    Outcome.TIMED_OUT,
    Outcome.NOT_RUN,
)
"""An outcome is stored as its position here; the order is part of the schema."""

_OUTCOME_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}


class Kind(IntEnum):
    """What a stored number is; the value column is empty for all but finite numbers."""

    FINITE = 0
    NAN = 1
    PLUS_INFINITY = 2
    MINUS_INFINITY = 3
    MINUS_ZERO = 4


_SPECIAL = {Kind.NAN: math.nan, Kind.PLUS_INFINITY: math.inf, Kind.MINUS_INFINITY: -math.inf, Kind.MINUS_ZERO: -0.0}


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    r"""Return a text that every database stores: NUL as \\x00, lone surrogates as \\udc80, the middle of a long one left out."""
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def clean_line(text: str | None, limit: int = MESSAGE_LIMIT) -> str | None:
    """Return the first line of a message, blank ones before it left out, cut to its limit; or None."""
    return None if text is None else clean_bounded(text.lstrip("\r\n").partition("\n")[0].rstrip("\r"), limit)


def clean_bounded(text: str, limit: int) -> str:
    """Return a text, which may have more lines than one, cut to its limit."""
    return clean(text if len(text) <= limit else text[: limit - 3] + "...")


def clean_optional(text: str | None) -> str | None:
    """Return a long text cleaned, or None."""
    return None if text is None else clean(text)


def key_text(name: str) -> str:
    """Return the text under which a name is indexed; of a very long one the start and a hash of the whole."""
    if len(name) <= _KEY_BYTES // 4:
        return clean(name)
    whole = name.encode("utf-8", "backslashreplace").replace(b"\0", b"\\x00")
    if len(whole) <= _KEY_BYTES:
        return whole.decode("utf-8")
    start = whole[: _KEY_BYTES - 80].decode("utf-8", "ignore")
    return f"{start}...[sha256:{hashlib.sha256(whole).hexdigest()}]"


def outcome_code(outcome: Outcome) -> int:
    """Return the number that stands for an outcome.

    Raises:
        InvalidValue: There is no such outcome.
    """
    try:
        return _OUTCOME_CODES[outcome]
    except KeyError as error:
        raise InvalidValue(f"{outcome!r} is no outcome of a test; known are {', '.join(OUTCOMES)}") from error


def encode_choice(what: str, value: str, choices: type[Choice]) -> Choice:
    """Return the member of an enumeration that a word means.

    Raises:
        InvalidValue: There is none; the message names those that are known.
    """
    try:
        return choices(value)
    except ValueError as error:
        raise InvalidValue(f"{value!r} is no {what}; known are {', '.join(choices)}") from error


def encode_integer(what: str, value: int) -> int:
    """Return a whole number of any integer type, such as numpy's, as Python's own.

    Raises:
        InvalidValue: It is no whole number, or outside -2**63 <= number < 2**63.
    """
    try:
        number = value if type(value) is int else operator.index(value)
    except TypeError as error:
        raise InvalidValue(f"{what} is {value!r}; give a whole number") from error
    if not -_INT64 <= number < _INT64:
        raise InvalidValue(f"{what} is outside the 64 bits that the registry stores; give a smaller number")
    return number


def encode_percent(what: str, value: float) -> float:
    """Return a percentage.

    Raises:
        InvalidValue: It is no finite number.
    """
    number, kind = encode_number(what, value)
    if kind == Kind.MINUS_ZERO:
        return 0.0
    if number is None:
        raise InvalidValue(f"{what} is {value!r}; give a finite number")
    return number


def encode_number(name: str, value: float) -> tuple[float | None, int]:
    """Return value and kind of a number.

    Raises:
        InvalidValue: It is no number, or an integer too large for a double.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidValue(f"the metric {name!r} was given {value!r}, which is no number that fits a double: {error}") from error
    if math.isfinite(number):
        return (None, Kind.MINUS_ZERO) if number == 0 and math.copysign(1, number) < 0 else (number, Kind.FINITE)
    if math.isnan(number):
        return None, Kind.NAN
    return None, Kind.PLUS_INFINITY if number > 0 else Kind.MINUS_INFINITY


def decode_number(value: float | None, kind: int) -> float:
    """Return the number that was stored as value and kind."""
    return _SPECIAL[Kind(kind)] if value is None else value


def encode_step(name: str, step: int | None) -> int:
    """Return the step as it is stored; None becomes NO_STEP.

    Raises:
        InvalidValue: It is no whole number, or outside -2**63 < step < 2**63.
    """
    if step is None:
        return NO_STEP
    try:
        number = operator.index(step)
    except TypeError as error:
        raise InvalidValue(f"the step of the metric {name!r} is {step!r}; give a whole number or None") from error
    if not -_INT64 < number < _INT64:
        raise InvalidValue(f"the step of the metric {name!r} is {number}; it must lie between -2**63 and 2**63")
    return number


NO_STEP = -_INT64
"""What stands in the step column of a metric that was logged without one: a part of a primary key is never NULL."""


def decode_step(step: int) -> int | None:
    """Return the step that was stored."""
    return None if step == NO_STEP else step


def encode_whole(number: int | None) -> str | None:
    """Return a whole number of any size as decimal text.

    Raises:
        InvalidValue: It is no whole number.
    """
    try:
        return None if number is None else str(operator.index(number))
    except TypeError as error:
        raise InvalidValue(f"the seed {number!r} is no whole number") from error
    except ValueError as error:
        raise InvalidValue("the seed has more digits than Python writes as text; give a smaller one") from error


def encode_time(moment: datetime) -> int:
    """Return a time as microseconds since 1970 UTC."""
    return round(moment.timestamp() * 1e6)


def decode_time(microseconds: int) -> datetime:
    """Return the time that was stored as microseconds since 1970 UTC."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def encode_duration(seconds: float | None) -> float | None:
    """Return a duration, or None where it is unknown or not finite."""
    return None if seconds is None or not math.isfinite(seconds) else float(seconds)


def decode_whole(text: str | None) -> int | None:
    """Return the whole number that was stored as text."""
    return None if text is None else int(text)


def to_json(value: object) -> str:
    """Return canonical JSON in ASCII: keys sorted, not-finite numbers as the strings "nan", "inf", "-inf"."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def from_json(text: str) -> object:
    """Return what `to_json` was given, as JSON's own types."""
    return json.loads(text)


def mapping_from_json(text: str | None) -> dict[str, str]:
    """Return a mapping of texts that was stored as JSON; None gives an empty one."""
    return {} if text is None else dict(json.loads(text))


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Turn what goes wrong while stored values are decoded into a sentence that names whose they are.

    Raises:
        RegistryDamaged: A value is none that the registry writes.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, OSError, RecursionError) as error:
        said = clean_line(str(error), 200)
        raise RegistryDamaged(f"{what} holds a damaged value ({type(error).__name__}: {said}); put back a copy") from error


def sha256_text(text: str) -> str:
    """Return the hexadecimal sha256 of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def encode_lines(numbers: Iterable[int]) -> str:
    """Return ascending line numbers as ranges, such as "3-5,9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def decode_lines(text: str) -> tuple[int, ...]:
    """Return the line numbers that were stored as ranges."""
    ends = [part.split("-") for part in text.split(",") if part]
    return tuple(number for end in ends for number in range(int(end[0]), int(end[-1]) + 1))


def _plain(value: object) -> object:
    """Return JSON's own types; a value of another type becomes its text, visibly."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_plain(item) for item in items]
    scalar = _scalar(value)
    return str(value) if scalar is value else _plain(scalar)


def _scalar(value: object) -> object:
    """Return Python's own number for one of numpy or torch; anything else as it is."""
    item = getattr(value, "item", None)
    if not callable(item):
        return value
    try:
        found = item()
    except (TypeError, ValueError, RuntimeError):
        # An array of several numbers, or another thing that only has a method of that name.
        return value
    return found if isinstance(found, bool | int | float | str) else value
