"""The computation graph of a network: values go forward along its edges, gradients come back.

Backpropagation walks this graph from the loss to the inputs. A sum hands its delta to each of its
products, a multiplier multiplies it by its other factor, and where a value went to several nodes
the gradients that come back are added:

    forward   a_i, W_ji  ->  W_ji a_i          backward   delta_j -> W_ji delta_j to a_i,
                                                          delta_j a_i to W_ji

The graph narrates a record of `clearprop.backprop`: nothing is computed a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from clearprop import notation
from clearprop.backprop import backprop
from clearprop.checks.data import check_inputs, check_targets
from clearprop.checks.settings import flag
from clearprop.errors import ArgumentError, ElementError, ShapeError, shown
from clearprop.explaining.graph.detailed import detailed_graph
from clearprop.explaining.graph.detailed_picture import DetailedPicture
from clearprop.explaining.graph.dot import dot_text
from clearprop.explaining.graph.folded import folded_graph
from clearprop.explaining.graph.folded_picture import FoldedPicture
from clearprop.explaining.graph.labels import GRADIENTS, Labels, canonical
from clearprop.explaining.graph.parts import Edge, Node
from clearprop.explaining.names import element_name, element_of, find_element, read_names
from clearprop.explaining.one_sample import as_row, target_row
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.record import Record

NEURONS = 8
"""The widest layer whose every multiplier can be drawn."""

WEIGHTS = 40
"""The most weights that are drawn one by one unless asked for: 4-5-3 has 35."""


@dataclass(frozen=True, eq=False, repr=False)
class ComputationGraph:
    """The nodes and edges of a network, with the numbers of one sample if there is one.

    In a notebook it is a picture; `svg` and `dot` give it as text.

    Attributes
    ----------
    network : Network
        A float64 copy, with the loss of the graph.
    record : Record or None
        Where the numbers are from; None without a sample.
    detailed : bool
        Whether every number has its own node, or a layer's numbers share one.
    nodes : tuple of Node
        In the order of the forward pass. ``graph["W1[0,1]"]`` is one of them.
    edges : tuple of Edge
    of : str or None
        The node whose way to the cost is lit.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network.from_weights([[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]])
    >>> graph = cp.computation_graph(network, [0.5, 1.0], [1.0], loss="squared_error")
    >>> [node.name for node in graph.nodes if node.kind == "sum"]
    ['z1[0]', 'z1[1]', 'z2[0]']
    >>> back = [edge.gradient for edge in graph.edges if edge.source == "a1[0]"]
    >>> sum(back) == graph["a1[0]"].gradient
    True
    """

    network: Network
    record: Record | None
    detailed: bool
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    of: str | None = None

    def __getitem__(self, name: str) -> Node:
        """Return a node by the name of what it gives, "W1[0,1]", "z1[0]", "L", or by its label.

        Raises
        ------
        ElementError
            If the graph has no such node; a folded one has "W1", a detailed one "W1[0,1]".
        """
        found = self._by_name(name) if isinstance(name, str) else None
        if found is not None:
            return found
        view, symbols = "detailed" if self.detailed else "folded", (*GRADIENTS, "L")
        notation.find(name, self.network.sizes, self.network.has_biases, symbols)
        some = "W1[0,0]" if self.detailed else "W1"
        found = self._by_name(canonical(name))
        if found is None:
            raise ElementError(f"{name!r} is no node of the {view} graph; one is {some}")
        return found

    def _by_name(self, name: str) -> Node | None:
        by_name = next((node for node in self.nodes if node.name == name), None)
        return by_name or next((node for node in self.nodes if node.label == name), None)

    def svg(self) -> str:
        """Return the picture as a self-contained SVG document.

        Values stand above the edges, gradients below; what the mouse rests on shows all digits.
        The detailed picture goes from left to right, the folded one from top to bottom.

        Examples
        --------
        >>> import clearprop as cp
        >>> text = cp.computation_graph(cp.Network([784, 100, 10], output="softmax")).svg()
        >>> text[:4], "W1 (100, 784)" in text
        ('<svg', True)
        """
        if self.detailed:
            sizes, parts = self.network.sizes, (self.nodes, self.edges)
            return DetailedPicture(sizes, *parts, self._title(), self.path).svg()
        layers = len(self.network.activations)
        return FoldedPicture(layers, self.nodes, self.edges, self._title(), self.path).svg()

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the nodes on all ways from `of` to the cost, in the order of the pass.

        Examples
        --------
        >>> import clearprop as cp
        >>> network = cp.Network([2, 2, 1], biases=False, seed=0)
        >>> cp.computation_graph(network, of="W2[0,1]").path
        ('W2[0,1]', 'W2[0,1]*a1[1]', 'z2[0]', 'a2[0]', 'L')
        """
        if self.of is None:
            return ()
        ahead: dict[str, list[str]] = {}
        for edge in self.edges:
            ahead.setdefault(edge.source, []).append(edge.target)
        reached, waiting = {self.of}, [self.of]
        while waiting:
            new = [name for name in ahead.get(waiting.pop(), []) if name not in reached]
            reached.update(new)
            waiting += new
        return tuple(node.name for node in self.nodes if node.name in reached)

    def dot(self) -> str:
        """Return the graph in DOT, which Graphviz and other programs lay out in their own ways.

        Examples
        --------
        >>> import clearprop as cp
        >>> print(cp.computation_graph(cp.Network([3, 2])).dot().splitlines()[0])
        digraph computation_graph {
        """
        return dot_text(self.nodes, self.edges, self._title())

    def _title(self) -> str:
        sizes = "-".join(map(str, self.network.sizes))
        cost = "" if self.record is None else f": L = {self.record.loss:.6g}"
        lit = "" if self.of is None else f"; lit: from {self[self.of].label} to the cost"
        return f"Computation graph of {sizes}, loss {self.network.loss}{cost}{lit}"

    def __repr__(self) -> str:
        view = "detailed" if self.detailed else "folded"
        numbers = ", no numbers" if self.record is None else ""
        return (
            f"{self._title()}\n  {view}: {len(self.nodes)} nodes, {len(self.edges)} edges{numbers}"
        )

    def _repr_svg_(self) -> str:
        return self.svg()


