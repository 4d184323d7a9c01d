"""cp.explain: how any number of a network comes about, with the numbers of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import backprop, forward_and_backward
from clearprop.checks.settings import count, flag
from clearprop.constraints import Frozen, Shared, read_constraints
from clearprop.errors import ArgumentError, ShapeError, shown
from clearprop.explaining.derivation.derivation import Derivation
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.narration import Narrator
from clearprop.explaining.derivation.update_sections import Update
from clearprop.explaining.names import element_name, element_of, find_element, read_names
from clearprop.explaining.one_sample import as_row, is_one, target_row
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, Clock, Optimizer, OptimizerName
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.record import Record
from clearprop.training.steps import Step

Array = NDArray[Any]


SUPERSCRIPTS = ("plain", "parentheses")
"""How layers are written."""


def explain(
    network: Network | None = None,
    x: object = None,
    y: object = None,
    of: str | None = None,
    *,
    step: Step | None = None,
    optimizer: OptimizerName | Optimizer | None = None,
    loss: LossName | Loss | None = None,
    sample_weight: object = None,
    l2: float = 0.0,
    frozen: Frozen = (),
    shared: Shared = (),
    sample: int | None = None,
    names: Mapping[str, str] | None = None,
    largest: int = 6,
    superscripts: str = "plain",
    one_based: bool = False,
) -> Derivation:
    """Derive a number of a network, step by step, with the numbers of its own.

    Every equation shows its formula, the numbers put in, and the value that `backprop` computed,
    in float64. A weight or bias, or its gradient, shows: the forward pass it rests on; the chain
    rule from the output to it, written out; the same by deltas, which are kept and used again;
    the mean over a batch, with the samples that push hardest; the optimizer's step; and what it
    means, with a central difference beside it.

    Parameters
    ----------
    network : Network
        Left as it is.
    x : array-like, shape (n_0,) or (n, n_0)
        One sample, or a batch.
    y : array-like
        Its target: a number or a label, or (n_L,); for a batch as for `backprop`.
    of : str, optional
        An element of the grammar: "W2[1,3]", "b1[0]", "delta1[2]", "z1[0]", "a2[1]", "da1[0]",
        "x[3]", "dx[3]", "L", a whole array, "delta2", or one of `names`. None: the whole pass,
        forward and then backward in the order dz^L, dW^L, da^(L-1), ..., with shapes.
    step : Step, optional
        A step of `cp.steps`, in place of network, x, y and what follows: its batch, and the
        update as its optimizer made it, with momentum and moments.
    optimizer : str or Optimizer, optional
        Shows its first step. L-BFGS makes no single steps.
    loss, sample_weight, l2
        As for `backprop`.
    frozen, shared
        As for `train`; one of `names` serves as well. What is frozen is said so, and the gradient
        of what is shared is summed up.
    sample : int, optional
        The row of a batch that is followed. None: the one that pushes a gradient hardest;
        where there is no gradient, the one with the largest cost.
    names : mapping of str to str, optional
        Names of the reader's own for elements: ``{"W1[0,0]": "w1"}``.
    largest : int
        How many terms of a sum, paths, samples and neurons of a layer are shown; others are put
        together in one row, so that the parts always add up.
    superscripts : {"plain", "parentheses"}
        How layers are written in mathematics. "parentheses": a^(2), which reads as no power.
    one_based : bool
        Whether neurons and samples are counted from 1 in what is shown, as most books do. `of`,
        `sample` and the names that equations are asked by stay the grammar's, from 0. With this or
        with parentheses, text is written as mathematics is: z_1^(2) for z2[0].

    Returns
    -------
    Derivation
        Printed, it is text; ``to_latex()``, ``to_mathml()``, ``to_html()`` and ``to_dict()``
        write it otherwise. Iterating yields its equations; ``derivation["delta1[0]"]`` is one.
        Where a number on the way is not finite, the derivation ends with the first such step.

    Raises
    ------
    ElementError
        If `of`, or a key of `names`, names no element, or `frozen` or `shared` no parameter; the
        message says what exists.
    DataError
        If x, y or sample_weight do not fit.
    ArgumentError, UnknownNameError, PairingError
        If a setting does not fit.

    Notes
    -----
    Source: Rumelhart, Hinton, Williams, Nature 323 (1986), whose delta recursion is shown.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network.from_weights([[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]],
    ...                                   loss="squared_error")
    >>> derivation = cp.explain(network, [0.5, 1.0], 1.0, of="W1[0,0]", names={"W1[0,0]": "w1"})
    >>> print(derivation["dW1[0,0]"].numbers, "=", round(derivation.value, 8))
    -0.00921917 · 0.5 = -0.00460958
    >>> shown = cp.explain(network, [0.5, 1.0], 1.0, of="z1[0]", one_based=True)
    >>> print(shown.to_text().splitlines()[-1].strip())
    z_1^(1) = W_{1,1}^(1) · x_1 + W_{1,2}^(1) · x_2 = 0.1 · 0.5 + 0.3 · 1 = 0.35
    """
    largest = count("largest", largest, 1)
    if step is not None:
        given = (network, x, y, optimizer, loss, sample_weight, _any(frozen), _any(shared))
        own_l2 = not isinstance(l2, int | float) or l2 != 0
        if any(argument is not None for argument in given) or own_l2:
            raise ArgumentError(
                "a step brings its own network, data, optimizer, frozen and shared parameters: "
                "give step, of, sample, names, largest, superscripts and one_based alone"
            )
        if not isinstance(step, Step):
            raise ArgumentError(f"step is a {type(step).__name__}; give what cp.steps yields")
        record, update = _of_step(step)
        source, constraints = step.record.network, step.constraints
    else:
        source = _network(network)
        record = _record(source, x, y, loss, sample_weight, l2)
        update = None
        if optimizer is not None:
            update = Update(_rule(optimizer), {}, Clock(0, 1, 0))
    written = Names(
        read_names(names, source),
        source.sizes,
        parentheses=_in_parentheses(superscripts),
        one_based=flag("one_based", one_based),
    )
    if step is None:
        constraints = read_constraints(
            source, frozen, shared, element=lambda name: element_of(name, written.given)
        )
    n = len(record.losses)
    if sample is not None and not 0 <= count("sample", sample, 0) < n:
        raise ArgumentError(f"sample is {shown(sample)}; the batch has samples 0 to {n - 1}")
    if of is not None:
        if not isinstance(of, str):
            raise ArgumentError(f"of is {shown(of)}; it must be a name such as 'W1[0,0]'")
        of = element_name(*find_element(of, source, written.given))
    narrator = Narrator(record, written, largest, sample, update, str(source.dtype), constraints)
    with np.errstate(all="ignore"):  # what is not finite is found, and said
        return narrator.derivation(of)


def _in_parentheses(superscripts: object) -> bool:
    if not isinstance(superscripts, str) or superscripts not in SUPERSCRIPTS:
        known = " or ".join(map(repr, SUPERSCRIPTS))
        raise ArgumentError(f"superscripts is {shown(superscripts)}; it must be {known}")
    return superscripts == "parentheses"


def _any(names: object) -> object | None:
    """Return names, or None where there are none."""
    return None if isinstance(names, list | tuple | str) and not names else names


def _network(network: Network | None) -> Network:
    if network is None:
        raise ArgumentError("give a network with x and y, or step=")
    check_network(network)
    if network.dtype.kind == "c":
        raise ArgumentError("complex networks are for checks: explain network.astype('float64')")
    return network


def _rule(optimizer: OptimizerName | Optimizer) -> Optimizer:
    rule = resolve_optimizer(optimizer)
    if isinstance(rule, LBFGS):
        raise ArgumentError("L-BFGS makes no single steps that could be explained")
    return rule


def _record(
    network: Network, x: object, y: object, loss: LossName | Loss | None, weights: object, l2: float
) -> Record:
    if x is None or y is None:
        missing = "x" if x is None else "y"
        raise ArgumentError(f"{missing} is missing: an explanation needs a sample and its target")
    double = network.astype(np.float64, loss=loss)
    if is_one(x):
        row, n_0 = as_row(x), network.sizes[0]
        if row.shape[1] != n_0:
            raise ShapeError(f"x has {row.shape[1]} numbers, but the network takes {n_0}")
        x, y = row, target_row(y, double)
    return backprop(double, x, y, sample_weight=weights, l2=l2)


def _of_step(step: Step) -> tuple[Record, Update]:
    """Return a step's record and update, in float64."""
    update = Update(step.optimizer, step.state_before, step.clock)
    record = record_of_step(step)
    if record is step.record:
        after = record.network.parameters + step.update, step.optimizer_state
        return record, update._replace(after=after)
    return record, update


def record_of_step(step: Step) -> Record:
    """Return a step's record; one of another type than float64 is computed anew."""
    old = step.record
    if old.network.dtype == np.float64:
        return old
    return forward_and_backward(
        old.network.astype(np.float64),
        old.a[0].astype(np.float64),
        old.y.astype(np.float64),
        old.omega.astype(np.float64),
        old.l2,
        tuple(mask.astype(np.float64) for mask in old.masks),
    )
