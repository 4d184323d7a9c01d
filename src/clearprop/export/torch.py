"""PyTorch: a network as an nn.Sequential, and an nn.Sequential as weights, biases, activations.

The modules: https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, missing_extra
from clearprop.export.activations import EXPORTS, exported
from clearprop.export.layers import layers_of
from clearprop.export.torch_checks import (
    check_module,
    check_no_hooks_on_all,
    check_none_shared,
    check_one_type,
    numbers_of,
)
from clearprop.topology import Topology

Array = NDArray[Any]

_ALSO: dict[str, dict[str, Callable[[Any], bool]]] = {
    "softplus": {"threshold": lambda z: z >= 20},  # where log(1 + e^z) is z, to 2e-9
    "softmax": {"dim": lambda dim: dim in (1, -1)},
}
"""Settings of a module that may be others than those of the module we make."""

_NO_MATTER = frozenset({"training", "inplace"})
"""What a module is set to that changes no number of a prediction."""


def to_torch(network: Topology) -> Any:
    """Return a network as an ``nn.Sequential`` of Linear and activation modules.

    Parameters
    ----------
    network : Topology
        In float32 or float64, which the modules keep; its activations are built-in ones.

    Returns
    -------
    torch.nn.Sequential
        From inputs (n, n_0) to a^L (n, n_L), with a copy of the parameters.

    Raises
    ------
    ArgumentError
        If an activation is the user's own, or the data type another.
    MissingExtraError
        If PyTorch (the extra `torch`) is not installed.
    """
    nn = _nn("network.to_torch()")
    made: list[Any] = []
    for W, b, activation in layers_of(network, "PyTorch"):
        made.append(_linear(W, b))
        if activation != "identity":
            made.append(exported(activation).torch(nn))
    return nn.Sequential(*made)


def from_torch(sequential: Any) -> tuple[list[Array], list[Array] | None, list[str]]:
    """Return the weights, biases and activations of an ``nn.Sequential``.

    Dropout and a leading Flatten change no prediction for rows of numbers, and are passed over;
    a Sequential in a Sequential is read as if its modules stood there. Hooks of the backward pass,
    and whether a parameter is trained, are no matter either.

    Parameters
    ----------
    sequential : torch.nn.Sequential

    Returns
    -------
    weights : list of ndarray, shape (n_l, n_(l-1))
    biases : list of ndarray, shape (n_l,), or None
        None if no module has biases; zeros for a module that has none beside others that do.
    activations : list of str

    Raises
    ------
    ArgumentError
        If a module, its setting, or what is attached to it is none that a network has: a hook of
        the forward pass, a parametrization, parameters that two modules share. The message names
        it.
    NonFiniteError
        If a parameter is NaN or infinite; the message names it.
    MissingExtraError
        If PyTorch (the extra `torch`) is not installed.
    """
    nn = _nn("cp.Network.from_torch()")
    if not _is_sequential(sequential):
        raise ArgumentError(f"from_torch takes an nn.Sequential, not a {type(sequential).__name__}")
    check_no_hooks_on_all()
    check_module(sequential, "the nn.Sequential")
    linears, activations = _layers_in(sequential, nn)
    if not linears:
        raise ArgumentError("the nn.Sequential has no Linear module: there is no network in it")
    tensors = [
        (f"the {what} of module {place} (Linear)", getattr(linear, what))
        for what in ("weight", "bias")
        for place, linear in linears
    ]
    given = [(name, tensor) for name, tensor in tensors if tensor is not None]
    numbers = {name: numbers_of(tensor, name) for name, tensor in given}
    check_one_type(given)
    check_none_shared(given)
    n = len(linears)
    weights = [numbers[name] for name, _ in tensors[:n]]
    biases = [numbers.get(name) for name, _ in tensors[n:]]
    if all(b is None for b in biases):
        return weights, None, activations
    pairs = zip(weights, biases, strict=True)
    filled = [np.zeros(len(W), W.dtype) if b is None else b for W, b in pairs]
    return weights, filled, activations


def _layers_in(sequential: Any, nn: Any) -> tuple[list[tuple[str, Any]], list[str]]:
    """Return the Linear modules with their places, and the activation that follows each."""
    ours = {name: entry.torch(nn) for name, entry in EXPORTS.items()}
    known = {type(module): name for name, module in ours.items()}
    linears: list[tuple[str, Any]] = []
    activations: list[str] = []
    open_layer = False  # whether the last Linear still waits for its activation
    for place, module in _flat(sequential):
        kind = type(module)
        if kind is nn.Dropout or (kind is nn.Flatten and not linears and module.start_dim == 1):
            continue
        if kind is nn.Linear:
            linears.append((place, module))
            activations.append("identity")
            open_layer = True
        elif kind in known or kind is nn.Identity:
            name = known.get(kind, "identity")
            if kind in known:
                _check_settings(name, module, ours[name], place)
            if not open_layer and name != "identity":
                raise ArgumentError(
                    f"module {place} ({kind.__name__}) follows no Linear: a layer of a network is "
                    "a Linear and one activation"
                )
            if name != "identity":
                activations[-1] = name
                open_layer = False
        else:
            _refuse(place, module, sorted(one.__name__ for one in known))
    return linears, activations


def _nn(feature: str) -> Any:
    """Return ``torch.nn``; `feature` is what needs it."""
    try:
        from torch import nn
    except ImportError:
        missing_extra("PyTorch", feature, "torch")
    return nn


def _linear(W: Array, b: Array | None) -> Any:
    import torch
    from torch import nn

    # On "meta" no first weights are drawn, which would move the caller's random numbers on.
    linear = nn.Linear(*W.shape[::-1], bias=b is not None, device="meta")
    linear.weight = nn.Parameter(torch.from_numpy(W.copy()))
    if b is not None:
        linear.bias = nn.Parameter(torch.from_numpy(b.copy()))
    return linear


def _flat(sequential: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the modules in the order they run in, each as often as it does, with their names.

    All are checked on the way, the Sequentials in between too.
    """
    # children() would leave out a module that stands at two places.
    for name, module in sequential._modules.items():
        place = f"{prefix}{name}"
        if module is not None:  # as which PyTorch keeps a module taken out
            check_module(module, f"module {place} ({type(module).__name__})")
        if _is_sequential(module):
            yield from _flat(module, f"{place}.")
        else:
            yield place, module


