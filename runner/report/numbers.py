"""Numbers as a person reads them, and as JSON can carry them."""

from __future__ import annotations

import math
from collections.abc import Mapping

_MINUTE_S = 60
_MINUTES_AN_HOUR = 60
_THOUSAND = 1000
_TOO_LONG_TO_WRITE_OUT = 1e12
_ACCURACY_SUFFIX = "accuracy"


def finite(value: object) -> object:
    """Return a JSON value in which every number that is not finite is the string "nan", "inf" or "-inf"."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def seconds(duration_s: float | None) -> str:
    """Return a duration in the unit that fits: 12 ms, 3.21 s, 4 min 05 s, 2 h 03 min; "-" where it is not known."""
    if duration_s is None or not math.isfinite(duration_s):
        return "-"
    milliseconds = round(duration_s * 1000)
    if milliseconds < _THOUSAND:
        return f"{milliseconds} ms"
    if round(duration_s, 2) < _MINUTE_S:
        return f"{duration_s:.2f} s"
    minutes, rest_s = divmod(round(duration_s), _MINUTE_S)
    if minutes < _MINUTES_AN_HOUR:
        return f"{minutes} min {rest_s:02d} s"
    return f"{minutes // _MINUTES_AN_HOUR} h {minutes % _MINUTES_AN_HOUR:02d} min"


def metric_value(name: str, value: float | None) -> str:
    """Return a metric as text: accuracies in percent, everything else with enough digits to see a change."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(finite(value))
    if name.endswith(_ACCURACY_SUFFIX):
        return f"{value:.2%}"
    return _plain_number(value, sign="")


def metric_delta(name: str, delta: float | None) -> str:
    """Return the difference of two values of a metric, with its sign; accuracies in percentage points."""
    if delta is None or not math.isfinite(delta):
        return ""
    if name.endswith(_ACCURACY_SUFFIX):
        return f"{delta * 100:+.2f} points"
    return _plain_number(delta, sign="+")


def size(size_bytes: int) -> str:
    """Return a size in the unit that fits, such as 1.7 MB."""
    if size_bytes < _THOUSAND:
        return counted(size_bytes, "byte")
    amount = size_bytes / _THOUSAND
    for unit in ("kB", "MB", "GB"):
        if round(amount, 1) < _THOUSAND:
            return f"{amount:.1f} {unit}"
        amount /= _THOUSAND
    return f"{amount:,.1f} TB"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as 1 test or 12,000 tests."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _plain_number(value: float, *, sign: str) -> str:
    return f"{value:{sign},.0f}" if _THOUSAND <= abs(value) < _TOO_LONG_TO_WRITE_OUT else f"{value:{sign}.4g}"
