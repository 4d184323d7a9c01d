"""JAX, as it is timed: all epochs of a call in one jitted scan over an order drawn beforehand."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from clearprop.bench.cases import Array, Case, Layers

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class JAX:
    """One compiled program, a function of the start, the orders and the data."""

    def __init__(self, case: Case, X: Array, y: Array, start: Layers, threads: int | None) -> None:
        self._case, self.epochs = case, case.epochs
        layers = [(jnp.asarray(W), jnp.asarray(b)) for W, b in start]
        target = y.astype(np.int32) if case.loss == "cross_entropy" else y
        orders = None
        if len(X) > case.batch:
            rng, rows = np.random.default_rng(3), np.arange(len(X), dtype=np.int32)
            drawn = [rng.permutation(rows) if case.shuffle else rows for _ in range(case.epochs)]
            orders = jnp.asarray(np.array(drawn))
        self._arguments = (layers, orders, jnp.asarray(X), jnp.asarray(target))

    def warm_up(self) -> None:
        """Compile."""
        self._compiled = jax.jit(self._train).lower(*self._arguments).compile()

    def reset(self) -> None:
        """Nothing: a call is a function of the start."""

    def call(self) -> None:
        """Train."""
        self._learned, _ = jax.block_until_ready(self._compiled(*self._arguments))

    def _cost(self, layers: Any, X: Any, y: Any) -> Any:
        case, a = self._case, X
        for number, (W, b) in enumerate(layers, 1):
            a = a @ W.T + b
            if number < len(layers):
                a = jax.nn.relu(a) if case.hidden == "relu" else jax.nn.sigmoid(a)
        if case.loss == "cross_entropy":
            one_hot = jax.nn.one_hot(y, case.sizes[-1], dtype=a.dtype)
            return -(one_hot * jax.nn.log_softmax(a)).sum(1).mean()
        return 0.5 * ((jax.nn.sigmoid(a) - y) ** 2).sum(1).mean()

    def _update(self, state: Any, X: Any, y: Any) -> Any:
        case, each = self._case, jax.tree_util.tree_map
        layers, moments = state
        cost, g = jax.value_and_grad(self._cost)(layers, X, y)
        if case.optimizer == "SGD":
            return (each(lambda w, g: w - case.rate * g, layers, g), moments), cost
        m, v, t = moments
        t = t + 1
        m = each(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        v = each(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
        left, right = 1 - BETA1**t, 1 - BETA2**t

        def moved(w: Any, m: Any, v: Any) -> Any:
            return w - case.rate * (m / left) / (jnp.sqrt(v / right) + EPSILON)

        return (each(moved, layers, m, v), (m, v, t)), cost

    def _train(self, start: Any, orders: Any, X: Any, y: Any) -> Any:
        case = self._case

        def picked(state: Any, rows: Any) -> Any:
            return self._update(state, X[rows], y[rows])

        def epoch(state: Any, order: Any) -> Any:
            if order is None:
                return self._update(state, X, y)
            whole = case.rows // case.batch * case.batch
            state, costs = jax.lax.scan(picked, state, order[:whole].reshape(-1, case.batch))
            if whole < case.rows:
                state, _ = picked(state, order[whole:])
            return state, costs.mean()

        zeros = jax.tree_util.tree_map(jnp.zeros_like, start)
        moments = (zeros, zeros, jnp.float32(0)) if case.optimizer == "Adam" else ()
        state, costs = jax.lax.scan(epoch, (start, moments), orders, length=case.epochs)
        return state[0], costs

    def layers(self) -> Layers:
        """Return what was learned."""
        return [(np.asarray(W), np.asarray(b)) for W, b in self._learned]
