"""Drawings: the neurons and edges of a network that a small picture shows, with their numbers.

Of wide layers only the neurons that are spoken of, and those that push hardest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop import notation
from clearprop.explaining.derivation.drawn import drawn_as
from clearprop.explaining.names import element_name, own_name
from clearprop.record import Record
from clearprop.studio.ways import Way

WHOLE = 8
"""Neurons of a layer that are all shown."""

TOP = 5
"""Neurons that are shown of a layer of more, those that are spoken of aside."""

MOST = 12


def drawing(
    record: Record, sample: int, way: Way | None, spoken: set[str], names: dict[str, str]
) -> dict[str, Any]:
    """Return what is drawn.

    Parameters
    ----------
    record : Record
    sample : int
    way : Way or None
        What is lit.
    spoken : set of str
        Things that formulas speak of, and that are shown for it.
    names : dict of str to str
        What a reader calls elements.

    Returns
    -------
    dict
        layers, each with neurons (name, label, a, delta, lit) and how many others there are;
        edges and biases (name, label, value, gradient, lit); cost; targets.
    """
    shown = [_shown(record, sample, layer, spoken) for layer in range(len(record.a))]

    def thing(name: str, **numbers: float) -> dict[str, Any]:
        lit = way is not None and way.holds(name)
        finite = {key: _plain(value) for key, value in numbers.items()}
        return {"name": name, "label": own_name(name, names), "lit": lit, **finite}

    layers, edges, biases = [], [], []
    for layer, neurons in enumerate(shown):
        made = []
        for j in neurons:
            name = element_name("a", layer, (j,))
            push = record.delta[layer - 1] if layer else record.da[0]
            a, delta = record.a[layer][sample, j], push[sample, j]
            made.append(thing(name, value=float(a), gradient=float(delta)))
        layers.append({"neurons": made, "others": record.a[layer].shape[1] - len(neurons)})
        if not layer:
            continue
        for j in neurons:
            if record.network.has_biases:
                name = f"b{layer}[{j}]"
                value, slope = float(record[name]), float(record[f"d{name}"])
                biases.append(thing(name, value=value, gradient=slope))
            for i in shown[layer - 1]:
                name = f"W{layer}[{j},{i}]"
                value, slope = float(record[name]), float(record[f"d{name}"])
                edges.append(thing(name, value=value, gradient=slope))
    last = len(shown) - 1
    ends = [thing(f"L-a{last}[{k}]") for k in shown[-1]]
    targets = [thing(f"y[{k}]", value=float(record.y[sample, k])) for k in shown[-1]]
    cost = thing("L", value=float(record.losses[sample]))
    return {
        "layers": layers, "edges": edges, "biases": biases, "ends": ends,
        "targets": targets, "cost": cost,
    }  # fmt: skip


def _shown(record: Record, sample: int, layer: int, spoken: set[str]) -> list[int]:
    """Return which neurons of a layer are shown, in order; layer 0 is the input."""
    push = np.abs((record.delta[layer - 1] if layer else record.da[0])[sample])
    if len(push) <= WHOLE:
        return list(range(len(push)))
    told = [j for j in range(len(push)) if element_name("a", layer, (j,)) in spoken]
    order: NDArray[np.intp] = np.argsort(-push, kind="stable")
    told.sort(key=lambda j: -push[j])
    return sorted(list(dict.fromkeys([*told, *map(int, order[:TOP])]))[:MOST])


def _plain(value: float) -> float | str:
    """Return a number as JSON has it."""
    return value if np.isfinite(value) else str(value)


def things_in(names: set[str]) -> set[str]:
    """Return the things that code names speak of, and the neurons at the ends of their edges.

    Examples
    --------
    >>> sorted(things_in({"W2[0,1]", "delta1[3]@5", "eta"}))
    ['W2[0,1]', 'a1[1]', 'a1[3]', 'a2[0]']
    """
    found = {drawn_as(name) for name in names} - {""}
    for thing in list(found):
        if thing[0] in "Wb":
            _, layer, index = notation.parse(thing)
            found.add(element_name("a", layer, (index[0],)))
            if len(index) == 2:
                found.add(element_name("a", layer - 1, (index[1],)))
    return found
