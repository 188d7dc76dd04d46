"""What `runner train` writes while a training goes on."""

from __future__ import annotations

import io
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from mnist.events import EpochFinished, StepsFinished, TrainingFinished, TrainingStarted
from runner.report.training import TrainReporter

from .factories import FACTS, HOSTILE, Terminal, make_written

STARTED = TrainingStarted(FACTS, {"device": "cpu", "threads": "2", "torch": "2.10"}, epochs=2, total_steps=844)
STEPS = StepsFinished(epoch=1, step=100, train_loss=0.51234, images_per_s=2345.6, remaining_s=34.5)
EPOCH = EpochFinished(1, 422, train_loss=0.25, validation_loss=0.0625, validation_accuracy=0.9825, images_per_s=2345.6)
FINISHED = TrainingFinished(test_loss=0.03125, test_accuracy=0.9925, duration_s=62.0)
WHOLE = """\
mnist: 54,000 training, 6,000 validation, 10,000 test images
2 epochs, 844 steps, on cpu, 2 threads
epoch 1, step 100 of 844: loss 0.5123, 2,346 images/s, 34.50 s left
epoch 1: train loss 0.2500, 2,346 images/s
         validation loss 0.0625, validation accuracy 98.25%
checkpoint epoch-1.safetensors: 1.7 MB, content bbbbbbbbbbbb
test accuracy 99.25%, test loss 0.0312, took 1 min 02 s
"""


class Clock:
    """A clock that goes on by so many seconds at each look."""

    def __init__(self, step_s: float) -> None:
        self._now_s = 0.0
        self._step_s = step_s

    def __call__(self) -> float:
        self._now_s += self._step_s
        return self._now_s


def written(*events, stream: io.StringIO | None = None, step_s: float = 10.0) -> str:
    """Return what the reporter writes for some events."""
    stream = stream or io.StringIO()
    with TrainReporter(stream, Clock(step_s)) as reporter:
        for event in events:
            reporter.emit(event)
    return stream.getvalue()


class Lines(unittest.TestCase):
    """Without a terminal: plain lines."""

    def test_a_whole_training(self):
        """Data, progress, epochs, checkpoint and result have their lines, none wider than 80 columns."""
        path = Path("checkpoints") / "epoch-1.safetensors"
        self.assertEqual(written(STARTED, STEPS, EPOCH, make_written(path), FINISHED), WHOLE)
        self.assertLessEqual(max(map(len, WHOLE.splitlines())), 80)

    def test_progress_is_told_every_five_seconds(self):
        """Steps that follow each other quickly give a line every five seconds, not one each."""
        text = written(STARTED, *[STEPS] * 40, step_s=1.0)
        self.assertEqual(text.count("step 100 of 844"), 8)
        self.assertNotIn("step 100", written(STARTED, STEPS, step_s=0.1))

    def test_numbers_that_are_not_finite(self):
        """A loss of NaN and an unknown time left are shown as such."""
        steps = replace(STEPS, train_loss=float("nan"), images_per_s=float("inf"), remaining_s=float("inf"))
        epoch = replace(EPOCH, validation_loss=float("nan"), validation_accuracy=float("nan"))
        text = written(STARTED, steps, epoch)
        self.assertIn("loss nan, inf images/s, - left\n", text)
        self.assertIn("validation loss nan, validation accuracy nan\n", text)

    def test_one_of_each(self):
        """One epoch, step and thread are singular; an unknown device is a question mark."""
        one = replace(STARTED, numerics={"threads": "1"}, epochs=1, total_steps=1)
        self.assertIn("1 epoch, 1 step, on ?, 1 thread\n", written(one))

    def test_hostile_text(self):
        """Names of data and files come out without an active character."""
        started = replace(STARTED, dataset=replace(FACTS, name=HOSTILE), numerics={"device": HOSTILE})
        for stream in (io.StringIO(), Terminal()):
            text = written(started, make_written(Path(HOSTILE.replace("\0", ""))), stream=stream)
            self.assertFalse(set(text) & set("\x00\u202e\u2028\ud800\x9b"))
            self.assertNotIn("\x1b[31mred", text)


class Bar(unittest.TestCase):
    """On a terminal: a bar that is taken away at the end."""

    def setUp(self):
        patch = mock.patch.dict("os.environ", {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"})
        patch.start()
        self.addCleanup(patch.stop)

    def test_lines_stay_beside_the_bar(self):
        """What is a line without a terminal is one with it, unwrapped and without markup."""
        text = written(STARTED, STEPS, EPOCH, make_written(Path("[red]:bomb:.safetensors")), FINISHED, stream=Terminal())
        for line in (
            "epoch 1: train loss 0.2500, 2,346 images/s\n",
            "checkpoint [red]:bomb:.safetensors: 1.7 MB",
            "test accuracy 99.25%",
        ):
            self.assertIn(line, text)
        self.assertIn("took 1 min 02 s\n", text)

    def test_the_bar_fits_into_a_line(self):
        """Epoch, bar, percentage, loss, speed and time left stand on one line of 80 columns."""
        stream = Terminal()
        steps = replace(STEPS, epoch=12, images_per_s=123_456.0, remaining_s=725.0)
        with TrainReporter(stream) as reporter:
            reporter.emit(STARTED)
            reporter.emit(steps)
            reporter.emit(EPOCH)
        self.assertRegex(stream.getvalue(), r"epoch 12.*12 %  loss 0\.5123, 123,456 images/s, 12 min 05 s left")

    def test_an_error_takes_the_bar_away(self):
        """When a training breaks, the cursor is given back."""
        stream = Terminal()
        with self.assertRaises(RuntimeError), TrainReporter(stream) as reporter:
            reporter.emit(STARTED)
            raise RuntimeError
        self.assertIn("\x1b[?25l", stream.getvalue())
        self.assertTrue(stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l"))


if __name__ == "__main__":
    unittest.main()
