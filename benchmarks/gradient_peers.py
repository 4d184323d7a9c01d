"""Gradient checks that are timed and counted: Clearprop's, and others at their defaults.

Each is asked whether a gradient is that of a case's function, and says "right", "wrong" or, where it
has such an answer, "not determined". The peers get the function in their own library, and the gradient
as the backward pass of that.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import jax
import numpy as np
import torch
from jax.test_util import check_grads
from scipy.optimize import check_grad

import clearprop as cp
from gradient_cases import Array, Case

SHARE = 1e-6
"""SciPy's `check_grad` gives a distance and no verdict: wrong is one above this share of the gradient."""

Gradient = Callable[[Array], Array]


def clearprop(case: Case, gradient: Gradient) -> str:
    """`cp.check_gradient_function`, which takes functions of NumPy arrays."""
    with np.errstate(all="ignore"):
        return cp.check_gradient_function(case.f, gradient, case.x).outcome


def gradcheck_slow(case: Case, gradient: Gradient, *, fast: bool = False) -> str:
    """`torch.autograd.gradcheck`: every entry of the Jacobian by central differences."""
    given = torch.from_numpy(gradient(case.x))
    data = [torch.from_numpy(array) for array in case.data]

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
            return case.family.value(torch, x / case.size, *data)

        @staticmethod
        def backward(ctx: object, error: torch.Tensor) -> torch.Tensor:
            return error * given

    x = torch.from_numpy(case.x.astype(case.dtype)).requires_grad_()
    with warnings.catch_warnings():  # of float32
        warnings.simplefilter("ignore")
        right = torch.autograd.gradcheck(Planted.apply, (x,), fast_mode=fast, raise_exception=False)
    return "right" if right else "wrong"


def gradcheck_fast(case: Case, gradient: Gradient) -> str:
    """The same along one random direction."""
    return gradcheck_slow(case, gradient, fast=True)


@jax.enable_x64(True)
def jax_check_grads(case: Case, gradient: Gradient) -> str:
    """`jax.test_util.check_grads`, order 1, in reverse mode: along one random direction."""
    given = jax.numpy.asarray(gradient(case.x))
    data = [jax.numpy.asarray(array) for array in case.data]

    @jax.custom_vjp
    def f(x: jax.Array) -> jax.Array:
        return case.family.value(jax.numpy, x / case.dtype(case.size), *data)

    f.defvjp(lambda x: (f(x), None), lambda _, error: (error * given,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check_grads(f, (jax.numpy.asarray(case.x.astype(case.dtype)),), 1, modes=("rev",))
        except AssertionError:
            return "wrong"
    return "right"


def scipy_check_grad(case: Case, gradient: Gradient) -> str:
    """`scipy.optimize.check_grad`: forward differences of every parameter, and one distance."""
    with np.errstate(all="ignore"):
        distance = check_grad(case.f, gradient, case.x)
        size = float(np.linalg.norm(gradient(case.x)))
    return "right" if distance <= SHARE * size else "wrong"


OURS = "Clearprop"
SYSTEMS: dict[str, Callable[[Case, Gradient], str]] = {
    OURS: clearprop,
    "gradcheck, slow": gradcheck_slow,
    "gradcheck, fast": gradcheck_fast,
    "check_grads": jax_check_grads,
    "check_grad": scipy_check_grad,
}
"""By their names in the page."""
