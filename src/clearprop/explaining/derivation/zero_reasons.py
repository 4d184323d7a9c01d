"""Why a gradient is 0: the reasons that hold in the record, for which of the samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.derivation.expressions import Symbol
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.record_symbols import RecordSymbols
from clearprop.explaining.derivation.shown_numbers import number

Array = NDArray[Any]
Mask = NDArray[np.bool_]


_SMALL = "the product of these slopes is too small for float64"


class ZeroReasons:
    """What is known of a parameter whose gradient is 0.

    Parameters
    ----------
    s : RecordSymbols
    names : Names
    symbol, layer, index
        The parameter: "W" or "b", its layer, and its place.
    """

    def __init__(
        self, s: RecordSymbols, names: Names, symbol: str, layer: int, index: tuple[int, ...]
    ) -> None:
        self._s, self._names = s, names
        self._layer, self._j = layer, index[0]
        self._below = index[1] if symbol == "W" else None
        record = s.record
        self._counted = np.flatnonzero(record.omega != 0)
        self._delta = record.delta[layer - 1][self._counted, self._j]
        self._a = np.ones_like(self._delta)
        if self._below is not None:
            self._a = record.a[layer - 1][self._counted, self._below]
        self._parameter = s.parameter(symbol, layer, index)
        self._penalty = record.l2 * self._parameter.value if symbol == "W" else 0.0

    @property
    def text(self) -> str:
        """The reasons, as they go on after "as"."""
        if self._penalty:
            return f"the penalty, {number(self._penalty)}, cancels what the data give"
        with np.errstate(all="ignore"):
            shares = self._s.record.omega[self._counted] * self._delta * self._a
        if shares.any():
            return "what the samples contribute cancels"
        if not self._a.any():
            off = self._is_off(self._layer - 1, self._below or 0)
            why = ", as dropout has put it there" if off.all() else ""
            return f"{self._of_below()} is 0{self._every}{why}"
        causes = {cause: holds for cause, holds in self._causes_of_delta().items() if holds.any()}
        if not self._delta.any():
            delta = self._name(self._s.delta(self._layer, self._j))
            return f"{delta} is 0{self._every}: {self._told(causes)}"
        causes = {f"{self._of_below()} is 0": self._a == 0, **causes}
        products = (self._delta != 0) & (self._a != 0)
        causes[_SMALL] = products | causes.get(_SMALL, False)
        return self._told(causes)

    @property
    def is_at_kink(self) -> bool:
        """Whether a slope on the way to the cost is none: there, 0 is taken for it by custom."""
        s, record = self._s, self._s.record
        moved = self._a != 0  # where the parameter multiplies 0, nothing moves
        if not s.is_softmax(self._layer):
            moved &= ~self._is_off(self._layer, self._j)
        at = self._at_kink(self._layer)[:, self._j]
        moved &= at | ~self._is_flat()
        for layer in range(self._layer + 1, s.last + 1):
            at = at | self._at_kink(layer).any(axis=1)
        if getattr(s.network.loss, "has_kinks", False):
            at = at | (record.a[-1] == record.y)[self._counted].any(axis=1)
        return bool((moved & at).any())

    @property
    def _every(self) -> str:
        if self._s.n == 1:
            return ""
        every = len(self._counted) == self._s.n
        return " for every sample" if every else " for every sample that counts"

    def _name(self, symbol: Symbol) -> str:
        return self._names.text(Symbol(symbol.name, symbol.value))

    def _of_below(self) -> str:
        below = self._name(self._s.a(self._layer - 1, self._below or 0))
        return f"{below}, which {self._names.text(self._parameter)} multiplies,"

    def _told(self, causes: dict[str, Mask]) -> str:
        """Name the causes, first those that hold for most samples, until each sample has one."""
        left = np.ones(len(self._counted), dtype=bool)
        said: list[str] = []
        while left.any():
            cause = max(causes, key=lambda name: int((causes[name] & left).sum()))
            holds = causes.pop(cause) & left
            count = int(holds.sum())
            if count == len(self._counted):
                return cause
            left &= ~holds
            of = f"{count:,} of {'the others' if said else self._samples}"
            said.append(f"{cause} for {of if left.any() else 'the rest'}")
        return " and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else said[0]

    @property
    def _samples(self) -> str:
        counts = "" if len(self._counted) == self._s.n else " that count"
        return f"{len(self._counted):,} samples{counts}"

    def _causes_of_delta(self) -> dict[str, Mask]:
        """Return what makes delta 0, and for which samples it does."""
        s, layer, j = self._s, self._layer, self._j
        zero = self._delta == 0
        fused = layer == s.last and s.is_fused
        f, z = s.f(layer), self._name(s.z(layer, j))
        error = "no error comes back to this neuron"
        if fused:
            return {error: zero}
        off = zero & self._is_off(layer, j)
        causes = {"dropout leaves this neuron out": off}
        if s.is_softmax(layer):
            came = self._da_of_layer()
            column = self._columns()
            nothing = ~came.any(axis=1)
            masks = s.record.masks[layer - 1][self._counted] if layer <= len(s.record.masks) else 1
            flat = ~column.any(axis=1)
            column = column * masks
            causes = {error: zero & nothing, f"{f.name} is flat at {z}": zero & flat}
            left = zero & ~nothing & ~flat
            cancels = (came * column).any(axis=1)
            causes[f"what comes back through {f.name} cancels"] = left & cancels
            causes[f"what comes back through {f.name} is 0 or too small"] = left & ~cancels
            return causes
        nothing = zero & (self._da_of_layer()[:, j] == 0)
        flat, at = zero & self._is_flat(), self._at_kink(layer)[:, j]
        causes[f"{f.name} is flat at {z}"] = flat & ~at
        for kink in getattr(f, "kinks", ()):
            here = flat & (s.record.z[layer - 1][self._counted, j] == kink)
            told = f"{f.name} has a kink at {z} = {kink:g}, where its slope is taken to be 0"
            causes[told] = here
        causes[error] = nothing
        causes[_SMALL] = zero & ~off & ~flat & ~nothing
        return causes

    def _is_off(self, layer: int, j: int) -> Mask:
        """Where dropout has set a neuron to 0."""
        masks = self._s.record.masks
        if not 0 < layer <= len(masks):
            return np.zeros(len(self._counted), dtype=bool)
        return np.asarray(masks[layer - 1][self._counted, j] == 0)

    def _is_flat(self) -> Mask:
        """Where f' is 0 at the neuron's z, of an f that acts on each z alone."""
        s = self._s
        if s.is_softmax(self._layer) or (self._layer == s.last and s.is_fused):
            return np.zeros(len(self._counted), dtype=bool)
        z = s.record.z[self._layer - 1][self._counted]
        return np.asarray(s.f(self._layer).backward(z, np.ones_like(z))[:, self._j] == 0)

    def _at_kink(self, layer: int) -> Mask:
        """Where z of a layer is a kink of its f, for each sample and neuron."""
        z = self._s.record.z[layer - 1][self._counted]
        return np.isin(z, getattr(self._s.f(layer), "kinks", ()))

    def _da_of_layer(self) -> Array:
        record = self._s.record
        if self._layer < self._s.last:
            return np.asarray(record.da[self._layer][self._counted])
        loss = self._s.network.loss
        return np.asarray(loss.da(record.a[-1][self._counted], record.y[self._counted]))

    def _columns(self) -> Array:
        """Return the column of softmax's Jacobian for the neuron's z, of each sample."""
        p = self._s.f(self._layer)(self._s.record.z[self._layer - 1][self._counted])
        return np.asarray(p * ((np.arange(p.shape[1]) == self._j) - p[:, [self._j]]))
