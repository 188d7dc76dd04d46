from __future__ import annotations

import unittest
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

import mnist.model
from mnist.data import create_dummy_data
from mnist.errors import InputMismatch, MnistError
from mnist.model import MNISTClassifier, evaluating

from .factories import digests_of, make_model, one_thread

setUpModule = one_thread


class Architecture(unittest.TestCase):
    def setUp(self):
        self.model = make_model()

    def inputs_of(self, layer: torch.nn.Module) -> Tensor:
        seen: list[Tensor] = []
        with layer.register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0])):
            self.model(create_dummy_data(3)[0])
        return seen[0]

    def test_tensors(self):
        """The model holds the weights and biases of two convolutions and two linear layers, of the documented shapes."""
        shapes = {name: tuple(tensor.shape) for name, tensor in self.model.state_dict().items()}
        weights = {"conv1": (32, 1, 3, 3), "conv2": (64, 32, 3, 3), "fc1": (128, 3136), "fc2": (10, 128)}
        biases = {f"{name}.bias": shape[:1] for name, shape in weights.items()}
        self.assertEqual(shapes, {f"{name}.weight": shape for name, shape in weights.items()} | biases)

    def test_parameter_count(self):
        """The model has 421,642 parameters, all of them trained."""
        parameters = list(self.model.parameters())
        self.assertEqual(sum(parameter.numel() for parameter in parameters), 421_642)
        self.assertTrue(all(parameter.requires_grad for parameter in parameters))

    def test_parameters_are_float32(self):
        """Every parameter is float32."""
        self.assertEqual({parameter.dtype for parameter in self.model.parameters()}, {torch.float32})

    def test_padding_keeps_the_size(self):
        """Both convolutions are padded, so that an image keeps its height and width."""
        self.assertEqual(self.model.conv1(torch.zeros(1, 1, 28, 28)).shape, (1, 32, 28, 28))
        self.assertEqual(self.model.conv2(torch.zeros(1, 32, 14, 14)).shape, (1, 64, 14, 14))

    def test_second_convolution_sees_the_pooled_image(self):
        """The second convolution gets 32 maps of 14 x 14."""
        self.assertEqual(self.inputs_of(self.model.conv2).shape, (3, 32, 14, 14))

    def test_linear_layer_sees_all_maps(self):
        """The first linear layer gets the 64 maps of 7 x 7 of each image as one row."""
        self.assertEqual(self.inputs_of(self.model.fc1).shape, (3, 64 * 7 * 7))

    def test_rectified_after_each_hidden_layer(self):
        """What goes into the second convolution and into the linear layers has been through a ReLU."""
        for name in ("conv2", "fc1", "fc2"):
            with self.subTest(layer=name):
                inputs = self.inputs_of(getattr(self.model, name))
                self.assertGreaterEqual(inputs.min().item(), 0)
                self.assertGreater(inputs.max().item(), 0)

    def test_written_out(self):
        """The model computes convolution, ReLU, pooling, twice, then linear, ReLU, linear."""
        images, weights = create_dummy_data(4)[0], self.model.state_dict()
        hidden = images
        for name in ("conv1", "conv2"):
            hidden = functional.relu(functional.conv2d(hidden, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1))
            hidden = functional.max_pool2d(hidden, 2)
        hidden = functional.relu(functional.linear(hidden.flatten(1), weights["fc1.weight"], weights["fc1.bias"]))
        expected = functional.linear(hidden, weights["fc2.weight"], weights["fc2.bias"])
        torch.testing.assert_close(self.model(images), expected)

    def test_seeded_weights(self):
        """The same seed gives the same initial weights, another seed gives others."""
        self.assertEqual(digests_of(make_model(7)), digests_of(make_model(7)))
        self.assertNotEqual(digests_of(make_model(7)), digests_of(make_model(8)))


