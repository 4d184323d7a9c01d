"""Operations: what happens within a step, one after the other, and what each makes.

forward    z1, a1, z2, a2, ..., for each layer the sum, then the function
loss       L
backward   delta of the last layer, its dW and db, da of the layer below, delta there, ...
update     W and b of each layer
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from clearprop.network import Network


@dataclass(frozen=True)
class Operation:
    """One operation of a step.

    Attributes
    ----------
    phase : {"forward", "loss", "backward", "update"}
    layer : int
        From 1; of the loss, the last.
    makes : tuple of str
        Arrays that it computes, in the notation: ("z1",).
    uses : tuple of str
        Arrays that it reads.
    words : str
        What it is, in a few words.
    formula : str
        In the notation of docs/notation.md, for a sample.
    """

    phase: str
    layer: int
    makes: tuple[str, ...]
    uses: tuple[str, ...]
    words: str
    formula: str


def operations(network: Network) -> list[Operation]:
    """Return the operations of a step of a network, in the order in which they are made.

    Examples
    --------
    >>> import clearprop as cp
    >>> for one in operations(cp.Network([2, 3, 1], "tanh", "sigmoid")):
    ...     print(f"{one.phase:9} {one.formula}")
    forward   z1 = W1 x + b1
    forward   a1 = tanh(z1)
    forward   z2 = W2 a1 + b2
    forward   a2 = sigmoid(z2)
    loss      L = binary_cross_entropy(a2, y)
    backward  delta2 = dL/dz2
    backward  dW2 = delta2 a1^T, db2 = delta2
    backward  da1 = W2^T delta2
    backward  delta1 = da1 * tanh'(z1)
    backward  dW1 = delta1 x^T, db1 = delta1
    update    W1, b1 by dW1, db1
    update    W2, b2 by dW2, db2
    """
    return [*_forward(network), _loss(network), *_backward(network), *_update(network)]


def as_dicts(network: Network) -> list[dict[str, Any]]:
    """Return the operations as JSON has them."""
    return [asdict(one) for one in operations(network)]


def _input(layer: int) -> str:
    return "x" if layer == 1 else f"a{layer - 1}"


def _biases(network: Network, symbol: str, layer: int) -> tuple[str, ...]:
    return (f"{symbol}{layer}",) if network.has_biases else ()


def _forward(network: Network) -> list[Operation]:
    found = []
    for layer, activation in enumerate(network.activations, 1):
        before, b = _input(layer), _biases(network, "b", layer)
        plus = f" + b{layer}" if b else ""
        found += [
            Operation(
                "forward", layer, (f"z{layer}",), (f"W{layer}", before, *b),
                "weighted sum", f"z{layer} = W{layer} {before}{plus}",
            ),
            Operation(
                "forward", layer, (f"a{layer}",), (f"z{layer}",),
                "activation", f"a{layer} = {activation.name}(z{layer})",
            ),
        ]  # fmt: skip
    return found


def _loss(network: Network) -> Operation:
    last = len(network.activations)
    formula = f"L = {network.loss.name}(a{last}, y)"
    return Operation("loss", last, ("L",), (f"a{last}", "y"), "loss", formula)


def _backward(network: Network) -> list[Operation]:
    last = len(network.activations)
    found = []
    for layer in range(last, 0, -1):
        if layer == last:
            uses, formula = (f"a{last}", "y"), f"delta{last} = dL/dz{last}"
        else:
            uses = (f"da{layer}", f"z{layer}")
            name = network.activations[layer - 1].name
            formula = f"delta{layer} = da{layer} * {name}'(z{layer})"
        found.append(Operation("backward", layer, (f"delta{layer}",), uses, "delta", formula))
        before, db = _input(layer), _biases(network, "db", layer)
        formula = f"dW{layer} = delta{layer} {before}^T"
        if db:
            formula += f", db{layer} = delta{layer}"
        made = (f"dW{layer}", *db)
        found.append(
            Operation("backward", layer, made, (f"delta{layer}", before), "gradient", formula)
        )
        if layer > 1:
            found.append(
                Operation(
                    "backward", layer - 1, (f"da{layer - 1}",), (f"W{layer}", f"delta{layer}"),
                    "back through the weights", f"da{layer - 1} = W{layer}^T delta{layer}",
                )
            )  # fmt: skip
    return found


def _update(network: Network) -> list[Operation]:
    found = []
    for layer in range(1, len(network.activations) + 1):
        names = (f"W{layer}", *_biases(network, "b", layer))
        grads = (f"dW{layer}", *_biases(network, "db", layer))
        formula = f"{', '.join(names)} by {', '.join(grads)}"
        found.append(Operation("update", layer, names, grads, "update", formula))
    return found
