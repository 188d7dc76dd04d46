"""`runner train`, end to end. Most tests put a training of no cost in the place of the real one; two train on real images."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from .projects import ProjectCase, finish
from .training import FAKE, SMALL

METRICS = {"train_loss", "validation_loss", "validation_accuracy", "test_accuracy", "test_loss", "images_per_s"}


class RecordedTraining(ProjectCase):
    """What a training leaves in the registry."""

    script: str
    shown: Any

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project()
        cls.script = str(cls.home.write("fake.py", FAKE))
        cls.answer = cls.home.run("train", "--seed", "7", "--epochs", "1", "--name", "a", "--tag", "k=v", script=cls.script)
        cls.shown = cls.home.run("show", "a", "--format", "json").document

    def test_it_ends_with_0(self):
        """A training that comes to its end gives exit code 0 and is recorded as finished."""
        self.assertEqual((self.answer.code, self.answer.errors), (0, ""))
        self.assertEqual((self.shown["run"]["kind"], self.shown["run"]["status"]), ("train", "finished"))

    def test_it_shows_progress(self):
        """The output names the run, the data, each epoch's figures and the accuracy on the test set."""
        self.assertIn("recording as a (run 1)", self.answer.output)
        self.assertIn("800 training, 100 validation, 10,000 test images", self.answer.output)
        self.assertRegex(self.answer.output, r"(?m)^epoch 1: train loss 0\.2500.*\n.*validation accuracy 99\.00")
        self.assertRegex(self.answer.lines[-1], r"^test accuracy 99\.00 ?%")

    def test_seed_and_configuration_are_recorded(self):
        """The registry holds the seed, the whole configuration, the tags and what was typed."""
        run = self.shown["run"]
        self.assertEqual((run["seed"], run["tags"], run["params"]["epochs"]), (7, {"k": "v"}, 1))
        self.assertEqual(run["argv"][:4], ["runner", "train", "--seed", "7"])

    def test_metrics_are_recorded_with_their_points(self):
        """Each metric has a summary and its points, losses that are no numbers as strings."""
        self.assertEqual(set(self.shown["metrics"]), METRICS)
        loss = self.shown["metrics"]["train_loss"]
        self.assertEqual(loss["points"], [[50, 0.5], [100, "nan"], [100, 0.25]])
        self.assertEqual((loss["last"], loss["min"], loss["count"], loss["direction"]), (0.25, 0.25, 3, "lower"))

    def test_the_checkpoint_is_recorded(self):
        """The checkpoint's path, size and hashes are in the registry, and the file lies in the project's own folder."""
        (checkpoint,) = self.shown["checkpoints"]
        self.assertLessEqual({"epoch", "path", "size_bytes", "file_sha256", "content_hash"}, set(checkpoint))
        self.assertTrue(Path(checkpoint["path"]).is_relative_to(self.home.root / ".runner" / "checkpoints"))
        self.assertEqual(Path(checkpoint["path"]).read_bytes(), b"weights of seed 7")

    def test_the_data_set_is_recorded(self):
        """Name, fingerprint and sizes of the data are in the registry."""
        expected = {"name": "fake", "fingerprint": "f" * 64, "train": 800, "validation": 100, "test": 10_000}
        self.assertEqual(self.shown["dataset"], expected)

    def test_the_code_that_was_imported_is_recorded(self):
        """The code fingerprint of a training is over the task's files that were really imported."""
        self.assertRegex(self.shown["run"]["code_fingerprint"], r"^[0-9a-f]{64}$")

    def test_a_name_in_use_is_refused(self):
        """A second training of that name is refused with 2 before it starts."""
        answer = self.home.run("train", "--name", "a", script=self.script)
        self.assert_refused(answer, 2, "name-in-use", "'a'")
        self.assertNotIn("loading", answer.output)

    def test_a_second_training_keeps_the_first_checkpoint(self):
        """Without a name the run is train-N, and its checkpoint lies in a folder of its own."""
        answer = self.home.run("train", "--seed", "8", script=self.script)
        self.assertRegex(answer.output, r"recording as train-\d+ ")
        self.assertEqual(Path(self.shown["checkpoints"][0]["path"]).read_bytes(), b"weights of seed 7")


class UnrecordedTraining(ProjectCase):
    """--no-record."""

    def test_no_registry_is_made(self):
        """The training runs, its checkpoint is written where it was asked for, and no registry is made."""
        home = self.project()
        answer = home.run("train", "--no-record", "--checkpoint-dir", "out", script=str(home.write("fake.py", FAKE)))
        self.assertEqual(answer.code, 0, answer.errors)
        self.assertEqual(len(list((home.root / "out").rglob("*.safetensors"))), 1)
        self.assertFalse(home.registry.exists())


