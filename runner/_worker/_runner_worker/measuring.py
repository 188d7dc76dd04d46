"""Coverage of the user's code, saved after each unit, so that a killed worker loses at most one."""

import sys

from .options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from coverage import Coverage

__unittest = True

_TOLD_BY_THE_TABLE = ("module-not-imported", "no-data-collected")


class Measurement:
    """coverage.py from before the first import of the user's; does nothing where coverage is off."""

    def __init__(self, options: Options) -> None:
        self._coverage: Coverage | None = None
        self._outer = _running()
        if options.coverage_data is None:
            return
        import coverage

        if self._outer is not None:  # two tracers cannot share a thread
            self._outer.stop()
        self._coverage = coverage.Coverage(
            data_file=options.coverage_data, data_suffix=True, source=options.coverage_source, auto_data=False
        )
        silenced = self._coverage.get_option("run:disable_warnings")
        self._coverage.set_option(
            "run:disable_warnings", [*(silenced if isinstance(silenced, list) else []), *_TOLD_BY_THE_TABLE]
        )
        self._coverage.start()

    def note_files(self) -> None:
        """Save once when the suite is loaded, which lists the files that nobody imported even if no worker ends well."""
        if self._coverage is not None:
            self._coverage.save()

    def flush(self) -> None:
        """Write what was measured; changing to the same context is coverage's own way to do so while it goes on."""
        if self._coverage is not None:
            self._coverage.switch_context("")

    def finish(self) -> None:
        """Stop and save, the measurement around the worker too: the seconds that exit handlers get may be too short for it."""
        for measurement in (self._coverage, self._outer):
            if measurement is not None:
                measurement.stop()
                measurement.save()


def _running() -> "Coverage | None":
    """Return the measurement that somebody started around this process, if any."""
    return sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