class Forward(unittest.TestCase):
    def setUp(self):
        self.model = make_model()
        self.images, _ = create_dummy_data(6)

    def test_shapes(self):
        """A batch of N images gives N rows of ten logits, also for one image and for none."""
        for count in (0, 1, 2, 64):
            with self.subTest(count=count):
                self.assertEqual(self.model(create_dummy_data(count)[0]).shape, (count, 10))

    def test_finite(self):
        """The logits are finite for noise, for a blank image and for very large values."""
        for name, images in {"noise": self.images, "blank": torch.zeros(2, 1, 28, 28), "large": self.images * 1e4}.items():
            with self.subTest(images=name):
                self.assertTrue(torch.isfinite(self.model(images)).all())

    def test_logits_are_raw(self):
        """What comes out is not yet probabilities: there are negative numbers, and rows do not sum to one."""
        logits = self.model(self.images)
        self.assertLess(logits.min().item(), 0)
        self.assertFalse(torch.isclose(logits.sum(dim=1), torch.ones(6)).any())

    def test_repeats_itself(self):
        """The same images give the same logits again."""
        self.assertTrue(torch.equal(self.model(self.images), self.model(self.images)))

    def test_depends_on_the_image(self):
        """Different images give different logits."""
        logits = self.model(self.images)
        self.assertEqual(len({tuple(row.tolist()) for row in logits}), 6)

    def test_samples_do_not_influence_each_other(self):
        """An image gets the same logits alone and in company, in training mode and in evaluation mode."""
        for mode in (True, False):
            with self.subTest(training=mode):
                self.model.train(mode)
                alone = torch.cat([self.model(image.unsqueeze(0)) for image in self.images])
                torch.testing.assert_close(self.model(self.images), alone, atol=1e-5, rtol=1e-5)

    def test_gradients_stay_with_their_sample(self):
        """The logits of one image have a gradient at that image and none at the others of the batch."""
        images = self.images.clone().requires_grad_()
        self.model(images)[2].sum().backward()
        touched = images.grad.abs().sum(dim=(1, 2, 3)) > 0
        self.assertEqual(touched.tolist(), [False, False, True, False, False, False])

    def test_order_of_the_batch(self):
        """Images in another order give the same logits in that order."""
        order = torch.tensor([3, 0, 5, 1, 4, 2])
        torch.testing.assert_close(self.model(self.images[order]), self.model(self.images)[order], atol=1e-5, rtol=1e-5)

    def test_memory_format(self):
        """Weights in channels_last give the same logits."""
        expected = self.model(self.images)
        torch.testing.assert_close(self.model.to(memory_format=torch.channels_last)(self.images), expected)

    def test_images_are_not_changed(self):
        """The model leaves its input as it was."""
        before = self.images.clone()
        self.model(self.images)
        self.assertTrue(torch.equal(self.images, before))


class InputChecks(unittest.TestCase):
    def assert_refused(self, images: object, came: str) -> None:
        model = make_model()
        for method in (model, model.predict, model.predict_proba):
            with self.assertRaises(InputMismatch) as caught:
                method(images)
            self.assertIn(came, str(caught.exception))
            self.assertIn("(N, 1, 28, 28)", str(caught.exception))

    def test_wrong_size(self):
        """Images of another size are refused with their shape."""
        self.assert_refused(torch.zeros(2, 1, 32, 32), "(2, 1, 32, 32)")

    def test_missing_channel(self):
        """A batch without the channel dimension is refused with its shape."""
        self.assert_refused(torch.zeros(5, 28, 28), "(5, 28, 28)")

    def test_missing_batch(self):
        """A single image without the batch dimension is refused with its shape."""
        self.assert_refused(torch.zeros(1, 28, 28), "(1, 28, 28)")

    def test_three_channels(self):
        """Colour images are refused with their shape."""
        self.assert_refused(torch.zeros(2, 3, 28, 28), "(2, 3, 28, 28)")

    def test_raw_bytes(self):
        """Images of bytes are refused with their dtype, and the message tells the expected one."""
        self.assert_refused(torch.zeros(2, 1, 28, 28, dtype=torch.uint8), "torch.uint8")
        self.assert_refused(torch.zeros(2, 1, 28, 28, dtype=torch.uint8), "torch.float32")

    def test_double_precision(self):
        """Images of float64 are refused by a model of float32."""
        self.assert_refused(torch.zeros(2, 1, 28, 28, dtype=torch.float64), "torch.float64")

    def test_no_tensor(self):
        """Something that is no tensor is refused with its type."""
        self.assert_refused([[0.0]], "list")

    def test_error_is_a_value_error(self):
        """The error can be caught as a ValueError and as the package's own."""
        self.assertTrue(issubclass(InputMismatch, ValueError))
        self.assertTrue(issubclass(InputMismatch, MnistError))

    def test_checked_under_optimisation(self):
        """The checks do not disappear under `python -O`."""
        source = Path(mnist.model.__file__).read_text(encoding="utf-8")
        optimised = {"__name__": "mnist.model_optimised"}
        exec(compile(source, "model.py", "exec", optimize=2, dont_inherit=True), optimised)
        with self.assertRaisesRegex(InputMismatch, r"\(2, 3, 28, 28\)"):
            optimised["MNISTClassifier"]()(torch.zeros(2, 3, 28, 28))

    def test_converted_model(self):
        """A model converted to float64 takes float64."""
        self.assertEqual(make_model().double()(torch.zeros(1, 1, 28, 28, dtype=torch.float64)).dtype, torch.float64)


