"""PyTorch's answers: live where torch is installed, recorded into fixtures for where it is not.

    python tests/oracles/pytorch.py      # writes gradients.npz and updates.npz beside this file

PyTorch computes with its own functions and its own autograd, in float64.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import clearprop as cp
from cases import Case, gradient_cases

HERE = Path(__file__).parent


def gradient(case: Case) -> tuple[float, np.ndarray]:
    """The cost of a case and its gradient in the order of network.parameters, by autograd."""
    import torch
    from torch.nn import functional as F

    functions = {
        "identity": lambda z: z,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
        "elu": F.elu,
        "gelu": F.gelu,
        "silu": F.silu,
        "softplus": F.softplus,
        "exp": torch.exp,
        "softmax": lambda z: torch.softmax(z, dim=1),
    }
    losses = {
        "squared_error": lambda z, a, y: 0.5 * F.mse_loss(a, y, reduction="none").sum(1),
        "cross_entropy": lambda z, a, y: F.cross_entropy(z, y, reduction="none"),
        "binary_cross_entropy": lambda z, a, y: F.binary_cross_entropy_with_logits(
            z, y, reduction="none"
        ).sum(1),
        "absolute_error": lambda z, a, y: F.l1_loss(a, y, reduction="none").sum(1),
        "huber": lambda z, a, y: F.huber_loss(a, y, reduction="none", delta=1.0).sum(1),
        "quantile": lambda z, a, y: torch.maximum(0.5 * (y - a), -0.5 * (y - a)).sum(1),
        "poisson": lambda z, a, y: (
            F.poisson_nll_loss(a, y, log_input=False, eps=0.0, reduction="none")
            - y
            + torch.xlogy(y, y)
        ).sum(1),
    }
    network, (X, y, weights) = case.network(), case.data()
    tensors = {
        name: torch.tensor(view.copy(), requires_grad=True)
        for name, view in network.unflatten(network.parameters).items()
    }
    a = torch.tensor(X)
    for layer in range(1, case.layers + 1):
        z = F.linear(a, tensors[f"W{layer}"], tensors.get(f"b{layer}"))
        a = functions[case.output if layer == case.layers else case.hidden](z)
    per_sample = losses[case.loss](z, a, torch.tensor(y))
    if weights is None:
        cost = per_sample.mean()
    else:
        w = torch.tensor(weights)
        cost = (w * per_sample).sum() / w.sum()
    cost.backward()
    return cost.item(), np.concatenate([t.grad.numpy().ravel() for t in tensors.values()])


N_PARAMETERS, N_UPDATES = 12, 20


def update_inputs() -> tuple[np.ndarray, np.ndarray]:
    """Twelve parameters, and twenty gradients for them of very different sizes."""
    r = np.random.default_rng(20)
    start = r.standard_normal(N_PARAMETERS)
    scale = 10.0 ** np.linspace(-4, 2, N_PARAMETERS)
    return start, scale * r.standard_normal((N_UPDATES, N_PARAMETERS))


def optimizer_cases() -> dict[str, cp.optimizers.Optimizer]:
    """Our optimizers by the names that `updates` follows."""
    return {
        "sgd": cp.SGD(0.1),
        "momentum": cp.SGD(0.1, momentum=0.9),
        "nesterov": cp.SGD(0.1, momentum=0.9, nesterov=True),
        "adam": cp.Adam(0.01),
        "adam-settings": cp.Adam(0.02, beta1=0.8, beta2=0.95, epsilon=1e-4),
        "adamw": cp.AdamW(0.01, decay=0.1),
        "rmsprop": cp.RMSprop(0.01),
        "rmsprop-momentum": cp.RMSprop(0.01, alpha=0.9, momentum=0.5),
        "rprop": cp.RProp(0.02),
        "rprop-settings": cp.RProp(0.1, cut=0.3, grow=1.5, smallest=1e-3, largest=0.2),
        "sgd-constant": cp.SGD(cp.constant(0.1)),
        "sgd-step": cp.SGD(cp.step(0.1, every=7, factor=0.3)),
        "sgd-exponential": cp.SGD(cp.exponential(0.1, 0.8)),
        "sgd-cosine": cp.SGD(cp.cosine(0.1, steps=15, final=0.001)),
        "sgd-warmup_cosine": cp.SGD(cp.warmup_cosine(0.1, warmup=5)),
        "sgd-inverse_scaling": cp.SGD(cp.inverse_scaling(0.1, power=0.6)),
        "adam-cosine": cp.Adam(cp.cosine(0.01)),
        "adamw-step": cp.AdamW(cp.step(0.01, every=5), decay=0.1),
        "rmsprop-exponential": cp.RMSprop(cp.exponential(0.01, 0.9)),
    }


def updates(name: str) -> np.ndarray:
    """PyTorch's parameters after each of the twenty updates, shape (20, 12)."""
    import torch
    from torch import optim
    from torch.optim import lr_scheduler as lr

    start, gradients = update_inputs()
    p = torch.nn.Parameter(torch.tensor(start))
    makers = {
        "sgd": lambda: optim.SGD([p], lr=0.1),
        "momentum": lambda: optim.SGD([p], lr=0.1, momentum=0.9),
        "nesterov": lambda: optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True),
        "adam": lambda: optim.Adam([p], lr=0.01),
        "adam-settings": lambda: optim.Adam([p], lr=0.02, betas=(0.8, 0.95), eps=1e-4),
        "adamw": lambda: optim.AdamW([p], lr=0.01, weight_decay=0.1),
        "rmsprop": lambda: optim.RMSprop([p], lr=0.01),
        "rmsprop-momentum": lambda: optim.RMSprop([p], lr=0.01, alpha=0.9, momentum=0.5),
        "rprop": lambda: optim.Rprop([p], lr=0.02),
        "rprop-settings": lambda: optim.Rprop([p], lr=0.1, etas=(0.3, 1.5), step_sizes=(1e-3, 0.2)),
    }
    schedulers = {
        "constant": lambda o: lr.ConstantLR(o, factor=1.0),
        "step": lambda o: lr.StepLR(o, 7, 0.3) if name == "sgd-step" else lr.StepLR(o, 5, 0.1),
        "exponential": lambda o: lr.ExponentialLR(o, 0.8 if name == "sgd-exponential" else 0.9),
        "cosine": lambda o: (
            lr.LambdaLR(o, _clamped_cosine) if name == "sgd-cosine" else lr.CosineAnnealingLR(o, 20)
        ),
        "warmup_cosine": lambda o: lr.SequentialLR(
            o,
            [lr.LinearLR(o, 1 / 5, 1.0, total_iters=4), lr.CosineAnnealingLR(o, 15)],
            milestones=[5],
        ),
        "inverse_scaling": lambda o: lr.LambdaLR(o, lambda t: 1 / (t + 1) ** 0.6),
    }
    kind, _, rest = name.partition("-")
    scheduled = rest in schedulers
    optimizer = makers[kind if scheduled else name]()
    scheduler = schedulers[rest](optimizer) if scheduled else None
    path = []
    for gradient in gradients:
        p.grad = torch.tensor(gradient)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        path.append(p.detach().numpy().copy())
    return np.array(path)


def _clamped_cosine(t: int) -> float:
    """CosineAnnealingLR over 15 steps, whose own form starts to rise again after its end."""
    import math

    return (0.001 + (0.1 - 0.001) * (1 + math.cos(math.pi * min(t, 15) / 15)) / 2) / 0.1


def record() -> None:
    answers = [gradient(case) for case in gradient_cases()]
    np.savez_compressed(
        HERE / "gradients.npz",
        names="\n".join(case.name for case in gradient_cases()),
        parameters=np.concatenate([case.network().parameters for case in gradient_cases()]),
        costs=np.array([cost for cost, _ in answers]),
        gradients=np.concatenate([vector for _, vector in answers]),
    )
    np.savez_compressed(HERE / "updates.npz", **{name: updates(name) for name in optimizer_cases()})


if __name__ == "__main__":
    record()
