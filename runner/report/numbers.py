"""Numbers as a person reads them, and as JSON can carry them."""

from __future__ import annotations

import math
from collections.abc import Mapping

_MINUTE_S = 60
_HOUR_S = 3600
_THOUSAND = 1000
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
    """Return a duration in the unit that fits: 12 ms, 3.21 s, 4 min 05 s, 2 h 03 min."""
    if duration_s is None:
        return "-"
    if duration_s < 1:
        return f"{duration_s * 1000:.0f} ms"
    if duration_s < _MINUTE_S:
        return f"{duration_s:.2f} s"
    if duration_s < _HOUR_S:
        return f"{duration_s // _MINUTE_S:.0f} min {duration_s % _MINUTE_S:02.0f} s"
    return f"{duration_s // _HOUR_S:.0f} h {duration_s % _HOUR_S // _MINUTE_S:02.0f} min"


def metric_value(name: str, value: float | None) -> str:
    """Return a metric as text: accuracies in percent, everything else with enough digits to see a change."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(finite(value))
    if name.endswith(_ACCURACY_SUFFIX):
        return f"{value:.2%}"
    return f"{value:,.0f}" if abs(value) >= _THOUSAND else f"{value:.4g}"


def metric_delta(name: str, delta: float | None) -> str:
    """Return the difference of two values of a metric, with its sign; accuracies in percentage points."""
    if delta is None or not math.isfinite(delta):
        return ""
    if name.endswith(_ACCURACY_SUFFIX):
        return f"{delta * 100:+.2f} points"
    return f"{delta:+,.0f}" if abs(delta) >= _THOUSAND else f"{delta:+.4g}"


def size(size_bytes: int) -> str:
    """Return a size in the unit that fits, such as 1.7 MB."""
    amount = float(size_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < _THOUSAND or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= _THOUSAND
    raise AssertionError(unit)
