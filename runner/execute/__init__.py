"""Start workers, read events, schedule, attribute crashes; what carries a unit is apart from what schedules it."""

from runner.execute.options import Selection, WorkerOptions
from runner.execute.retry import Again, run_with_retries
from runner.execute.strays import strays_ended
from runner.execute.supervise import Execution, Summary, start

__all__ = ["Again", "Execution", "Selection", "Summary", "WorkerOptions", "run_with_retries", "start", "strays_ended"]
