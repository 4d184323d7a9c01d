"""Checks of PyTorch modules: what makes one compute something else than its class and weights say.

A network is read of classes, settings and weights alone, so all of this is refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError
from clearprop.export.layers import check_finite

Array = NDArray[Any]

_OF_A_MODULE = frozenset({"forward", "_call_impl"})
"""What runs when a module is called, where nothing compiled it."""


def check_no_hooks_on_all() -> None:
    """Refuse hooks that PyTorch calls for every module there is.

    Raises
    ------
    ArgumentError
    """
    from torch.nn.modules import module

    for kind in ("forward", "forward_pre"):
        for hook in getattr(module, f"_global_{kind}_hooks").values():
            raise ArgumentError(
                f"PyTorch has a {_name_of(kind)} on all modules, {_called(hook)}, which may change "
                "what they give: remove it first"
            )


def check_module(module: Any, name: str) -> None:
    """Refuse a module that something was attached to; hooks of the backward pass are no matter.

    Parameters
    ----------
    module : torch.nn.Module
    name : str
        Such as "module 0 (Linear)", for the message.

    Raises
    ------
    ArgumentError
    """
    from torch.nn.modules.lazy import LazyModuleMixin
    from torch.nn.utils.parametrize import is_parametrized

    if isinstance(module, LazyModuleMixin) and module.has_uninitialized_params():
        raise ArgumentError(f"{name} has no weights yet: call the nn.Sequential on rows first")
    if is_parametrized(module):
        tensor = next(iter(module.parametrizations))
        raise ArgumentError(
            f"{name} has a parametrization of its {tensor}, which no network has: "
            f"torch.nn.utils.parametrize.remove_parametrizations(module, {tensor!r}) keeps the "
            "values"
        )
    for kind in ("forward", "forward_pre"):
        for hook in getattr(module, f"_{kind}_hooks").values():
            raise ArgumentError(
                f"{name} has a {_name_of(kind)}, {_called(hook)}, which may change what it gives: "
                "remove it first"
            )
    if not _OF_A_MODULE.isdisjoint(vars(module)):
        raise ArgumentError(
            f"{name} has a forward of its own, set on this very module: a network has that of the "
            "class"
        )


def _name_of(kind: str) -> str:
    return "forward hook" if kind == "forward" else "forward pre-hook"


def _called(hook: Any) -> str:
    return str(getattr(hook, "__name__", type(hook).__name__))


def numbers_of(tensor: Any, name: str) -> Array:
    """Return a copy of a plain tensor's numbers.

    Parameters
    ----------
    tensor : torch.Tensor
    name : str
        Such as "module 0 (Linear): weight", for the message.

    Returns
    -------
    ndarray, float32 or float64

    Raises
    ------
    ArgumentError
        If it has another type, no values, or is no plain tensor: sparse, quantized, distributed.
    NonFiniteError
        If a number is NaN or infinite.
    """
    import torch

    plain = tensor.detach()
    if tensor.dtype not in (torch.float32, torch.float64):
        raise ArgumentError(
            f"{name} is in {_short(tensor.dtype)}; a network is float32 or float64: give "
            "sequential.float()"
        )
    if tensor.is_meta:
        raise ArgumentError(f"{name} has no values, as it is on the device 'meta': load them first")
    if type(plain) is not torch.Tensor or tensor.layout != torch.strided:
        kind = _short(tensor.layout) if type(plain) is torch.Tensor else type(plain).__name__
        raise ArgumentError(f"{name} is a {kind} tensor; a network is read of dense ones")
    numbers = np.array(plain.cpu().numpy())
    check_finite(numbers, name)
    return numbers


def check_one_type(tensors: Sequence[tuple[str, Any]]) -> None:
    """Refuse named tensors of different types, which PyTorch does not multiply either.

    Raises
    ------
    ArgumentError
    """
    first, known = tensors[0]
    for name, tensor in tensors:
        if tensor.dtype != known.dtype:
            raise ArgumentError(
                f"{name} is in {_short(tensor.dtype)}, but {first} in {_short(known.dtype)}: give "
                "sequential.float() or sequential.double()"
            )


def check_none_shared(tensors: Sequence[tuple[str, Any]]) -> None:
    """Refuse named tensors that share memory: trained, they would stay the same, a network's not.

    Raises
    ------
    ArgumentError
    """
    for at, (name, tensor) in enumerate(tensors):
        for other_name, other in tensors[:at]:
            same = tensor.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
            if same and np.intersect1d(_elements(tensor), _elements(other)).size:
                raise ArgumentError(
                    f"{name} is the same memory as {other_name}; in a network every layer has "
                    "parameters of its own: give one of the two a copy.deepcopy"
                )


def _elements(tensor: Any) -> Array:
    """Return which numbers of its storage a tensor has."""
    found = np.array(tensor.storage_offset())
    for size, stride in zip(tensor.shape, tensor.stride(), strict=True):
        found = found[..., None] + stride * np.arange(size)
    return found.ravel()


def _short(of_torch: Any) -> str:
    return str(of_torch).removeprefix("torch.")