class RefusedTraining(ProjectCase):
    """Command lines that ask for what cannot be: 2, one sentence, and nothing is recorded."""

    recorded: bool

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project()
        cls.answers = cls.home.together(
            task=("train", "cifar"),
            range=("train", "--epochs", "0"),
            type=("train", "--seed", "lucky"),
            device=("train", "--device", "tpu"),
            name=("train", "--no-record", "--name", "lost"),
        )
        cls.recorded = cls.home.registry.exists()

    def test_an_unknown_task(self):
        """A task that does not exist is refused with the ones that do."""
        self.assert_refused(self.answers["task"], 2, "unknown-task", "'cifar'", "mnist")

    def test_a_value_out_of_range(self):
        """Zero epochs are refused with the range."""
        self.assert_refused(self.answers["range"], 2, "invalid-config", "epochs", "at least 1")

    def test_a_value_of_the_wrong_type(self):
        """A seed that is no number and a device that does not exist are refused, and the flags are named."""
        for name, flag in (("type", "--seed"), ("device", "--device")):
            self.assertEqual(self.answers[name].code, 2)
            self.assertIn(flag, self.answers[name].errors)

    def test_a_name_needs_a_record(self):
        """--name beside --no-record is refused: there would be nothing of that name."""
        self.assert_refused(self.answers["name"], 2, "usage", "--name", "--no-record")

    def test_nothing_is_recorded(self):
        """None of them made a registry."""
        self.assertFalse(self.recorded)


class BrokenTraining(ProjectCase):
    """Trainings that do not come to their end keep their past."""

    script: str

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project()
        cls.script = str(cls.home.write("fake.py", FAKE))

    def recorded(self, name: str) -> Any:
        """Return what the registry says of a run."""
        return self.home.run("show", name, "--format", "json").document

    def test_damaged_data(self):
        """Damaged data give 3 and their own sentence, and the run is recorded as failed."""
        answer = self.home.run("train", "--lr", "2", "--name", "damaged", script=self.script)
        self.assert_refused(answer, 3, "data-damaged", "train-images")
        self.assertEqual(self.recorded("damaged")["run"]["status"], "failed")

    def test_a_bug_of_the_task(self):
        """An exception that nobody foresaw gives 3 and a sentence that tells how to see its traceback; --debug shows it."""
        answer = self.home.run("train", "--lr", "3", "--name", "bug", script=self.script)
        self.assert_refused(answer, 3, "internal-error", "ZeroDivisionError", "--debug")
        debugged = self.home.run("train", "--lr", "3", "--debug", script=self.script)
        self.assertIn("Traceback", debugged.errors)

    def test_ctrl_c(self):
        """Ctrl-C gives 130; the run is marked interrupted and keeps the metrics it had."""
        process = self.home.start("train", "--lr", "4", "--name", "stopped", script=self.script)
        self.home.wait_for("asleep")
        process.send_signal(signal.SIGINT)
        answer = finish(process)
        shown = self.recorded("stopped")
        self.assertEqual((answer.code, shown["run"]["status"]), (130, "interrupted"), answer.errors)
        self.assertEqual(shown["metrics"]["train_loss"]["points"], [[50, 0.5]])
        self.assertNotIn("Traceback", answer.errors)


class RealTraining(ProjectCase):
    """The real training, on a few hundred of the real images, which are unpacked once."""

    @classmethod
    def setUpClass(cls):
        cls.home = cls.class_project()
        cls.script = str(cls.home.write("small.py", SMALL))

    def test_it_trains_records_and_repeats(self):
        """Two trainings at once with the same seed give the same content hash, and `runner diff` says that determinism held."""
        home, script = self.home, self.script
        started = [home.start("train", "--epochs", "1", "--threads", "1", "--name", name, script=script) for name in ("a", "b")]
        for answer in [finish(process) for process in started]:
            self.assertEqual(answer.code, 0, answer.errors)
        document = home.run("diff", "a", "b", "--format", "json").document
        self.assertEqual((document["checkpoints"]["same"], document["checkpoints"]["determinism"]), (True, "held"))
        self.assertEqual([change["delta"] for change in document["metrics"] if change["name"] == "test_accuracy"], [])
        self.assertEqual((document["checkpoints"]["parting"], [part["lost"] for part in document["flips"]]), (None, [[], []]))
        shown = home.run("show", "b", "--format", "json").document
        self.assertEqual(
            {split: found["examples"] for split, found in shown["answers"].items()}, {"test": 400, "validation": 400}
        )
        right = shown["answers"]["test"]["right"] / 400
        self.assertEqual((right, len(shown["checkpoints"][0]["random_state"])), (shown["metrics"]["test_accuracy"]["last"], 64))
        self.assertTrue((home.root / ".runner" / "data" / "MNIST" / "raw").is_dir())

    def test_ctrl_c(self):
        """Ctrl-C in the middle of a training is 130 and one sentence; the epochs that had ended and their checkpoint are kept."""
        home, script = self.home, self.script
        process = home.start("train", "--epochs", "500", "--threads", "1", "--name", "stopped", script=script)
        assert process.stdout is not None, "its output is a pipe"
        while not (line := process.stdout.readline()).startswith("epoch 1"):
            self.assertTrue(line, "the training ended before its first epoch")
        process.send_signal(signal.SIGINT)
        answer = finish(process)
        expected = "runner: interrupted; what was recorded of stopped is kept [interrupted]\n"
        self.assertEqual((answer.code, answer.errors), (130, expected))
        shown = home.run("show", "stopped", "--format", "json").document
        self.assertEqual(shown["run"]["status"], "interrupted")
        self.assertGreaterEqual(len(shown["metrics"]["validation_accuracy"]["points"]), 1)
        self.assertTrue(all(Path(checkpoint["path"]).is_file() for checkpoint in shown["checkpoints"]))
