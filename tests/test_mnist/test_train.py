from __future__ import annotations

import math
import os
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch
from torch.nn import functional

from mnist import checkpoint
from mnist.config import TrainConfig
from mnist.data import MnistTensors, TensorLoader
from mnist.errors import CheckpointUnwritable, DeviceUnavailable, InputMismatch
from mnist.events import (
    Answered,
    CheckpointWritten,
    EpochFinished,
    EventList,
    StepsFinished,
    TrainingFinished,
)
from mnist.optim import make_optimizer, rate_factor
from mnist.seed import derive_seed, make_generator
from mnist.train import LABEL_SMOOTHING, pick_device, train, train_on

from .factories import (
    CountedSplit,
    SteppingClock,
    digests_of,
    make_model,
    make_split,
    make_tensors,
    one_thread,
    real_tensors,
    run_training,
)

setUpModule = one_thread


def of_kind(events: list, kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


class Learning(unittest.TestCase):
    def test_learnable_images(self):
        """A pass over a few hundred simple images teaches the model all ten classes."""
        summary, _ = run_training(make_tensors(640, 200, 200), learning_rate=0.03)
        self.assertGreater(summary.validation.accuracy, 0.95)
        self.assertGreater(summary.test.accuracy, 0.95)

    def test_real_images(self):
        """A pass over 3,000 real images gets more than nine in ten of 1,000 test images right."""
        data, first = real_tensors(), torch.arange
        data = MnistTensors(data.train.take(first(3000)), data.validation.take(first(500)), data.test.take(first(1000)))
        summary, _ = run_training(data, learning_rate=0.02)
        self.assertGreater(summary.test.accuracy, 0.92)

    def test_loop_written_out(self):
        """The fast path goes, step by step, where a loop written out goes: each batch's own gradient of the logits' loss."""
        data, seed = make_tensors(160, 16, 16), 5
        model = make_model(derive_seed(seed, "initialisation")).to(memory_format=torch.channels_last)
        optimizer = make_optimizer(model, 32)
        batches = TensorLoader(data.train.normalised(), 32, make_generator(seed, "shuffle"))
        parameters = list(model.parameters())
        for step, (images, labels) in enumerate(batches):
            optimizer.scale_rate(rate_factor(step, 5))
            loss = functional.cross_entropy(model(images), labels, label_smoothing=LABEL_SMOOTHING)
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter.grad = gradient
            optimizer.step()
        with tempfile.TemporaryDirectory() as folder:
            config = TrainConfig(seed=seed, epochs=1, batch_size=32, device="cpu", threads=1)
            summary = train_on(data, config, Path(folder), EventList())
            trained = make_model()
            checkpoint.load(trained, summary.checkpoint.path)
        for name, tensor in trained.state_dict().items():
            torch.testing.assert_close(tensor, model.state_dict()[name], msg=name)

    def test_loss_is_per_example(self):
        """The training loss is the mean over the examples, also where the last batch is smaller."""
        data = make_tensors(40, 16, 16)
        summary, _ = run_training(data, seed=5, learning_rate=1e-12)
        images, labels = data.train.normalised().tensors
        logits = make_model(derive_seed(5, "initialisation"))(images)
        expected = functional.cross_entropy(logits, labels, label_smoothing=LABEL_SMOOTHING).item()
        self.assertAlmostEqual(summary.train_loss, expected, places=5)

    def test_not_a_number(self):
        """A learning rate that is far too high ends in losses that are no numbers, reported to the end as they are."""
        summary, events = run_training(make_tensors(160, 16, 16), learning_rate=1e6)
        self.assertTrue(math.isnan(summary.train_loss))
        self.assertTrue(math.isnan(of_kind(events, EpochFinished)[0].train_loss))
        self.assertEqual(len(of_kind(events, TrainingFinished)), 1)

    def test_large_batch(self):
        """A batch size larger than the training set is one step a pass."""
        summary, _ = run_training(make_tensors(40, 16, 16), batch_size=1000, epochs=2)
        self.assertEqual(summary.steps, 2)


class Repeating(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = make_tensors(160, 32, 32)
        cls.hash = run_training(cls.data, seed=42)[0].checkpoint.content_hash

    def hash_of(self, data: MnistTensors | None = None, **values: object) -> str:
        return run_training(data or self.data, **({"seed": 42} | values))[0].checkpoint.content_hash

    def test_same_seed(self):
        """The same seed gives the same content hash."""
        self.assertEqual(self.hash_of(), self.hash)

    def test_other_seed(self):
        """Another seed gives another content hash."""
        self.assertNotEqual(self.hash_of(seed=43), self.hash)

    def test_random_numbers_drawn_before(self):
        """What was drawn from the global generators before has no influence."""
        torch.rand(100)
        self.assertEqual(self.hash_of(), self.hash)

    def test_test_images(self):
        """The test images have no influence on the weights."""
        self.assertEqual(self.hash_of(replace(self.data, test=make_split(50, seed=9))), self.hash)

    def test_validation_images(self):
        """The validation images have no influence on the weights."""
        self.assertEqual(self.hash_of(replace(self.data, validation=make_split(50, seed=9)), epochs=1), self.hash)

    def test_training_images(self):
        """The training images do have an influence."""
        self.assertNotEqual(self.hash_of(replace(self.data, train=make_split(160, seed=9))), self.hash)

    def test_initial_weights_depend_on_the_seed(self):
        """The seed decides the initial weights: with a rate of almost nothing, two seeds still end far apart."""
        one, other = (run_training(self.data, seed=seed, learning_rate=1e-12)[0] for seed in (1, 2))
        self.assertNotEqual(one.checkpoint.content_hash, other.checkpoint.content_hash)

    def test_order_depends_on_the_seed(self):
        """The seed decides the order of the training images."""
        orders = [
            torch.cat([labels for _, labels in TensorLoader(self.data.train.normalised(), 32, make_generator(seed, "shuffle"))])
            for seed in (1, 1, 2)
        ]
        self.assertTrue(torch.equal(orders[0], orders[1]))
        self.assertFalse(torch.equal(orders[0], orders[2]))


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = make_tensors(850, 40, 40)
        cls.summary, cls.events = run_training(cls.data, epochs=2, batch_size=16)

    def test_order(self):
        """A training starts, each pass ends with its validation and then its checkpoint, and at the end the test is told."""
        kinds = [type(event).__name__ for event in self.events if not isinstance(event, StepsFinished)]
        passes = ["EpochFinished", "Answered", "CheckpointWritten"] * 2
        self.assertEqual(kinds, ["TrainingStarted", *passes, "Answered", "TrainingFinished"])

    def test_start(self):
        """The start tells the data, the passes, the steps and the numerics."""
        started = self.events[0]
        sizes = (started.dataset.train, started.dataset.validation, started.dataset.test)
        self.assertEqual((started.epochs, started.total_steps, sizes), (2, 108, (850, 40, 40)))
        self.assertEqual(started.dataset.fingerprint, self.data.fingerprint())
        self.assertEqual((started.numerics["threads"], started.numerics["device"]), ("1", "cpu"))

    def test_steps(self):
        """Progress is told every fifty steps and at the end of each pass."""
        steps = [(event.epoch, event.step) for event in of_kind(self.events, StepsFinished)]
        self.assertEqual(steps, [(1, 50), (1, 54), (2, 100), (2, 108)])

    def test_losses_add_up(self):
        """The loss of a pass is the mean over its examples: the losses on the way, weighted by their images, add up to it."""
        first, second = of_kind(self.events, StepsFinished)[:2]
        images = 50 * 16
        expected = (first.train_loss * images + second.train_loss * (850 - images)) / 850
        self.assertAlmostEqual(of_kind(self.events, EpochFinished)[0].train_loss, expected, places=10)

    def test_progress(self):
        """Speeds are above zero and the time left falls to zero."""
        steps = of_kind(self.events, StepsFinished)
        self.assertTrue(all(event.images_per_s > 0 for event in steps))
        self.assertEqual(steps[-1].remaining_s, 0)
        self.assertGreater(steps[0].remaining_s, 0)

    def test_checkpoints(self):
        """Each pass has a checkpoint of its own name, and the summary names the last."""
        written = of_kind(self.events, CheckpointWritten)
        names = [(event.epoch, event.path.name) for event in written]
        self.assertEqual(names, [(1, "epoch-1.safetensors"), (2, "epoch-2.safetensors")])
        self.assertEqual(written[-1].content_hash, self.summary.checkpoint.content_hash)
        self.assertNotEqual(written[0].content_hash, written[1].content_hash)

    def test_end(self):
        """The last event tells the test's accuracy and the duration, as the summary does."""
        finished = self.events[-1]
        self.assertEqual((finished.test_accuracy, finished.test_loss), (self.summary.test.accuracy, self.summary.test.loss))
        self.assertEqual(finished.duration_s, self.summary.duration_s)

    def test_answers(self):
        """Which images were answered rightly is told of each validation and of the test, as the summary has it."""
        told = [(event.split, event.examples) for event in of_kind(self.events, Answered)]
        self.assertEqual(told, [("validation", 40), ("validation", 40), ("test", 40)])
        _, validation, test = (event.right for event in of_kind(self.events, Answered))
        self.assertEqual((validation, test), (self.summary.validation.right, self.summary.test.right))

    def test_random_states(self):
        """Each checkpoint tells the state of the random generators, which goes on from pass to pass and follows the seed."""
        states = [event.random_state for event in of_kind(self.events, CheckpointWritten)]
        again, other = (
            of_kind(run_training(make_tensors(32, 8, 8), seed=seed)[1], CheckpointWritten)[0].random_state for seed in (1, 2)
        )
        same = of_kind(run_training(make_tensors(32, 8, 8), seed=1)[1], CheckpointWritten)[0].random_state
        self.assertEqual((len({*states}), again), (2, same))
        self.assertNotEqual(again, other)

    def test_test_set_is_read_once(self):
        """The test images are made ready once, after the last checkpoint."""
        sink = EventList()
        test = CountedSplit(*[getattr(self.data.test, name) for name in ("images", "labels")], sink=sink)
        with tempfile.TemporaryDirectory() as folder:
            config = TrainConfig(epochs=2, batch_size=16, device="cpu", threads=1)
            train_on(replace(make_tensors(32, 8, 8), test=test), config, Path(folder), sink, SteppingClock())
        self.assertEqual([seen[-1] for seen in test.seen_after], ["CheckpointWritten"])
        self.assertEqual(test.seen_after[0].count("CheckpointWritten"), 2)


class Surroundings(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.config = TrainConfig(epochs=1, batch_size=32, device="cpu", threads=1)

    def test_checkpoint_folder_is_made(self):
        """The folder for checkpoints is made where it is missing, and holds nothing but checkpoints."""
        summary = train_on(make_tensors(32, 8, 8), self.config, self.home / "a" / "b", EventList())
        self.assertEqual(list((self.home / "a" / "b").iterdir()), [summary.checkpoint.path])

    def test_checkpoint_holds_the_weights(self):
        """The file of the last checkpoint is what the event said, and a model loads it."""
        summary = train_on(make_tensors(32, 8, 8), self.config, self.home, EventList())
        model = make_model()
        loaded = checkpoint.load(model, summary.checkpoint.path, summary.checkpoint.content_hash)
        self.assertEqual(loaded, summary.checkpoint)
        self.assertNotEqual(digests_of(model), digests_of(make_model()))

    def test_unwritable_folder(self):
        """A folder that cannot be made is named before anything is trained."""
        (self.home / "file").write_bytes(b"")
        sink = EventList()
        with self.assertRaisesRegex(CheckpointUnwritable, "file.*; choose another"):
            train_on(make_tensors(32, 8, 8), self.config, self.home / "file" / "checkpoints", sink)
        self.assertEqual(sink.events, [])

    def test_empty_part(self):
        """A part without an image is named before anything is trained or written."""
        for part in ("training", "validation", "test"):
            sizes = [0 if name == part else 8 for name in ("training", "validation", "test")]
            sink = EventList()
            with self.subTest(part), self.assertRaisesRegex(InputMismatch, f"no {part} images"):
                train_on(make_tensors(*sizes), self.config, self.home / "checkpoints", sink)
            self.assertEqual((sink.events, list(self.home.iterdir())), ([], []))

    def test_settings_are_put_back(self):
        """Threads, deterministic algorithms and the environment are afterwards what they were."""

        def settings() -> tuple[object, ...]:
            return torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), dict(os.environ)

        before = settings()
        train_on(make_tensors(32, 8, 8), self.config, self.home, EventList())
        self.assertEqual(settings(), before)

    def test_whole_path(self):
        """`train` reads the data that the configuration asks for and trains on it."""
        config = replace(self.config, validation_fraction=0.2)
        with mock.patch("mnist.train.load_mnist_tensors", return_value=make_tensors(32, 8, 8)) as load:
            summary = train(config, self.home / "data", self.home / "checkpoints", EventList())
        load.assert_called_once_with(self.home / "data", 0.2)
        self.assertEqual(summary.dataset.train, 32)


class Devices(unittest.TestCase):
    def test_cpu(self):
        """The CPU is there always."""
        self.assertEqual(pick_device("cpu"), torch.device("cpu"))

    def test_no_gpu(self):
        """Without a GPU "cuda" is refused with the ways out, and "auto" is the CPU."""
        with mock.patch.object(torch.cuda, "is_available", return_value=False):
            with self.assertRaisesRegex(DeviceUnavailable, "cuda was asked for.*--device cpu or auto"):
                pick_device("cuda")
            self.assertEqual(pick_device("auto"), torch.device("cpu"))

    def test_gpu_that_does_not_compute(self):
        """A GPU that is there but fails is refused with the reason, and "auto" is the CPU."""
        broken = mock.patch.object(torch, "ones", side_effect=RuntimeError("no kernel image\nfor this GPU"))
        with mock.patch.object(torch.cuda, "is_available", return_value=True), broken:
            with self.assertRaisesRegex(DeviceUnavailable, r"\(no kernel image\)"):
                pick_device("cuda")
            self.assertEqual(pick_device("auto"), torch.device("cpu"))

    def test_refused_before_the_data_is_read(self):
        """A device that is not there is told before the data is read."""
        absent = mock.patch.object(torch.cuda, "is_available", return_value=False)
        with absent, tempfile.TemporaryDirectory() as folder, self.assertRaises(DeviceUnavailable):
            train(TrainConfig(device="cuda"), Path(folder, "data"), Path(folder, "checkpoints"), EventList())
            self.assertFalse(Path(folder, "data").exists())


@unittest.skipUnless(torch.cuda.is_available(), "no CUDA GPU on this machine")
class OnCuda(unittest.TestCase):
    def test_same_seed(self):
        """On a GPU, too, the same seed gives the same content hash."""
        hashes = {run_training(device="cuda")[0].checkpoint.content_hash for _ in range(2)}
        self.assertEqual(len(hashes), 1)

    def test_described(self):
        """The start names the GPU and the version of CUDA."""
        self.assertGreaterEqual(set(run_training(device="cuda")[1][0].numerics), {"gpu", "cuda", "cudnn"})