class Predictions(unittest.TestCase):
    def setUp(self):
        self.model = make_model()
        self.images, _ = create_dummy_data(33)

    def test_classes(self):
        """`predict` gives one whole number from 0 to 9 for each image."""
        classes = self.model.predict(self.images)
        self.assertEqual((tuple(classes.shape), classes.dtype), ((33,), torch.int64))
        self.assertTrue(((classes >= 0) & (classes <= 9)).all())

    def test_largest_logit(self):
        """`predict` gives the place of the largest logit of each row."""
        rows = self.model(self.images).tolist()
        self.assertEqual(self.model.predict(self.images).tolist(), [row.index(max(row)) for row in rows])

    def test_probabilities(self):
        """`predict_proba` gives numbers from 0 to 1 that sum to one for each image."""
        probabilities = self.model.predict_proba(self.images)
        self.assertEqual(probabilities.shape, (33, 10))
        self.assertTrue(((probabilities >= 0) & (probabilities <= 1)).all())
        torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(33))

    def test_probabilities_agree(self):
        """The most probable class is the predicted one."""
        self.assertTrue(torch.equal(self.model.predict_proba(self.images).argmax(dim=1), self.model.predict(self.images)))

    def test_no_gradients(self):
        """Predictions carry no graph, and gradients are tracked again afterwards."""
        self.assertFalse(self.model.predict_proba(self.images).requires_grad)
        self.assertTrue(torch.is_grad_enabled())
        self.assertTrue(self.model(self.images).requires_grad)

    def test_mode(self):
        """Predictions leave the model in the mode in which it was."""
        for method in (self.model.predict, self.model.predict_proba):
            for mode in (True, False):
                with self.subTest(method=method.__name__, training=mode):
                    self.model.train(mode)
                    method(self.images)
                    self.assertEqual({module.training for module in self.model.modules()}, {mode})

    def test_mode_of_submodules(self):
        """A layer that was put into evaluation mode on its own stays there."""
        self.model.train()
        self.model.conv1.eval()
        self.model.predict(self.images)
        self.assertEqual((self.model.training, self.model.conv1.training), (True, False))

    def test_evaluation_mode_inside(self):
        """While a prediction is made, the model is in evaluation mode."""
        modes: list[bool] = []
        self.model.train().register_forward_pre_hook(lambda module, _inputs: modes.append(module.training))
        self.model.predict(self.images)
        self.assertEqual(modes, [False])

    def test_mode_after_an_error(self):
        """The mode is put back even where the prediction fails."""
        self.model.train()
        with self.assertRaises(InputMismatch):
            self.model.predict(torch.zeros(1))
        self.assertTrue(self.model.training)

    def test_evaluating_leaves_weights_alone(self):
        """`evaluating` changes no weight."""
        before = digests_of(self.model)
        with evaluating(self.model):
            self.model(self.images)
        self.assertEqual(digests_of(self.model), before)


class Gradients(unittest.TestCase):
    def setUp(self):
        self.model = make_model()
        images, labels = create_dummy_data(16)
        functional.cross_entropy(self.model(images), labels).backward()

    def test_reach_every_parameter(self):
        """The loss has a gradient at every parameter, and not only zeros."""
        for name, parameter in self.model.named_parameters():
            with self.subTest(parameter=name):
                self.assertIsNotNone(parameter.grad)
                self.assertGreater(parameter.grad.abs().max().item(), 0)

    def test_finite(self):
        """Every gradient is finite."""
        for name, parameter in self.model.named_parameters():
            with self.subTest(parameter=name):
                self.assertTrue(torch.isfinite(parameter.grad).all())


@unittest.skipUnless(torch.cuda.is_available(), "no CUDA GPU on this machine")
class OnCuda(unittest.TestCase):
    def test_forward(self):
        """The logits on a GPU are close to those on the CPU."""
        model, (images, _) = make_model(), create_dummy_data(8)
        expected = model(images)
        torch.testing.assert_close(model.to("cuda")(images.to("cuda")).cpu(), expected, atol=1e-3, rtol=1e-3)

    def test_predictions_stay_on_the_device(self):
        """Predictions lie where the model lies."""
        model = MNISTClassifier().to("cuda")
        self.assertEqual(model.predict(torch.zeros(2, 1, 28, 28, device="cuda")).device.type, "cuda")
