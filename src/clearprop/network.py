"""Network: the fixed topology of a feed-forward network, and the parameters that are trained.

Sizes, activations and loss are fixed when a network is made. Weights and biases live in
one flat vector; everything else that shows them is a view into it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from clearprop import notation
from clearprop.activations import Activation
from clearprop.checks.data import as_numbers, check_inputs
from clearprop.checks.settings import EngineName, check_engine
from clearprop.display.html_table import html_table
from clearprop.engine.given import are_rows
from clearprop.engine.prediction import Predictor
from clearprop.errors import (
    ArchitectureError,
    ArgumentError,
    CompilationError,
    ElementError,
    MissingExtraError,
    ModelFileError,
    NonFiniteError,
    ShapeError,
    shown,
)
from clearprop.export.methods import ExportMethods
from clearprop.files import model_file
from clearprop.files.saved_functions import (
    check_given,
    describe,
    find_activation,
    find_loss,
    found_again,
    named,
)
from clearprop.forward import first_non_finite, forward
from clearprop.initializers import Initializer, InitializerName, bias_initializer
from clearprop.initializers import initializer as resolve_initializer
from clearprop.losses import Loss, LossName, loss_after
from clearprop.losses import loss as resolve_loss
from clearprop.numerics.random import Purpose, check_seed
from clearprop.topology import (
    ActivationSpec,
    Topology,
    arrays_of,
    check_activations,
    check_sizes,
    make_parameters,
    places,
    sizes_of_weights,
)

Array = NDArray[Any]

_ROWS = 8192
"""Rows that run together where no gradient is asked for."""


class Network(ExportMethods):
    """A fully connected feed-forward network: z^l = W^l a^(l-1) + b^l, a^l = f_l(z^l).

    Parameters
    ----------
    sizes : sequence of int
        The number of neurons of each layer, the input first: ``[784, 100, 10]`` has two
        layers of weights.
    activations : str, Activation, or list of these
        One for all layers of weights, the last included, or one per layer. None: relu, and
        identity for the last layer unless `output` names another.
    output : str or Activation, optional
        The activation of the last layer, in place of what `activations` says.
    loss : str or Loss, optional
        What training minimizes. None: cross_entropy after softmax, binary_cross_entropy
        after sigmoid, else squared_error.
    biases : bool, str or Initializer
        True: biases that start at zero. False: none. An initializer, or its name, draws them.
    initializer : str or Initializer
        Draws the weights. "auto": he_uniform for the relu family, else glorot_uniform.
    dtype : numpy dtype
        float32 or float64 (or longdouble, complex128, clongdouble, for checks).
    seed : int
        From 0 to 2**64 - 1. The same seed gives the same network on every machine.

    Attributes
    ----------
    sizes : tuple of int
    activations : tuple of Activation
        One per layer of weights; ``activations[l - 1]`` is f_l.
    loss : Loss
    parameters : ndarray, shape (n_parameters,)
        W1, b1, W2, b2, ...: writable in place; weights and biases are views into it.
    weights, biases : tuple of ndarray
        ``weights[l - 1]`` has shape (n_l, n_(l-1)), ``biases[l - 1]`` has shape (n_l,).
        A network without biases has none: ``()``.

    Raises
    ------
    ArchitectureError
        If the sizes or the number of activations make no network, or the loss is made for
        another number of outputs.
    UnknownNameError, PairingError, ArgumentError
        If a name is unknown, the loss cannot follow the output, or a setting is out of range.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([784, 100, 10], activations="relu", output="softmax", seed=1)
    >>> network
    Network 784-100-10: 79,510 parameters, float32, loss cross_entropy
      layer  activation  W           b       parameters
      1      relu        (100, 784)  (100,)      78,500
      2      softmax     (10, 100)   (10,)        1,010
    >>> network["W2[1,3]"] = 0.25
    >>> float(network.weights[1][1, 3])
    0.25
    """

    __slots__ = ("_predictor", "_topology")

    def __init__(
        self,
        sizes: Sequence[int],
        activations: ActivationSpec | Sequence[ActivationSpec] | None = None,
        output: ActivationSpec | None = None,
        loss: LossName | Loss | None = None,
        biases: bool | InitializerName | Initializer = True,
        initializer: InitializerName | Literal["auto"] | Initializer = "auto",
        dtype: DTypeLike = "float32",
        seed: int = 0,
    ) -> None:
        if activations is None:
            activations, output = "relu", "identity" if output is None else output
        draw_biases = bias_initializer(biases)
        self._set_topology(sizes, activations, output, loss, draw_biases is not None, dtype)
        seed = check_seed(seed)
        for layer, (f, W) in enumerate(zip(self.activations, self.weights, strict=True), 1):
            _draw(resolve_initializer(initializer, f), W, Purpose.WEIGHTS, layer, seed)
        if draw_biases is not None:
            for layer, b in enumerate(self.biases, 1):
                _draw(draw_biases, b, Purpose.BIASES, layer, seed)

    def _set_topology(
        self,
        sizes: Sequence[int],
        activations: ActivationSpec | Sequence[ActivationSpec],
        output: ActivationSpec | None,
        loss: LossName | Loss | None,
        has_biases: bool,
        dtype: DTypeLike,
    ) -> None:
        sizes = check_sizes(sizes)
        functions = check_activations(activations, output, sizes)
        chosen = loss_after(functions[-1]) if loss is None else resolve_loss(loss)
        chosen.check_partner(functions[-1])
        chosen.check_outputs(sizes[-1])
        parameters = make_parameters(sizes, has_biases, dtype)
        self._topology = Topology(sizes, functions, chosen, has_biases, parameters)
        self._predictor: Predictor | None = None

    @classmethod
    def from_weights(
        cls,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike] | None = None,
        activations: ActivationSpec | Sequence[ActivationSpec] = "sigmoid",
        output: ActivationSpec | None = None,
        loss: LossName | Loss | None = None,
    ) -> Network:
        """Make a network from given weights and biases, which are copied.

        Parameters
        ----------
        weights : sequence of array-like
            W^l of shape (n_l, n_(l-1)) for l = 1..L.
        biases : sequence of array-like, optional
            b^l of shape (n_l,) for l = 1..L. None: a network without biases.
        activations, output, loss
            As for `Network`.

        Raises
        ------
        ArchitectureError
            If the shapes do not join; the message names the layer.

        Examples
        --------
        >>> import clearprop as cp
        >>> network = cp.Network.from_weights([[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6]]])
        >>> network.sizes, network.dtype
        ((2, 2, 1), dtype('float64'))
        """
        W = arrays_of("W", weights)
        b = None if biases is None else arrays_of("b", biases)
        sizes = sizes_of_weights(W, b)
        given = np.result_type(*W, *(b or []))
        network = cls.__new__(cls)
        dtype = given if given.kind in "fc" and given.itemsize >= 4 else np.float64
        network._set_topology(sizes, activations, output, loss, b is not None, dtype)
        for view, array in zip(network.weights + network.biases, [*W, *(b or [])], strict=True):
            view[...] = array
        return network

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of neurons of each layer, the input first."""
        return self._topology.sizes

    @property
    def activations(self) -> tuple[Activation, ...]:
        """The activation of each layer of weights."""
        return self._topology.activations

    @property
    def loss(self) -> Loss:
        """What training minimizes."""
        return self._topology.loss

    @property
    def parameters(self) -> Array:
        """All weights and biases in one flat vector, W1, b1, W2, b2, ...; change it in place.

        Its memory cannot be resized, and what is made of its shape or type changes no other array.
        """
        return self._topology.parameters

    @property
    def n_parameters(self) -> int:
        """The number of weights and biases."""
        return self._topology.parameters.size

    @property
    def weights(self) -> tuple[Array, ...]:
        """W^1 to W^L, as writable views into `parameters`."""
        return self._topology.weights

    @property
    def biases(self) -> tuple[Array, ...]:
        """b^1 to b^L, as writable views into `parameters`; empty for a network without."""
        return self._topology.biases

    @property
    def has_biases(self) -> bool:
        """Whether the network has biases."""
        return self._topology.has_biases

    @property
    def dtype(self) -> np.dtype[Any]:
        """The data type of parameters and of everything computed with them."""
        return self._topology.dtype

    def unflatten(self, vector: Array) -> dict[str, Array]:
        """Return views into a flat vector, in the order of `parameters`, by their names.

        Parameters
        ----------
        vector : ndarray, shape (n_parameters,)
            Parameters, a gradient, an update, a mask.

        Returns
        -------
        dict of str to ndarray
            "W1" of shape (n_1, n_0), "b1" of shape (n_1,), "W2", ...

        Raises
        ------
        ShapeError
            If it is no array of so many numbers.
        """
        last = vector.shape[-1:] if isinstance(vector, np.ndarray) else ()
        if last != (self.n_parameters,):
            raise ShapeError(
                f"vector is {shown(vector)}; it must be an array (..., {self.n_parameters})"
            )
        return self._topology.unflatten(vector)

    def __getitem__(self, name: str) -> Array:
        """Return W^l, b^l or one of their numbers by its name: "W2", "b1[3]"."""
        array, index = self._find(name)
        return array[index] if index else array

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        """Write W^l, b^l or one of their numbers by its name."""
        array, index = self._find(name)
        target = array[index] if index else array
        numbers = as_numbers(value, self.dtype, name)
        if numbers.shape not in ((), np.shape(target)):
            raise ShapeError(f"{name} has shape {np.shape(target)}, not {numbers.shape}")
        array[index or ...] = numbers

    def _find(self, name: str) -> tuple[Array, tuple[int, ...]]:
        symbol, layer, index = notation.find(name, self.sizes, self.has_biases, ("W", "b"))
        if symbol not in ("W", "b"):
            raise ElementError(
                f"{name!r} belongs to a record, not to a network: "
                f"cp.backprop(network, X, y)[{name!r}]"
            )
        return self.unflatten(self.parameters)[f"{symbol}{layer}"], index

    def predict(self, X: object, *, engine: EngineName = "compiled") -> Array:
        """Return a^L, the network's output for each row.

        Parameters
        ----------
        X : array-like or table, shape (n, n_0)
        engine : {"compiled", "reference"}
            What computes. Networks of other types than float32 and float64, or with activations
            that cannot be compiled, are computed by the reference in any case; all are where there
            are no kernels for the processor.

        Returns
        -------
        ndarray, shape (n, n_L)

        Raises
        ------
        DataError
            If X does not fit (ShapeError, TypeOfDataError, NonFiniteDataError).
        NonFiniteError
            If the output leaves the data type's range; the message names the first layer
            that did.
        """
        check_engine(engine)
        predictor = self.predictor() if engine == "compiled" else None
        if predictor is not None and type(X) is np.ndarray and are_rows(X, self._topology):
            output, finite = predictor.outputs(X)
            if finite:
                return output
        X = check_inputs(X, self.sizes[0], self.dtype)
        if predictor is not None:
            output, finite = predictor.outputs(X)
            if finite:
                return output
        output = np.empty((len(X), self.sizes[-1]), self.dtype)
        for rows, z, a in self.forward_in_blocks(X):
            if not np.isfinite(a[-1]).all():
                raise NonFiniteError(
                    f"{first_non_finite(z, a, rows.start)}: weights or inputs are too large for "
                    f"{self.dtype}"
                )
            output[rows] = a[-1]
        return output

    @property
    def topology(self) -> Topology:
        """What the engine and exports know of the network."""
        return self._topology

    def predictor(self) -> Predictor | None:
        """Return the engine's forward passes; None where it cannot compute this network."""
        if self._predictor is None and self.dtype in (np.float32, np.float64):
            with suppress(CompilationError, MissingExtraError):
                self._predictor = Predictor(self._topology)
        return self._predictor

    def __getstate__(self) -> dict[str, Any]:
        """Return names and numbers, no code: what is built in is found again by its name."""
        return {
            "sizes": self.sizes,
            "activations": [named(f) for f in self.activations],
            "loss": named(self.loss),
            "has_biases": self.has_biases,
            "parameters": self.parameters,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._predictor = None
        if "_sizes" in state:  # a pickle of 0.1.0
            state = {name.removeprefix("_"): value for name, value in state.items()}
        sizes, given = check_sizes(state["sizes"]), np.asarray(state["parameters"])
        functions = check_activations([found_again(f) for f in state["activations"]], None, sizes)
        parameters = make_parameters(sizes, state["has_biases"], given.dtype)
        if given.shape != parameters.shape:
            raise ArchitectureError(
                f"the pickle has {given.size:,} parameters, but its network has {parameters.size:,}"
            )
        parameters[:] = given
        loss = found_again(state["loss"])
        self._topology = Topology(sizes, functions, loss, state["has_biases"], parameters)

    def forward_in_blocks(
        self, X: Array
    ) -> Iterator[tuple[slice, tuple[Array, ...], tuple[Array, ...]]]:
        """Yield rows, their z and their a for checked X, block by block, to spare memory."""
        for start in range(0, len(X), _ROWS):
            rows = slice(start, start + _ROWS)
            yield rows, *forward(self.weights, self.biases, self.activations, X[rows])

    def copy(self) -> Network:
        """Return a network of the same topology with parameters of its own."""
        return self.astype(self.dtype)

    __copy__ = copy  # sharing parameters would be a trap

    def astype(self, dtype: DTypeLike, *, loss: LossName | Loss | None = None) -> Network:
        """Return a copy in another data type (and with another loss, if given).

        From complex to real, real parts are kept.

        Raises
        ------
        NonFiniteError
            If a parameter is too large for the type.
        """
        other = Network.__new__(Network)
        other._set_topology(
            self.sizes,
            self.activations,
            None,
            self.loss if loss is None else loss,
            self.has_biases,
            dtype,
        )
        source = self.parameters if other.dtype.kind == "c" else self.parameters.real
        with np.errstate(over="ignore"):
            other.parameters[...] = source
        if np.isfinite(source).all() and not np.isfinite(other.parameters).all():
            raise NonFiniteError(f"the network has parameters too large for {other.dtype}")
        return other

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a safetensors file, whole or not at all.

        The file holds W1, b1, ... as (n_out, n_in) arrays and, as JSON, sizes, activations
        and loss, and a SHA-256 of the arrays' bytes. A file that stands there is replaced.

        Raises
        ------
        FileWriteError
            If it cannot be written; what stood there stays.
        ModelFileError
            If the network's data type is neither float32 nor float64, or it has more than 10,000
            layers.
        """
        model_file.write(path, "network", network_header(self), self.unflatten(self.parameters))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        activations: Mapping[str, Activation] | None = None,
        losses: Mapping[str, Loss] | None = None,
    ) -> Network:
        """Read a network from a file that `save` wrote.

        The file is opened once, so that a save beside it does no harm, and its numbers are held
        to their SHA-256, which takes about a second a gigabyte. Files of 0.1.0 have none.

        Parameters
        ----------
        path : path
        activations, losses : mapping, optional
            The user-made functions that the file names, by name. A file holds no code, so
            a network with functions of your own loads only with them given.

        Raises
        ------
        ArgumentError
            If a function was given under a name that is not its own.
        FileMissingError
            If there is no such file.
        ModelFileError
            If the file is truncated, damaged, of another program, no regular file, or names
            functions that were not given.
        """
        check_given(activations, "activations")
        check_given(losses, "losses")
        with model_file.opened(path, "network") as file:
            try:
                file.check(arrays_in_file(file.header))
                network = restore_network(file.header, path, activations, losses)
            except ModelFileError:
                raise
            except Exception as error:  # whatever a damaged header leads to
                raise ModelFileError(f"{path} describes no network ({error})") from None
            file.fill(network.unflatten(network.parameters))
        return network

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return the table that both representations show."""
        rows = [("layer", "activation", "W", "b", "parameters")]
        for layer, (f, W) in enumerate(zip(self.activations, self.weights, strict=True), 1):
            bias = f"({W.shape[0]},)" if self.has_biases else "none"
            count = W.size + (W.shape[0] if self.has_biases else 0)
            rows.append((str(layer), f.name, str(W.shape), bias, f"{count:,}"))
        return rows

    def _title(self) -> str:
        plural = "" if self.n_parameters == 1 else "s"
        return (
            f"Network {'-'.join(map(str, self.sizes))}: {self.n_parameters:,} parameter{plural}, "
            f"{self.dtype}, loss {self.loss}"
        )

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [self._title()]
        for *left, right in rows:
            cells = [cell.ljust(width) for cell, width in zip(left, widths[:-1], strict=True)]
            lines.append("  ".join(["", *cells, right.rjust(widths[-1])]))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        return html_table(self._title(), head, rows, right=[4])


def _draw(rule: Initializer, view: Array, purpose: Purpose, layer: int, seed: int) -> None:
    """Write what an initializer draws for a layer."""
    with np.errstate(over="ignore"):
        view[...] = rule.draw(view.shape, purpose, layer, seed)
    if not np.isfinite(view).all():
        raise ArgumentError(f"{rule} draws numbers too large for {view.dtype}: give a smaller one")


def check_network(network: object) -> Network:
    """Return `network` if it is one, or raise `ArgumentError`."""
    if not isinstance(network, Network):
        inside = next((name for name in ("network_", "network") if hasattr(network, name)), None)
        hint = f": its {inside} is one" if inside else ""
        raise ArgumentError(
            f"the first argument is a {type(network).__name__}; give a cp.Network{hint}"
        )
    return network


MAX_LAYERS = 10_000
"""Layers of weights that a network in a file has at most."""


def network_header(network: Network) -> model_file.Header:
    """Return what a file says of a network beside its arrays.

    Raises
    ------
    ModelFileError
        If the network's data type is neither float32 nor float64, or it has too many layers.
    """
    if network.dtype not in (np.float32, np.float64):
        raise ModelFileError(
            f"files hold float32 or float64, not {network.dtype}: save network.astype('float64')"
        )
    header = {
        "sizes": list(network.sizes),
        "activations": [describe(f) for f in network.activations],
        "loss": describe(network.loss),
        "biases": bool(network.biases),
        "dtype": network.dtype.name,
    }
    arrays_in_file(header)
    return header


def arrays_in_file(header: model_file.Header) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return the shape and type of each array that belongs to a `network_header`."""
    layers = len(header["sizes"]) - 1
    if layers > MAX_LAYERS:
        raise ModelFileError(
            f"a network in a file has {MAX_LAYERS:,} layers at most, not {layers:,}"
        )
    found = places(check_sizes(header["sizes"]), bool(header["biases"]))
    return {place.name: (place.shape, header["dtype"]) for place in found}


def restore_network(
    header: model_file.Header,
    path: str | os.PathLike[str],
    activations: Mapping[str, Activation] | None = None,
    losses: Mapping[str, Loss] | None = None,
) -> Network:
    """Return the network of a `network_header`, its parameters zero; `path` is for messages."""
    functions = [find_activation(item, activations, path) for item in header["activations"]]
    loss = find_loss(header["loss"], losses, path)
    network = Network.__new__(Network)
    network._set_topology(
        header["sizes"], functions, None, loss, bool(header["biases"]), header["dtype"]
    )
    return network
