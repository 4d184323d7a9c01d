"""The search for the slips that explain what a caller gives: the fewest that give all of it.

The stages are gone through in the order of computation. Where the caller gives a quantity, it is
computed from the caller's own earlier ones, rightly, with one slip, or with two, made there or in a
hidden stage since the last quantity that was given. What fits is kept, all of it, side by side:
two explanations that are equally short are both told. What none gives is marked, and taken as it is
by the stages after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ClearpropError
from clearprop.explaining.checking.answers import Answer
from clearprop.explaining.checking.delta_slips import da_slips, delta_slips, signed
from clearprop.explaining.checking.explanations import Explanation, Made, shortest
from clearprop.explaining.checking.forward_slips import a_slips, y_slips, z_slips
from clearprop.explaining.checking.gradient_slips import gradient_slips
from clearprop.explaining.checking.stages import Slip, Stage, computed, parameters, stages_of
from clearprop.record import Record

Array = NDArray[Any]

_MOST_WORK = 2e9
"""Multiplications that pairs of slips may take for one quantity."""

_LARGEST_KEPT = 2000
"""Parameters up to which what slips give is kept for the next."""

_LARGEST_STEP = 100.0
"""The largest learning rate that weights may have been updated with too early."""


_KEPT: WeakKeyDictionary[Record, dict[Any, Any]] = WeakKeyDictionary()
"""What slips before the first quantity give, by record: of (stages, budget), values and slips."""


class Search:
    """The search for one record and what is given for it."""

    def __init__(self, record: Record, answers: Sequence[Answer]) -> None:
        self._record = record
        self._answers: dict[Stage, list[Answer]] = defaultdict(list)
        for answer in answers:
            self._answers[answer.stage].append(answer)
        self._slips: dict[Stage, list[Slip]] = {}
        self.limited: set[str] = set()

    def explanations(self) -> list[Explanation]:
        """Return the shortest explanations of all that was given."""
        beam, segment, left = [Explanation(parameters(self._record))], [], len(self._answers)
        with np.errstate(all="ignore"):  # slips may give anything
            for stage in stages_of(self._record):
                segment.append(stage)
                if stage in self._answers:
                    beam = self._explained(beam, segment)
                    segment, left = [], left - 1
                    if not left:
                        break
        best = min(one.cost[0] for one in beam)
        kept: list[Explanation] = []
        for one in sorted(beam, key=lambda one: one.cost):
            if one.cost[0] == best and not any(one.told >= other.told for other in kept):
                kept.append(one)
        return kept

    def _explained(self, beam: list[Explanation], segment: list[Stage]) -> list[Explanation]:
        """Return the explanations of the last quantity of a segment as well."""
        name = segment[-1].name
        found, failing = [], []
        for one in beam:
            leaves = list(self._grown(one, segment, 0))
            fits = next((leaf for leaf in leaves if self._fits(segment, leaf[0])), None)
            if fits is not None:
                found.append(self._with(one, segment, *fits))
            elif leaves:
                failing.append((one, leaves[0][0]))
        for one, _ in failing:
            found += [self._with(one, segment, *leaf) for leaf in self._single(one, segment)]
        if not found:
            for one, _ in failing[:3]:
                found += [self._with(one, segment, *leaf) for leaf in self._pairs(one, segment)]
        for one, values in failing:
            known = self._with(one, segment, values, ())
            found.append(replace(known, open={**one.open, name: values[name]}))
        return shortest(found)

    def _with(
        self, one: Explanation, segment: list[Stage], values: dict[str, Array],
        made: tuple[Made, ...],
    ) -> Explanation:  # fmt: skip
        """Return an explanation that goes on with the caller's own numbers."""
        stage = segment[-1]
        own, right = values[stage.name], self._record[stage.name]
        if own.shape != right.shape:
            own = right
        for answer in self._answers[stage]:
            part = answer.part(own)
            if answer.shape_fits and not np.allclose(answer.value, part, rtol=1e-7, atol=0.0):
                own = answer.put_into(own)
        added = {**one.added, stage.name: made} if made else one.added
        return Explanation({**values, stage.name: own}, added, one.open)

    def _fits(self, segment: list[Stage], values: Mapping[str, Array]) -> bool:
        stage = segment[-1]
        return all(answer.fits(values[stage.name]) for answer in self._answers[stage])

    def _grown(
        self, one: Explanation, segment: list[Stage], budget: int
    ) -> Iterator[tuple[dict[str, Array], tuple[Made, ...]]]:
        """Yield the values after a segment with exactly so many slips in it."""
        yield from self._grow(one, segment, 0, dict(one.values), (), budget)

    def _grow(
        self, one: Explanation, segment: list[Stage], i: int, values: dict[str, Array],
        made: tuple[Made, ...], budget: int,
    ) -> Iterator[tuple[dict[str, Array], tuple[Made, ...]]]:  # fmt: skip
        if i == len(segment):
            if budget == 0:
                yield values, made
            return
        stage = segment[i]
        slips = [slip for slip in self._slips_of(stage, segment) if not slip.fitted]
        plain = self._value(stage, values, ())
        if plain is None:
            return
        starts: list[tuple[tuple[Slip, ...], Array]] = [((), plain)]
        for slip in slips:
            if slip.free and self._may(slip, one, made, stage, values):
                value = self._value(stage, values, (slip,))
                if value is not None and not np.array_equal(value, plain):
                    starts.append(((slip,), value))
        slips = [slip for slip in slips if not slip.free]
        for free, start in starts:
            for count in range(budget + 1):
                for chosen in combinations(slips, count):
                    both = (*free, *chosen)
                    if len({slip.part for slip in both}) < len(both):
                        continue
                    kinds = [*(slip.kind for slip in chosen), *(m.slip.kind for m in made)]
                    if len(set(kinds)) < len(kinds):  # twice the same undoes itself
                        continue
                    if any(slip.part == "delta" for slip in chosen) and _changed(made, stage.layer):
                        continue
                    value = self._value(stage, values, both) if chosen else start
                    if value is None or (chosen and _same(value, start)):
                        continue
                    after = (*made, *(Made(slip) for slip in both))
                    yield from self._grow(
                        one, segment, i + 1, {**values, stage.name: value}, after, budget - count
                    )

    def _open_to(self, slip: Slip, one: Explanation) -> bool:
        """Whether one may go on in this other way, by an a that is known already."""
        known = slip.free and not slip.needs and f"a{slip.stage.layer}" in one.values
        return known and self._may(slip, one, (), slip.stage, one.values)

    def _may(
        self, slip: Slip, one: Explanation, made: tuple[Made, ...], stage: Stage,
        values: Mapping[str, Array],
    ) -> bool:  # fmt: skip
        if slip.needs:
            before = [*one.made, *made]
            return any(m.slip.kind == slip.needs and m.slip.stage.symbol == "delta" for m in before)
        right = self._value(Stage("a", stage.layer), values, ())
        return right is not None and not np.array_equal(right, values[f"a{stage.layer}"])

    def _single(
        self, one: Explanation, segment: list[Stage]
    ) -> Iterator[tuple[dict[str, Array], tuple[Made, ...]]]:
        """Yield what fits with one slip, or with the same one in every layer."""
        all_slips = [slip for stage in segment for slip in self._slips_of(stage, segment)]
        if not self._telling(segment, len(all_slips), 0.5):
            return
        yield from self._fitting(one, segment, 1)
        free = [(), *((s,) for s in all_slips if self._open_to(s, one))]
        for slip in all_slips:
            for others in free if slip.fitted else []:
                yield from self._fitted(one, segment, slip, others)
        for chosen in self._everywhere(all_slips):
            values = self._run(one, segment, chosen, 1.0)
            if values is not None and self._fits(segment, values):
                yield values, tuple(map(Made, chosen))

    def _fitting(
        self, one: Explanation, segment: list[Stage], budget: int
    ) -> Iterator[tuple[dict[str, Array], tuple[Made, ...]]]:
        """Yield what fits with exactly so many slips.

        Before the first quantity, what slips give depends on the record alone: it is kept for the
        next who are compared with it.
        """
        if not self._keeps(one):
            for leaf in self._grown(one, segment, budget):
                if self._fits(segment, leaf[0]):
                    yield leaf
            return
        kept = _KEPT.setdefault(self._record, {})
        key = (tuple(segment), frozenset(self._answers), budget)
        if key not in kept:
            by_shape: dict[tuple[int, ...], list[tuple[Array, tuple[Made, ...]]]] = defaultdict(
                list
            )
            for values, made in self._grown(one, segment, budget):
                value = values[segment[-1].name]
                by_shape[value.shape].append((value, made))
            kept[key] = [
                (np.array([value for value, _ in found]), [made for _, made in found])
                for found in by_shape.values()
            ]
        answers = self._answers[segment[-1]]
        for candidates, slips in kept[key]:
            fits = np.logical_and.reduce([answer.fits_each(candidates) for answer in answers])
            for i in np.flatnonzero(fits):
                run = self._run(one, segment, tuple(m.slip for m in slips[i]), 1.0)
                if run is not None:
                    yield run, slips[i]

    def _keeps(self, one: Explanation) -> bool:
        return "a0" not in one.values and self._record.gradient.size <= _LARGEST_KEPT

    def _everywhere(self, slips: list[Slip]) -> Iterator[tuple[Slip, ...]]:
        """Yield the same slip in every layer."""
        kinds: dict[tuple[str, str], dict[Stage, Slip]] = defaultdict(dict)
        for slip in slips:
            if not (slip.free or slip.fitted):
                kinds[slip.kind, slip.stage.symbol].setdefault(slip.stage, slip)
        for places in kinds.values():
            if len(places) > 1:
                yield tuple(places.values())

    def _pairs(
        self, one: Explanation, segment: list[Stage]
    ) -> Iterator[tuple[dict[str, Array], tuple[Made, ...]]]:
        """Yield what fits with two slips."""
        slips = [slip for stage in segment for slip in self._slips_of(stage, segment)]
        pairs = len(slips) * len(slips) / 2
        if not self._telling(segment, int(pairs), 0.05):
            return
        record = self._record
        if pairs * len(record.losses) * record.gradient.size > _MOST_WORK:
            self.limited.add(segment[-1].name)
            return
        yield from self._fitting(one, segment, 2)
        for slip in slips:
            if slip.fitted:
                for other in slips:
                    if not (other.free or other.fitted) and _apart(slip, other):
                        for free in [(), *((s,) for s in slips if self._open_to(s, one))]:
                            if all(_apart(other, s) for s in free):
                                yield from self._fitted(one, segment, slip, (*free, other))

    def _telling(self, segment: list[Stage], candidates: int, most: float) -> bool:
        """Whether so many candidates would not fit by chance."""
        answers = self._answers[segment[-1]]
        if not all(answer.finite for answer in answers):
            return False
        if not any(answer.value.any() for answer in answers):  # they were never computed
            return False
        numbers = sum(answer.value.size for answer in answers)
        chance = (2 * max(answer.tolerance for answer in answers)) ** min(numbers, 50)
        return candidates * chance < most

    def _fitted(
        self, one: Explanation, segment: list[Stage], slip: Slip, others: tuple[Slip, ...]
    ) -> Iterator[tuple[dict[str, Array], tuple[Made, ...]]]:
        """Yield the slip with the number that fits best, if it fits."""
        answers = self._answers[segment[-1]]
        if sum(answer.value.size for answer in answers) < 3:
            return
        ends = self._ends(one, segment, (slip, *others))
        if ends is None or not all(answer.shape_fits for answer in answers):
            return
        given, zero, step = [], [], []
        for answer in answers:
            parts = [answer.part(end) for end in ends]
            given.append(answer.value.ravel())
            zero.append(parts[0].ravel())
            step.append((parts[1] - parts[0]).ravel())
        along = np.concatenate(step)
        off = np.concatenate(given) - np.concatenate(zero)
        t = float((off * along).sum() / (along * along).sum())
        if not np.isfinite(t) or abs(t) < 1e-12:
            return
        if slip.kind == "updated" and not 0 < t <= _LARGEST_STEP:
            return
        if any(abs(t - other) <= 1e-6 * max(abs(other), 1e-6) for other in slip.unlike):
            return
        values = self._run(one, segment, (slip, *others), t)
        if values is not None and self._fits(segment, values):
            yield values, (Made(slip, t), *map(Made, others))

    def _ends(
        self, one: Explanation, segment: list[Stage], slips: tuple[Slip, ...]
    ) -> list[Array] | None:
        """Return a segment's last quantity with t = 0 and t = 1; kept as in `_fitting`."""
        kept = _KEPT.setdefault(self._record, {}) if self._keeps(one) else {}
        key = (tuple(segment), tuple((slip.stage, slip.kind, slip.words) for slip in slips))
        if key not in kept:
            runs = [self._run(one, segment, slips, t) for t in (0.0, 1.0)]
            kept[key] = [run[segment[-1].name] for run in runs if run is not None]
        return kept[key] if len(kept[key]) == 2 else None

    def _run(
        self, one: Explanation, segment: list[Stage], slips: tuple[Slip, ...], t: float
    ) -> dict[str, Array] | None:
        values = dict(one.values)
        for stage in segment:
            here = tuple(slip for slip in slips if slip.stage == stage)
            value = self._value(stage, values, here, t)
            if value is None:
                return None
            values[stage.name] = value
        return values

    def _value(
        self, stage: Stage, values: Mapping[str, Array], slips: tuple[Slip, ...], t: float = 1.0
    ) -> Array | None:
        try:
            return computed(stage, values, self._record, slips, t)
        except (ClearpropError, ValueError, IndexError):  # no such pass can be
            return None

    def _slips_of(self, stage: Stage, segment: list[Stage]) -> list[Slip]:
        """Return the slips of a stage; of hidden ones that nothing follows from, none."""
        hidden = stage != segment[-1]
        last = len(self._record.delta)
        if hidden and (stage.symbol in ("dW", "db") or stage == ("da", last)):
            return []
        if stage not in self._slips:
            self._slips[stage] = list(_slips(self._record, stage))
            if not hidden and stage.symbol in ("z", "a", "da", "delta") and stage.layer:
                known = any(slip.kind == "sign" for slip in self._slips[stage])
                self._slips[stage] += [] if known else [signed(stage)]
            if hidden:
                self._slips[stage] = [
                    replace(slip, words=slip.hidden_words or slip.words)
                    for slip in self._slips[stage]
                ]
        return self._slips[stage]


def _slips(record: Record, stage: Stage) -> Iterator[Slip]:
    symbol, layer = stage
    if symbol in ("dW", "db"):
        yield from gradient_slips(record, symbol, layer)
    elif symbol == "delta":
        yield from delta_slips(record, layer)
    elif symbol == "da":
        yield from da_slips(record, layer)
    elif symbol == "y":
        yield from y_slips(record)
    elif symbol == "z":
        yield from z_slips(record, layer)
    elif layer:
        yield from a_slips(record, layer)


def _changed(made: tuple[Made, ...], layer: int) -> bool:
    """Whether a slip is made in delta^l, which another delta in its place would undo."""
    return any(m.slip.stage == Stage("delta", layer) and not m.slip.free for m in made)


def _apart(slip: Slip, other: Slip) -> bool:
    """Whether two slips change different things."""
    return slip.stage != other.stage or slip.part != other.part


def _same(a: Array, b: Array) -> bool:
    """Whether a slip changes nothing here but the last digits."""
    if a.shape != b.shape:
        return False
    return bool(np.abs(a - b).sum() <= 1e-12 * np.abs(b).sum())
