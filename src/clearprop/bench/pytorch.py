"""PyTorch, as it is timed: a plain loop over batches, eager and compiled."""

from __future__ import annotations

from typing import Any

import torch

from clearprop.bench.cases import Array, Case, Layers

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class PyTorch:
    """The eager mode: autograd, and the fused optimizers, which are the fastest.

    The rows of an epoch are put in order at once, which is faster than batch by batch; no module
    and no loader stands between, and costs are not summed up.
    """

    def __init__(self, case: Case, X: Array, y: Array, start: Layers, threads: int | None) -> None:
        if threads:
            torch.set_num_threads(threads)
        torch.manual_seed(0)
        self._case, self._start = case, start
        self._X, self._y = torch.from_numpy(X), torch.from_numpy(y)
        self.epochs = case.python_epochs or case.epochs
        self._parameters: list[Any] = []

    def warm_up(self) -> None:
        """Train on a few rows."""
        self.reset()
        self._train(self._case.warm_rows, 1)

    def reset(self) -> None:
        """Go back to the start, with an optimizer that has seen nothing."""
        self._parameters = [w.requires_grad_() for w in self._start_again()]
        maker = getattr(torch.optim, self._case.optimizer)
        self._optimizer = maker(self._parameters, lr=self._case.rate, fused=True)

    def _start_again(self) -> list[Any]:
        return [torch.from_numpy(array.copy()) for layer in self._start for array in layer]

    def call(self) -> None:
        """Train on all rows."""
        self._train(self._case.rows, self.epochs)

    def _cost(self, parameters: list[Any], X: Any, y: Any) -> Any:
        case, a = self._case, X
        for at in range(0, len(parameters), 2):
            a = torch.nn.functional.linear(a, parameters[at], parameters[at + 1])
            if at < len(parameters) - 2:
                a = torch.relu(a) if case.hidden == "relu" else torch.sigmoid(a)
        if case.loss == "cross_entropy":
            return torch.nn.functional.cross_entropy(a, y)
        return 0.5 * ((torch.sigmoid(a) - y) ** 2).sum(1).mean()

    def _step(self, X: Any, y: Any) -> None:
        self._optimizer.zero_grad()
        self._cost(self._parameters, X, y).backward()
        self._optimizer.step()

    def _train(self, rows: int, epochs: int) -> None:
        X, y, batch = self._X[:rows], self._y[:rows], self._case.batch
        for _ in range(epochs):
            if self._case.shuffle:
                order = torch.randperm(rows)
                batches = X[order].split(batch), y[order].split(batch)
            else:
                batches = X.split(batch), y.split(batch)
            for some, wanted in zip(*batches, strict=True):
                self._step(some, wanted)

    def layers(self) -> Layers:
        """Return what was learned."""
        arrays = [w.detach().numpy() for w in self._parameters]
        return list(zip(arrays[::2], arrays[1::2], strict=True))


class Compiled(PyTorch):
    """torch.compile over a whole step, gradient and update in one graph.

    That takes half the time of a compiled cost with an optimizer beside it. A graph is made for
    each of the two sizes of a batch; the C++ wrapper saves a tenth against the one in Python.
    """

    def warm_up(self) -> None:
        """Compile."""
        case, gradient = self._case, torch.func.grad(self._cost)

        def sgd(parameters: list[Any], X: Any, y: Any) -> None:
            for w, g in zip(parameters, gradient(parameters, X, y), strict=True):
                w.sub_(g, alpha=case.rate)

        def adam(
            parameters: list[Any], first: list[Any], second: list[Any], t: Any, X: Any, y: Any
        ) -> None:
            gradients = gradient(parameters, X, y)
            t.add_(1)
            left, right = 1 - BETA1**t, 1 - BETA2**t
            for w, m, v, g in zip(parameters, first, second, gradients, strict=True):
                m.mul_(BETA1).add_(g, alpha=1 - BETA1)
                v.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
                w.sub_(case.rate * (m / left) / ((v / right).sqrt() + EPSILON))

        update = {"SGD": sgd, "Adam": adam}[case.optimizer]
        self._update = torch.compile(
            update, dynamic=False, fullgraph=True, options={"cpp_wrapper": True}
        )
        super().warm_up()

    def reset(self) -> None:
        """Go back to the start."""
        self._parameters = self._start_again()
        self._state: tuple[Any, ...] = ()
        if self._case.optimizer == "Adam":
            moments = ([torch.zeros_like(w) for w in self._parameters] for _ in range(2))
            self._state = (*moments, torch.zeros(()))

    def _step(self, X: Any, y: Any) -> None:
        self._update(self._parameters, *self._state, X, y)
