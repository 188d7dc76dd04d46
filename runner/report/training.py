"""What `runner train` writes while a training goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Final, Self, TextIO, cast

from mnist.events import CheckpointWritten, EpochFinished, Event, StepsFinished, TrainingFinished, TrainingStarted
from runner.report.numbers import counted, metric_value, seconds, size
from runner.report.safe import safe_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from runner.report.outlet import Writable

_LINE_EVERY_S: Final = 5.0
_BAR_WIDTH: Final = 10


class TrainReporter:
    """A sink that writes the progress of one training; also a context manager that takes the bar off the screen."""

    def __init__(self, stream: Writable, clock: Callable[[], float] = monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._last_line_s = clock()
        self._total_steps = 0
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_bar()

    def emit(self, event: Event, /) -> None:
        """Write what the event calls for."""
        match event:
            case TrainingStarted():
                self._started(event)
            case StepsFinished():
                self._steps(event)
            case EpochFinished():
                self._epoch(event)
            case CheckpointWritten():
                name = safe_line(event.path.name)
                self._line(f"checkpoint {name}: {size(event.size_bytes)}, content {event.content_hash[:12]}")
            case TrainingFinished():
                self._stop_bar()
                accuracy = metric_value("test_accuracy", event.test_accuracy)
                self._line(f"test accuracy {accuracy}, test loss {event.test_loss:.4f}, took {seconds(event.duration_s)}")

    def _started(self, event: TrainingStarted) -> None:
        self._total_steps = event.total_steps
        data = event.dataset
        self._line(f"{safe_line(data.name)}: {data.train:,} training, {data.validation:,} validation, {data.test:,} test images")
        self._line(f"{counted(event.epochs, 'epoch')}, {counted(event.total_steps, 'step')}, on {_where(event.numerics)}")
        if self._stream.isatty():
            self._start_bar()

    def _epoch(self, event: EpochFinished) -> None:
        opening = f"epoch {event.epoch}: "
        accuracy = metric_value("validation_accuracy", event.validation_accuracy)
        self._line(f"{opening}train loss {event.train_loss:.4f}, {event.images_per_s:,.0f} images/s")
        self._line(f"{' ' * len(opening)}validation loss {event.validation_loss:.4f}, validation accuracy {accuracy}")

    def _steps(self, event: StepsFinished) -> None:
        words = f"loss {event.train_loss:.4f}, {event.images_per_s:,.0f} images/s, {seconds(event.remaining_s)} left"
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=event.step, description=f"epoch {event.epoch}", words=words)
        elif self._clock() - self._last_line_s >= _LINE_EVERY_S:
            self._line(f"epoch {event.epoch}, step {event.step} of {self._total_steps}: {words}")

    def _line(self, text: str) -> None:
        self._last_line_s = self._clock()
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)
        else:
            self._stream.write(text + "\n")
            self._stream.flush()

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(_BAR_WIDTH),
            TextColumn("{task.percentage:.0f} %  {task.fields[words]}"),
        )
        self._progress = Progress(*columns, console=Console(file=cast("TextIO", self._stream)), transient=True)
        self._task = self._progress.add_task("epoch 1", total=self._total_steps, words="")
        self._progress.start()

    def _stop_bar(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _where(numerics: Mapping[str, str]) -> str:
    device, threads = (safe_line(numerics.get(key, "?")) for key in ("device", "threads"))
    return f"{device}, {threads} {'thread' if threads == '1' else 'threads'}"
