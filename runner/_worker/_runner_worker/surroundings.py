"""What is done around tests and fixtures: their output is taken, generators are seeded, changed state is put right."""

from .capture import Capture
from .options import Options
from .pollution import Pollution
from .wire import Channel

__unittest = True


class Surroundings:
    """Made when the suite is loaded, for what imports do to the state is no pollution.

    Attributes:
        seeding: None where no seed was asked for.
        pollution: None where nothing is compared.
    """

    def __init__(self, options: Options, channel: Channel, capture: Capture) -> None:
        self.capture = capture
        self.seeding = options.seeding()
        self.pollution: Pollution | None = None
        self._channel = channel
        if self.seeding is not None:
            self.seeding.apply("")  # NumPy loads its generators only now, which is no import of a test's
        if options.pollution != "off":
            self.pollution = Pollution(channel, capture, by_test=options.pollution == "test")

    def before_fixture(self, name: str) -> None:
        """Seed as for a test."""
        if self.seeding is not None:
            self.seeding.apply(name)

    def after_fixture(self, name: str) -> None:
        """Tell what it printed, unless its failure told that."""
        self.capture.report(self._channel, name)