_OF_SEQUENTIAL = ("__call__", "_call_impl", "__iter__", "forward")
"""What makes a Sequential run its modules one after another."""


def _is_sequential(module: Any) -> bool:
    """Whether a module runs its modules one after another, as a subclass may not."""
    from torch import nn

    return isinstance(module, nn.Sequential) and all(
        getattr(type(module), name) is getattr(nn.Sequential, name) for name in _OF_SEQUENTIAL
    )


def _check_settings(name: str, module: Any, ours: Any, place: str) -> None:
    """Raise `ArgumentError` unless a module is set as the one that we make."""
    for setting, expected in vars(ours).items():
        if setting.startswith("_") or setting in _NO_MATTER:
            continue
        value = getattr(module, setting)
        also = _ALSO.get(name, {}).get(setting)
        if value != expected and not (also is not None and also(value)):
            raise ArgumentError(
                f"module {place} ({type(module).__name__}) has {setting}={value!r}, which the "
                f"activation {name!r} has not"
            )


def _refuse(place: str, module: Any, known: list[str]) -> None:
    kind = type(module).__name__
    if kind in ("Linear", *known):  # of another library, or quantized
        kind = f"{type(module).__module__}.{kind}"
    hint = " (take Softmax: a network gives probabilities)" if kind == "LogSoftmax" else ""
    raise ArgumentError(
        f"module {place} is a {kind}, which no network has{hint}; there are: Linear, Identity, "
        f"{', '.join(known)}"
    )
