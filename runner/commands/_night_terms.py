"""What a night is held to, recorded with it, so that its report can be made again and says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from registry.expected.bars import Bar
from registry.expected.known import KnownFailure
from registry.regress import Tolerance

if TYPE_CHECKING:
    from registry.records import Run


@dataclass(frozen=True, slots=True)
class Terms:
    """What a night is held to; recorded with it as its configuration.

    Attributes:
        planned: The roles that it is to have.
        against: What it is compared with: what that is, and the name of the run.
        tolerances: How much worse a metric may become, by name.
        fail_on: The verdict from which on it is not green.
        max_gap_h: Hours between two nights from which on one is missing.
        known: The known failures when it began; None takes those of today.
        bars: Those of its baseline when it began; None takes those of today.
        barred_by: The baseline that the bars are of.
    """

    planned: tuple[str, ...] = ()
    against: tuple[tuple[str, str], ...] = ()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    fail_on: str = "regressed"
    max_gap_h: float | None = None
    known: tuple[KnownFailure, ...] | None = None
    bars: tuple[Bar, ...] | None = None
    barred_by: str | None = None

    def params(self) -> dict[str, object]:
        """Return it as the configuration of a run."""
        kept: dict[str, object] = {}
        if self.known is not None:
            kept["known"] = [_told(failure) for failure in self.known]
        if self.bars is not None:
            kept |= {"bars": [_bar(bar) for bar in self.bars], "barred_by": self.barred_by}
        return kept | {
            "planned": list(self.planned),
            "against": [list(pair) for pair in self.against],
            "tolerances": {name: asdict(tolerance) for name, tolerance in self.tolerances.items()},
            "fail_on": self.fail_on,
            "max_gap_h": self.max_gap_h,
        }


def terms_of(night: Run) -> Terms:
    """Return what a recorded night was held to."""
    params: Mapping[str, Any] = night.params
    known, bars = params.get("known"), params.get("bars")
    return Terms(
        tuple(params.get("planned", ())),
        tuple((words, name) for words, name in params.get("against", ())),
        {name: Tolerance(**tolerance) for name, tolerance in params.get("tolerances", {}).items()},
        params.get("fail_on", "regressed"),
        params.get("max_gap_h"),
        None if known is None else tuple(map(_failure, known)),
        None if bars is None else tuple(Bar(**bar) for bar in bars),
        params.get("barred_by"),
    )


def _told(failure: KnownFailure) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(failure).items()}


def _bar(bar: Bar) -> dict[str, object]:
    return {"metric": bar.metric, "value": bar.value, "run": bar.run}


def _failure(told: Mapping[str, str]) -> KnownFailure:
    until, added = date.fromisoformat(told["until"]), datetime.fromisoformat(told["added_at"])
    return KnownFailure(told["test_id"], told["reason"], told["owner"], until, added)
