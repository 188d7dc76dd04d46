"""Start workers, read events, schedule, attribute crashes; what carries a unit is apart from what schedules it."""

from runner.execute.crew import processors
from runner.execute.ledger import Summary
from runner.execute.options import Selection, StartMethod, WorkerOptions
from runner.execute.supervise import Execution, start

__all__ = [
    "Execution",
    "Selection",
    "StartMethod",
    "Summary",
    "WorkerOptions",
    "processors",
    "start",
]
