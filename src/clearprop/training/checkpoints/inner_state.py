"""State that what computes keeps in itself: attributes that change while a run goes on.

No checkpoint holds it: a run that goes on in another process would begin with what it was at first.
So each checkpoint has digests of it, and where nobody can put it back there is none.

Objects are looked into as `copy` and `pickle` do, by `__reduce_ex__`, so a `__getstate__` of one's
own says what counts; nothing is ever made of it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any, Protocol

import numpy as np

from clearprop.errors import ArgumentError
from clearprop.network import Network


class Digest(Protocol):
    """What takes bytes."""

    def update(self, data: bytes, /) -> object:
        """Take some more."""
        ...


class InnerState:
    """What the things that compute keep in themselves.

    Parameters
    ----------
    things : mapping of str to object
        By what messages call them.
    told : bool
        Whether a callback is told when a run goes on, and may put their state back.
    """

    def __init__(self, things: Mapping[str, Any], told: bool) -> None:
        self._things, self._told = things, told
        self._begun = self.begin()

    @classmethod
    def of_run(
        cls, rule: Any, network: Network, metrics: Sequence[Any], callbacks: Sequence[Any]
    ) -> InnerState:
        """Return that of a run: of its optimizer, its functions, its metrics."""
        things = {"optimizer": rule, "loss": network.loss}
        things |= {f"activations[{at}]": one for at, one in enumerate(network.activations)}
        things |= {f"metric {metric.name}": metric for metric in metrics}
        told = any(hasattr(one, "after_resume") and not _is_ours(one) for one in callbacks)
        return cls(things, told)

    def begin(self) -> dict[str, str]:
        """Note what it is now, and return it: a digest of each thing, and of its attributes."""
        self._begun = self._states()
        return self._begun

    def _states(self) -> dict[str, str]:
        found = {}
        for name, thing in self._things.items():
            found[name] = digest_of(thing)
            inside = getattr(thing, "__dict__", {})
            found |= {f"{name}.{attribute}": digest_of(one) for attribute, one in inside.items()}
        return found

    def kept(self) -> dict[str, str]:
        """Return the digests that a checkpoint has.

        Raises
        ------
        ArgumentError
            If it is another than in the beginning, and no callback could put it back.
        """
        now = self._states()
        found = self.changed(self._begun, now)
        if found is not None and not self._told:
            raise ArgumentError(
                f"{found} is not what it was when the run began, and no checkpoint holds that; a "
                "callback with a method after_resume may put it back"
            )
        return now

    def changed_since_begun(self) -> str | None:
        """Return the name of what is another than in the beginning, or None."""
        return self.changed(self._begun, self._states())

    def changed(self, before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
        """Return the name of what differs, an attribute where it is one's, or None."""
        for name in self._things:
            if before.get(name) != now.get(name):
                attributes = [one for one in {**now, **before} if one.startswith(f"{name}.")]
                return next((one for one in attributes if before.get(one) != now.get(one)), name)
        return None


def digest_of(value: Any) -> str:
    """Return a digest of an object with all that it holds, the same in every process.

    Examples
    --------
    >>> held = {"rate": 1.0}
    >>> before = digest_of(held)
    >>> held["rate"] /= 2
    >>> digest_of(held) == before
    False
    """
    digest = hashlib.sha256()
    try:
        _feed(digest, value, ())
    except RecursionError:  # as deep as nothing that could be looked into
        digest = hashlib.sha256(b"deep")
    return digest.hexdigest()[:16]


def _feed(digest: Digest, value: Any, around: tuple[int, ...]) -> None:
    """Let a digest take an object, which lies within others."""
    if id(value) in around:  # it holds itself
        digest.update(b"...")
        return
    within = (*around, id(value))
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        digest.update(_number_or_text(value).encode(errors="backslashreplace"))
        return
    digest.update(_name(type(value)))
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, list | tuple):
        _feed_all(digest, value, within)
    elif isinstance(value, dict):
        _feed_all(digest, [part for pair in value.items() for part in pair], within)
    elif isinstance(value, set | frozenset):
        digest.update("".join(sorted(map(digest_of, value))).encode())
    elif isinstance(value, type | ModuleType):
        digest.update(_name(value))
    else:
        _feed_all(digest, _inside(value), within)


def _number_or_text(value: Any) -> str:
    """Return a text that is the same for equal numbers, however they are written."""
    if isinstance(value, bool | int | float):
        return hex(int(value)) if value == value // 1 else repr(float(value))
    return repr(value)


def _feed_all(digest: Digest, parts: Iterable[Any], within: tuple[int, ...]) -> None:
    for part in parts:
        digest.update(b"(")
        _feed(digest, part, within)
    digest.update(b")")


def _inside(value: Any) -> Sequence[Any]:
    """Return what an object, function or iterator is made of, as far as it says so."""
    if isinstance(value, FunctionType):
        cells = [_content(cell) for cell in value.__closure__ or ()]
        given = (value.__defaults__, value.__kwdefaults__, value.__dict__)
        return [value.__module__, value.__qualname__, *cells, *given]
    if isinstance(value, MethodType | BuiltinFunctionType):
        return [value.__name__, value.__self__]
    if isinstance(value, GeneratorType):
        frame = value.gi_frame
        return [] if frame is None else [frame.f_lasti, dict(frame.f_locals)]
    kind = type(value)
    if kind.__module__.partition(".")[0] == "numba":  # which compiles when it is called
        return []
    if _is_ours(value) and not _is_setting(kind):  # whose state checkpoints hold
        return []
    return _reduced(value)


def _is_ours(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "clearprop"


def _is_setting(kind: type) -> bool:
    return is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def _reduced(value: Any) -> Sequence[Any]:
    """Return what `copy.copy` would make an object anew of; nothing of one that has no copies."""
    try:
        if type(value).__module__ == "itertools":  # which warns that it will not be copied
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reduced = value.__reduce_ex__(4)
        else:
            reduced = value.__reduce_ex__(4)
    except Exception:  # a lock, a file, an iterator that cannot be told
        return []
    if isinstance(reduced, str):
        return [reduced]
    made, given, state, *items = [*reduced, None, None, None][:5]
    if isinstance(state, dict):  # without what is worked out once, when it is asked for
        kind = type(value)
        lazy = {name for name in state if isinstance(getattr(kind, name, 0), cached_property)}
        state = {name: one for name, one in state.items() if name not in lazy} or None
    return [made, given, state, *(list(one) for one in items if one is not None)]


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it has none yet
        return None


def _name(value: Any) -> bytes:
    qualified = getattr(value, "__qualname__", value.__name__)
    return f"{getattr(value, '__module__', '')}.{qualified}".encode()
