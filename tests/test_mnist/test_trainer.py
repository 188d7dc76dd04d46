from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from mnist.data import TensorLoader, create_dummy_data
from mnist.errors import CheckpointMismatch, InputMismatch
from mnist.train import Trainer, take_step

from .factories import DropoutModel, TableModel, digests_of, make_loader, make_model, make_split, make_trainer, one_thread

setUpModule = one_thread


class TrainEpoch(unittest.TestCase):
    def test_finite_loss(self):
        """Training on noise gives a finite loss of about the logarithm of ten in the beginning."""
        self.assertAlmostEqual(make_trainer().train_epoch(make_loader()), math.log(10), delta=0.3)

    def test_loss_falls(self):
        """The loss of the second pass is lower than that of the first."""
        trainer, loader = make_trainer(), TensorLoader(make_split(64).normalised(), 16)
        first, second = (trainer.train_epoch(loader) for _ in range(2))
        self.assertLess(second, first)

    def test_one_batch_can_be_overfitted(self):
        """Trained on one batch of noise again and again, the model learns it by heart."""
        model = make_model()
        trainer = Trainer(model, torch.optim.Adam(model.parameters(), lr=1e-3), "cpu")
        loader = make_loader(16, 16)
        losses = [trainer.train_epoch(loader) for _ in range(25)]
        self.assertLess(losses[-1], 0.05)
        self.assertEqual(trainer.validate(loader), 1.0)

    def test_every_weight_moves(self):
        """After one pass every tensor of the model has changed: the optimiser holds all of them and the graph is whole."""
        trainer = make_trainer()
        before = digests_of(trainer.model)
        trainer.train_epoch(make_loader())
        self.assertEqual([name for name, now in digests_of(trainer.model).items() if now == before[name]], [])

    def test_loss_is_per_example(self):
        """The loss is the mean over the examples, also where the last batch is smaller."""
        loader = make_loader(10, 8)
        loss = make_trainer(learning_rate=0.0).train_epoch(loader)
        expected = functional.cross_entropy(make_model()(loader.dataset.tensors[0]), loader.dataset.tensors[1])
        self.assertAlmostEqual(loss, expected.item(), places=5)

    def test_loss_gets_logits(self):
        """The loss is taken of logits, not of probabilities: a sure and right answer costs almost nothing."""
        table = 50 * functional.one_hot(torch.tensor([7, 8]), 10).float()
        images = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)
        loss = make_trainer(TableModel(table)).train_epoch([(images, torch.tensor([7, 8]))])
        self.assertLess(loss, 1e-6)

    def test_gradients_do_not_accumulate(self):
        """Each step uses the gradient of its own batch: two steps go where a loop written out goes."""
        trainer, loader, model = make_trainer(), make_loader(16, 8), make_model()
        trainer.train_epoch(loader)
        for images, labels in loader:
            gradients = torch.autograd.grad(functional.cross_entropy(model(images), labels), list(model.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                    parameter.sub_(0.05 * gradient)
        for name, tensor in trainer.model.state_dict().items():
            torch.testing.assert_close(tensor, model.state_dict()[name], msg=name)

    def test_gradients_from_before(self):
        """Gradients that lay around before the first step have no influence."""
        clean, soiled = make_trainer(), make_trainer()
        for parameter in soiled.model.parameters():
            parameter.grad = torch.ones_like(parameter)
        for trainer in (clean, soiled):
            trainer.train_epoch(make_loader())
        self.assertEqual(digests_of(clean.model), digests_of(soiled.model))

    def test_training_mode(self):
        """An epoch trains in training mode, even where the model was left in evaluation mode."""
        trainer = make_trainer(DropoutModel().eval())
        statistics = digests_of(trainer.model)["norm.running_mean"]
        trainer.train_epoch(make_loader())
        self.assertNotEqual(digests_of(trainer.model)["norm.running_mean"], statistics)
        self.assertTrue(trainer.model.training)

    def test_same_seed_same_weights(self):
        """The same seeds give the same weights, bit by bit."""
        trained = []
        for _ in range(2):
            trainer = make_trainer(make_model(3))
            trainer.train_epoch(make_loader(shuffle_seed=5))
            trained.append(digests_of(trainer.model))
        self.assertEqual(trained[0], trained[1])

    def test_the_order_matters(self):
        """Another order of the training data gives other weights: the order is really used."""
        trained = []
        for seed in (5, 6):
            trainer = make_trainer(make_model(3))
            trainer.train_epoch(make_loader(shuffle_seed=seed))
            trained.append(digests_of(trainer.model))
        self.assertNotEqual(trained[0], trained[1])

    def test_data_loader(self):
        """A plain `DataLoader` trains to the same weights."""
        ours, theirs, loader = make_trainer(), make_trainer(), make_loader()
        losses = ours.train_epoch(loader), theirs.train_epoch(DataLoader(loader.dataset, batch_size=8))
        self.assertEqual(losses[0], losses[1])
        self.assertEqual(digests_of(ours.model), digests_of(theirs.model))

    def test_no_example(self):
        """A loader without an example is refused; it has no mean loss."""
        with self.assertRaisesRegex(InputMismatch, "no example"):
            make_trainer().train_epoch([])

    def test_step_returns_a_detached_loss(self):
        """The loss that a step returns holds no graph."""
        trainer, (images, labels) = make_trainer(), create_dummy_data(4)
        loss = take_step(trainer.model, trainer.optimizer, images, labels)
        self.assertFalse(loss.requires_grad)

    def test_label_smoothing(self):
        """Label smoothing raises the loss of a sure and right answer, and is off unless asked for."""
        table = 50 * functional.one_hot(torch.tensor([7]), 10).float()
        image, label = torch.zeros(1, 1, 1, 1), torch.tensor([7])

        for arguments, low, high in (((), 0, 1e-6), ((0.1,), 1, 10)):
            trainer = make_trainer(TableModel(table))
            loss = take_step(trainer.model, trainer.optimizer, image, label, *arguments).item()
            self.assertTrue(low <= loss <= high, loss)


class Validate(unittest.TestCase):
    def test_range(self):
        """The accuracy is a share, from 0 to 1."""
        self.assertTrue(0 <= make_trainer().validate(make_loader()) <= 1)

    def test_share(self):
        """The accuracy is that of the answers of `predict`."""
        model, loader = make_model(), make_loader(50, 8)
        images, labels = loader.dataset.tensors
        expected = (model.predict(images) == labels).double().mean().item()
        self.assertAlmostEqual(make_trainer(model).validate(loader), expected)

    def test_nothing_changes(self):
        """Validating changes neither weights nor mode nor the global random state."""
        trainer = make_trainer(DropoutModel().train())
        weights, state = digests_of(trainer.model), torch.get_rng_state()
        trainer.validate(DataLoader(make_loader().dataset, batch_size=8))
        self.assertEqual(digests_of(trainer.model), weights)
        self.assertTrue(trainer.model.training)
        self.assertTrue(torch.equal(torch.get_rng_state(), state))

    def test_repeats_itself(self):
        """Validating gives the same accuracy again, in training mode and in evaluation mode: dropout is off."""
        trainer, loader = make_trainer(DropoutModel()), make_loader(200, 50)
        accuracies = set()
        for mode in (True, False, True):
            trainer.model.train(mode)
            accuracies.add(trainer.validate(loader))
        self.assertEqual(len(accuracies), 1)

    def test_training_goes_on_alike(self):
        """Validating between two passes, on the training loader too, changes nothing about the training."""
        trained = []
        for validations in (0, 2):
            trainer, loader = make_trainer(), make_loader(shuffle_seed=1)
            trainer.train_epoch(loader)
            for _ in range(validations):
                trainer.validate(loader)
            trainer.train_epoch(loader)
            trained.append(digests_of(trainer.model))
        self.assertEqual(trained[0], trained[1])


class Checkpoints(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "model.safetensors"

    def test_there_and_back(self):
        """What one trainer saves another loads, byte by byte."""
        trainer, other = make_trainer(make_model(1)), make_trainer(make_model(2))
        trainer.train_epoch(make_loader())
        trainer.save_checkpoint(self.path)
        self.assertNotEqual(digests_of(other.model), digests_of(trainer.model))
        other.load_checkpoint(self.path)
        self.assertEqual(digests_of(other.model), digests_of(trainer.model))

    def test_same_predictions(self):
        """The loaded model gives the same logits."""
        trainer, other, (images, _) = make_trainer(make_model(1)), make_trainer(make_model(2)), create_dummy_data(8)
        trainer.save_checkpoint(str(self.path))
        other.load_checkpoint(str(self.path))
        self.assertTrue(torch.equal(other.model(images), trainer.model(images)))

    def test_recorded_hash(self):
        """A checkpoint is loaded where it holds the content that was recorded."""
        trainer = make_trainer()
        recorded = trainer.save_checkpoint(self.path).content_hash
        self.assertEqual(trainer.load_checkpoint(self.path, content_hash=recorded).content_hash, recorded)

    def test_other_content(self):
        """A checkpoint with other content than was recorded is refused, and the weights stay."""
        recorded = make_trainer(make_model(1)).save_checkpoint(self.path).content_hash
        make_trainer(make_model(2)).save_checkpoint(self.path)
        trainer = make_trainer(make_model(3))
        with self.assertRaisesRegex(CheckpointMismatch, recorded):
            trainer.load_checkpoint(self.path, content_hash=recorded)
        self.assertEqual(digests_of(trainer.model), digests_of(make_model(3)))

    def test_training_goes_on(self):
        """A loaded model can be trained further: the optimiser still holds its weights."""
        trainer = make_trainer(make_model(1))
        make_trainer(make_model(2)).save_checkpoint(self.path)
        trainer.load_checkpoint(self.path)
        loaded = digests_of(trainer.model)
        trainer.train_epoch(make_loader())
        self.assertNotEqual(digests_of(trainer.model), loaded)


@unittest.skipUnless(torch.cuda.is_available(), "no CUDA GPU on this machine")
class OnCuda(unittest.TestCase):
    def test_model_and_data_are_moved(self):
        """A trainer on a GPU moves the model and each batch there, in training and in validation."""
        model = make_model()
        trainer = Trainer(model, torch.optim.SGD(model.parameters(), lr=0.1), "cuda")
        self.assertTrue(math.isfinite(trainer.train_epoch(make_loader())))
        self.assertTrue(0 <= trainer.validate(make_loader()) <= 1)
        self.assertEqual({parameter.device.type for parameter in model.parameters()}, {"cuda"})

    def test_checkpoint_does_not_depend_on_the_device(self):
        """The same weights on the CPU and on a GPU have the same content hash."""
        with tempfile.TemporaryDirectory() as folder:
            hashes = {
                Trainer(model, torch.optim.SGD(model.parameters()), device).save_checkpoint(Path(folder, device)).content_hash
                for device in ("cpu", "cuda")
                for model in [make_model()]
            }
        self.assertEqual(len(hashes), 1)


class Device(unittest.TestCase):
    def test_named_device(self):
        """The device may be given by its name or as torch's own."""
        model = make_model()
        for device in ("cpu", torch.device("cpu")):
            with self.subTest(device=device):
                self.assertEqual(Trainer(model, torch.optim.SGD(model.parameters()), device).device, torch.device("cpu"))

    def test_batches_are_moved(self):
        """Each batch is asked to go to the trainer's device, in training and in validation."""
        moves: list[torch.device] = []

        class Moved(torch.Tensor):
            def to(self, device: torch.device, *, non_blocking: bool) -> torch.Tensor:
                moves.append((device, non_blocking))
                return self.as_subclass(torch.Tensor)

        images, labels = create_dummy_data(4)
        batches = [(images.as_subclass(Moved), labels.as_subclass(Moved))]
        trainer = make_trainer()
        trainer.train_epoch(batches)
        trainer.validate(batches)
        self.assertEqual(moves, [(torch.device("cpu"), True)] * 4)

    def test_tensor_dataset(self):
        """A data set of torch's own, in a plain loader that shuffles, trains and validates."""
        loader = DataLoader(TensorDataset(*create_dummy_data(20)), batch_size=6, shuffle=True)
        trainer = make_trainer()
        self.assertTrue(math.isfinite(trainer.train_epoch(loader)))
        self.assertTrue(0 <= trainer.validate(loader) <= 1)
