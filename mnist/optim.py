"""The optimiser of the fast path: Muon for the matrices, AdamW for the rest, and the schedule of their learning rate.

Sources:
    Muon: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks",
    https://kellerjordan.github.io/posts/muon/
    AdamW: Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", https://arxiv.org/abs/1711.05101
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final, overload

import torch
from torch import Tensor, nn

REFERENCE_BATCH_SIZE: Final = 128
MATRIX_RATE: Final = 0.02
VECTOR_RATE: Final = 0.003
_MATRICES: Final = frozenset({"conv1.weight", "conv2.weight", "fc1.weight"})
_WARM_UP: Final = 0.05


class MuonAdamW(torch.optim.Optimizer):
    """Muon on `matrices`, AdamW on `vectors`, in one optimiser.

    `torch.optim.Muon` takes 2-D weights only; here a convolution's kernel (out, in, h, w) is flattened to (out, in * h * w),
    and the iteration runs in the dtype of the weight, which on a CPU is quicker than bfloat16 for matrices this small.

    Args:
        matrices: Weights with at least two dimensions.
        vectors: Everything else, usually biases and the output layer.
        matrix_rate: Learning rate of Muon: an upper bound of about that size for the spectral norm of one update.
        vector_rate: Learning rate of AdamW.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        vectors: Iterable[nn.Parameter],
        matrix_rate: float = MATRIX_RATE,
        vector_rate: float = VECTOR_RATE,
    ) -> None:
        groups = [
            {"params": list(matrices), "lr": matrix_rate, "rule": "muon", "momentum": 0.95},
            {"params": list(vectors), "lr": vector_rate, "rule": "adamw", "betas": (0.9, 0.999), "weight_decay": 0.01},
        ]
        super().__init__([group for group in groups if group["params"]], {})
        for group in self.param_groups:
            group["peak_rate"] = group["lr"]

    def scale_rate(self, factor: float) -> None:
        """Set every learning rate to its peak times `factor`, 0-1."""
        for group in self.param_groups:
            group["lr"] = group["peak_rate"] * factor

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Change every parameter that has a gradient; return the closure's loss, if any."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            update = _step_muon if group["rule"] == "muon" else _step_adamw
            for parameter in group["params"]:
                if parameter.grad is not None:
                    update(parameter, parameter.grad, self.state[parameter], group)
        return loss


def make_optimizer(model: nn.Module, batch_size: int, learning_rate: float | None = None) -> MuonAdamW:
    """Return the tuned optimiser: Muon for the three big hidden weights, AdamW for the output layer and the biases.

    Args:
        model: An `MNISTClassifier`; of another model every parameter goes to AdamW.
        batch_size: The tuned learning rate is scaled by the square root of batch_size / 128, which keeps the noise of the
            updates about equal (Malladi et al. 2022, https://arxiv.org/abs/2205.10287).
        learning_rate: Peak rate of Muon; AdamW's keeps its ratio to it. None takes the tuned one.
    """
    rate = MATRIX_RATE * math.sqrt(batch_size / REFERENCE_BATCH_SIZE) if learning_rate is None else learning_rate
    named = list(model.named_parameters())
    return MuonAdamW(
        matrices=[parameter for name, parameter in named if name in _MATRICES],
        vectors=[parameter for name, parameter in named if name not in _MATRICES],
        matrix_rate=rate,
        vector_rate=rate * VECTOR_RATE / MATRIX_RATE,
    )


def rate_factor(step: int, total_steps: int) -> float:
    """Return the share of the peak learning rate, over 0 and up to 1: a linear warm-up of 5 %, times a linear decay towards 0.

    Args:
        step: Steps done so far, from 0 to total_steps - 1.
        total_steps: Steps of the whole training; the schedule stretches with it.
    """
    warm_up = min(1.0, (step + 1) / (_WARM_UP * total_steps))
    return warm_up * (1 - step / total_steps)


def orthogonalised(matrix: Tensor) -> Tensor:
    """Return roughly the nearest matrix with orthonormal rows or columns: five steps of a quintic Newton-Schulz iteration.

    Singular values end between about 0.7 and 1.2: the coefficients trade exactness for speed near zero, which training does
    not mind.

    Args:
        matrix: (rows, columns), floating point.
    """
    wide = matrix.T if matrix.size(0) > matrix.size(1) else matrix
    wide = wide / (wide.norm() + 1e-7)
    # Each step multiplies by a polynomial of the Gram matrix, which commutes with it. So the steps are taken on the small square
    # matrix alone and the wide one is multiplied once: a quarter of the time for fc1, and float32 is exact enough for five steps.
    gram = wide @ wide.T
    product = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    for _ in range(5):
        polynomial = torch.addmm(gram, gram, gram, beta=-4.7750, alpha=2.0315)
        polynomial.diagonal().add_(3.4445)
        product = polynomial @ product
        gram = polynomial @ gram @ polynomial
    result: Tensor = product @ wide
    return result.T if matrix.size(0) > matrix.size(1) else result


def _step_muon(parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    if not state:
        state["momentum"] = torch.zeros_like(gradient)
    momentum = state["momentum"].lerp_(gradient, 1 - group["momentum"])
    nesterov = gradient.lerp(momentum, group["momentum"])
    matrix = orthogonalised(nesterov.reshape(len(parameter), -1))
    scale = math.sqrt(max(1.0, matrix.size(0) / matrix.size(1)))
    parameter.add_(matrix.reshape(parameter.shape), alpha=-group["lr"] * scale)


def _step_adamw(parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    if not state:
        state |= {"step": 0, "mean": torch.zeros_like(gradient), "square": torch.zeros_like(gradient)}
    state["step"] += 1
    mean_beta, square_beta = group["betas"]
    mean = state["mean"].lerp_(gradient, 1 - mean_beta)
    square = state["square"].mul_(square_beta).addcmul_(gradient, gradient, value=1 - square_beta)
    spread = (square / (1 - square_beta ** state["step"])).sqrt_().add_(1e-8)
    parameter.mul_(1 - group["lr"] * group["weight_decay"])
    parameter.addcdiv_(mean, spread, value=-group["lr"] / (1 - mean_beta ** state["step"]))