def computation_graph(
    network: Network,
    x: object = None,
    y: object = None,
    *,
    loss: LossName | Loss | None = None,
    detailed: bool | None = None,
    names: Mapping[str, str] | None = None,
    of: str | None = None,
) -> ComputationGraph:
    """Draw a network as the graph of its computations, with one sample's numbers.

    Parameters
    ----------
    network : Network
        Left as it is. The numbers are those of a float64 copy.
    x : array-like, shape (n_0,) or (1, n_0), optional
        One sample. None, with y: the structure alone.
    y : array-like, shape (n_L,) or (1, n_L), optional
        Its target; a number where n_L is 1, or a label for cross_entropy.
    loss : str or Loss, optional
        In place of the network's own.
    detailed : bool, optional
        True: a multiplier for each weight, a sum and a nonlinearity for each neuron; for layers of
        8 neurons at most. False: a layer's numbers together, as shapes, ranges and norms. None:
        detailed up to 8 neurons in each layer and 40 weights.
    names : mapping of str to str, optional
        Your own names of elements, such as ``{"W1[0,0]": "w1"}``.
    of : str, optional
        A weight or another element of the graph, such as "W1[0,1]", or one of `names`: all ways
        from it to the cost are lit. In a folded graph, those of its array.

    Returns
    -------
    ComputationGraph

    Raises
    ------
    ShapeError
        If x is more than one sample.
    DataError
        If x or y does not fit the network.
    ArgumentError
        If only one of x and y is given, or a layer is too wide to be drawn in detail.
    ElementError
        If `of` or a key of `names` names no element of the network.
    PairingError
        If the loss cannot follow the network's output.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 2, 2], output="softmax", seed=1)
    >>> cp.computation_graph(network, [0.5, 1.0], 1)
    Computation graph of 2-2-2, loss cross_entropy: L = 1.63325
      detailed: 34 nodes, 38 edges
    >>> cp.computation_graph(cp.Network([784, 100, 10], output="softmax"))
    Computation graph of 784-100-10, loss cross_entropy
      folded: 11 nodes, 10 edges, no numbers
    """
    network = check_network(network).astype(np.float64, loss=loss)
    labels = Labels(network, names)
    if detailed is None:
        weights = sum(W.size for W in network.weights)
        detailed = max(network.sizes) <= NEURONS and weights <= WEIGHTS
    elif flag("detailed", detailed) and max(network.sizes) > NEURONS:
        raise ArgumentError(
            f"the detailed graph draws up to {NEURONS} neurons a layer, but this network has "
            f"{max(network.sizes)} in one: fold it (detailed=False, --folded)"
        )
    record = _record(network, x, y)
    build = detailed_graph if detailed else folded_graph
    nodes, edges = build(network, record, labels)
    graph = ComputationGraph(network, record, bool(detailed), nodes, edges)
    return graph if of is None else replace(graph, of=_start(graph, of, names))


def _start(graph: ComputationGraph, of: object, names: Mapping[str, str] | None) -> str:
    """Return the node whose path is asked for; of a folded graph, that of its array."""
    if not isinstance(of, str):
        raise ArgumentError(f"of is {shown(of)}; it must be a name such as 'W1[0,0]'")
    given = read_names(names, graph.network)
    node = element_of(of.strip(), given)
    if graph._by_name(node) is None:
        symbol, layer, indices = find_element(of, graph.network, given)
        node = element_name(symbol, layer, indices if graph.detailed else ())
    return graph[node].name


def _record(network: Network, x: object, y: object) -> Record | None:
    """Return the record of one sample, or None where none is given."""
    if x is None and y is None:
        return None
    if x is None or y is None:
        given, missing = ("y", "x") if x is None else ("x", "y")
        raise ArgumentError(
            f"{given} is given without {missing}: give both for a sample's numbers, or neither for "
            "the structure"
        )
    X = check_inputs(as_row(x), network.sizes[0], network.dtype, "x")
    if len(X) != 1:
        raise ShapeError(
            f"x has {len(X)} rows, but a graph shows one sample: give one row of x, and its y"
        )
    target = check_targets(
        target_row(y, network), 1, network.sizes[-1], network.loss.targets, network.dtype
    )
    return backprop(network, X, target)
