"""Network: the fixed topology of a feed-forward network, and the parameters that are trained.

Sizes, activations and loss are fixed when a network is made. Weights and biases live in
one flat vector; everything else that shows them is a view into it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import prod
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from clearprop import notation
from clearprop.activations import Activation
from clearprop.checks.data import check_inputs
from clearprop.checks.settings import check_engine
from clearprop.display.html_table import html_table
from clearprop.engine.prediction import Predictor
from clearprop.engine.topology import Topology
from clearprop.errors import (
    ArgumentError,
    CompilationError,
    ElementError,
    ModelFileError,
    NonFiniteError,
    ShapeError,
)
from clearprop.files import model_file
from clearprop.files.saved_functions import check_given, describe, find_activation, find_loss
from clearprop.forward import first_non_finite, forward
from clearprop.initializers import Initializer, bias_initializer
from clearprop.initializers import initializer as resolve_initializer
from clearprop.losses import Loss, loss_after
from clearprop.losses import loss as resolve_loss
from clearprop.numerics.random import Purpose, check_seed
from clearprop.topology import (
    ActivationSpec,
    arrays_of,
    check_activations,
    check_sizes,
    make_parameters,
    parameter_shapes,
    sizes_of_weights,
)

Array = NDArray[Any]

_ROWS = 8192
"""Rows that run together where no gradient is asked for."""


class Network:
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
        If the sizes or the number of activations make no network.
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

    __slots__ = ("_activations", "_has_biases", "_loss", "_parameters", "_predictor", "_sizes")

    def __init__(
        self,
        sizes: Sequence[int],
        activations: ActivationSpec | Sequence[ActivationSpec] | None = None,
        output: ActivationSpec | None = None,
        loss: str | Loss | None = None,
        biases: bool | str | Initializer = True,
        initializer: str | Initializer = "auto",
        dtype: DTypeLike = "float32",
        seed: int = 0,
    ) -> None:
        if activations is None:
            activations, output = "relu", "identity" if output is None else output
        draw_biases = bias_initializer(biases)
        self._set_topology(sizes, activations, output, loss, draw_biases is not None, dtype)
        seed = check_seed(seed)
        for layer, (f, W) in enumerate(zip(self.activations, self.weights, strict=True), 1):
            draw_weights = resolve_initializer(initializer, f)
            W[...] = draw_weights.draw(W.shape, Purpose.WEIGHTS, layer, seed)
        if draw_biases is not None:
            for layer, b in enumerate(self.biases, 1):
                b[...] = draw_biases.draw(b.shape, Purpose.BIASES, layer, seed)

    def _set_topology(
        self,
        sizes: Sequence[int],
        activations: ActivationSpec | Sequence[ActivationSpec],
        output: ActivationSpec | None,
        loss: str | Loss | None,
        has_biases: bool,
        dtype: DTypeLike,
    ) -> None:
        self._sizes = check_sizes(sizes)
        self._activations = check_activations(activations, output, self._sizes)
        self._loss = loss_after(self._activations[-1]) if loss is None else resolve_loss(loss)
        self._loss.check_partner(self._activations[-1])
        self._has_biases = has_biases
        self._parameters = make_parameters(self._sizes, has_biases, dtype)
        self._predictor: Predictor | None = None

    @classmethod
    def from_weights(
        cls,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike] | None = None,
        activations: ActivationSpec | Sequence[ActivationSpec] = "sigmoid",
        output: ActivationSpec | None = None,
        loss: str | Loss | None = None,
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
        return self._sizes

    @property
    def activations(self) -> tuple[Activation, ...]:
        """The activation of each layer of weights."""
        return self._activations

    @property
    def loss(self) -> Loss:
        """What training minimizes."""
        return self._loss

    @property
    def parameters(self) -> Array:
        """All weights and biases in one flat vector, W1, b1, W2, b2, ...; change it in place."""
        return self._parameters

    @property
    def n_parameters(self) -> int:
        """The number of weights and biases."""
        return self._parameters.size

    @property
    def weights(self) -> tuple[Array, ...]:
        """W^1 to W^L, as writable views into `parameters`."""
        return self._views("W")

    @property
    def biases(self) -> tuple[Array, ...]:
        """b^1 to b^L, as writable views into `parameters`; empty for a network without."""
        return self._views("b")

    @property
    def has_biases(self) -> bool:
        """Whether the network has biases."""
        return self._has_biases

    @property
    def dtype(self) -> np.dtype[Any]:
        """The data type of parameters and of everything computed with them."""
        return self._parameters.dtype

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
        """
        views: dict[str, Array] = {}
        start = 0
        for name, shape in parameter_shapes(self._sizes, self._has_biases).items():
            views[name] = vector[start : start + prod(shape)].reshape(shape)
            start += prod(shape)
        return views

    def _views(self, symbol: str) -> tuple[Array, ...]:
        views = self.unflatten(self._parameters)
        return tuple(view for name, view in views.items() if name.startswith(symbol))

    def __getitem__(self, name: str) -> Any:
        """Return W^l, b^l or one of their numbers by its name: "W2", "b1[3]"."""
        array, index = self._find(name)
        return array[index] if index else array

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        """Write W^l, b^l or one of their numbers by its name."""
        array, index = self._find(name)
        target = array[index] if index else array
        if np.shape(value) not in ((), np.shape(target)):
            raise ShapeError(f"{name} has shape {np.shape(target)}, not {np.shape(value)}")
        array[index or ...] = value

    def _find(self, name: str) -> tuple[Array, tuple[int, ...]]:
        element = notation.parse(name)
        notation.check(element, name, self._sizes, self._has_biases)
        symbol, layer, index = element
        if symbol not in ("W", "b"):
            raise ElementError(
                f"{name!r} belongs to a record, not to a network: "
                f"cp.backprop(network, X, y)[{name!r}]"
            )
        return self.unflatten(self._parameters)[f"{symbol}{layer}"], index

    def predict(self, X: object, *, engine: str = "compiled") -> Array:
        """Return a^L, the network's output for each row.

        Parameters
        ----------
        X : array-like or table, shape (n, n_0)
        engine : {"compiled", "reference"}
            What computes. Networks of other types than float32 and float64, or with activations
            that cannot be compiled, are computed by the reference in any case.

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
        if predictor is not None and self._fits(X):
            output, finite = predictor.outputs(X)
            if finite:
                return output
        X = check_inputs(X, self._sizes[0], self.dtype)
        if predictor is not None:
            output, finite = predictor.outputs(X)
            if finite:
                return output
        output = np.empty((len(X), self._sizes[-1]), self.dtype)
        for rows, z, a in self.forward_in_blocks(X):
            if not np.isfinite(a[-1]).all():
                raise NonFiniteError(
                    f"{first_non_finite(z, a, rows.start)}: weights or inputs are too large for "
                    f"{self.dtype}"
                )
            output[rows] = a[-1]
        return output

    def _fits(self, X: object) -> TypeGuard[Array]:
        """Whether X is an array that the engine can read as it is."""
        return (
            type(X) is np.ndarray
            and X.dtype == self.dtype
            and X.ndim == 2
            and X.shape[1] == self._sizes[0]
            and X.shape[0] > 0
            and X.flags.c_contiguous
        )

    def topology(self) -> Topology:
        """Return what the engine has to know of the network."""
        return Topology(
            self._sizes, self._activations, self._loss, self._has_biases, self._parameters
        )

    def predictor(self) -> Predictor | None:
        """Return the engine's forward passes; None where it cannot compute this network."""
        if self._predictor is None and self.dtype in (np.float32, np.float64):
            with suppress(CompilationError):
                self._predictor = Predictor(self.topology())
        return self._predictor

    def __getstate__(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in self.__slots__}
        state["_predictor"] = None  # holds addresses of this process
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def forward_in_blocks(
        self, X: Array
    ) -> Iterator[tuple[slice, tuple[Array, ...], tuple[Array, ...]]]:
        """Yield rows, their z and their a for checked X, block by block, to spare memory."""
        for start in range(0, len(X), _ROWS):
            rows = slice(start, start + _ROWS)
            yield rows, *forward(self.weights, self.biases, self._activations, X[rows])

    def copy(self) -> Network:
        """Return a network of the same topology with parameters of its own."""
        return self.astype(self.dtype)

    __copy__ = copy  # sharing parameters would be a trap

    def astype(self, dtype: DTypeLike, *, loss: str | Loss | None = None) -> Network:
        """Return a copy in another data type (and with another loss, if given).

        From complex to real, real parts are kept.

        Raises
        ------
        NonFiniteError
            If a parameter is too large for the type.
        """
        other = Network.__new__(Network)
        other._set_topology(
            self._sizes,
            self._activations,
            None,
            self._loss if loss is None else loss,
            self._has_biases,
            dtype,
        )
        source = self._parameters if other.dtype.kind == "c" else self._parameters.real
        with np.errstate(over="ignore"):
            other._parameters[...] = source
        if np.isfinite(source).all() and not np.isfinite(other._parameters).all():
            raise NonFiniteError(f"the network has parameters too large for {other.dtype}")
        return other

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a safetensors file, whole or not at all.

        The file holds W1, b1, ... as (n_out, n_in) arrays and, as JSON, sizes, activations
        and loss. A file that stands there is replaced.

        Raises
        ------
        FileWriteError
            If it cannot be written; what stood there stays.
        ModelFileError
            If the network's data type is neither float32 nor float64.
        """
        model_file.write(path, "network", network_header(self), self.unflatten(self._parameters))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        activations: Mapping[str, Activation] | None = None,
        losses: Mapping[str, Loss] | None = None,
    ) -> Network:
        """Read a network from a file that `save` wrote.

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
            If the file is truncated, damaged, of another program, or names functions that
            were not given.
        """
        check_given(activations, "activations")
        check_given(losses, "losses")
        header = model_file.read_header(path, "network")
        try:
            arrays = model_file.read_arrays(path, arrays_in_file(header))
            return restore_network(header, arrays, path, activations, losses)
        except ModelFileError:
            raise
        except Exception as error:  # whatever a damaged header leads to
            raise ModelFileError(f"{path} describes no network ({error})") from None

    def to_onnx(
        self, path: str | os.PathLike[str] | None = None, *, classes: Sequence[Any] | None = None
    ) -> Any:
        """Return the network as an ONNX model of opset 17, and write it to `path` if one is given.

        The input is called ``X``: (n, n_0), of the network's type. After softmax, or with
        `classes`, the outputs are ``label``, (n,), and ``probabilities``, (n, K), as skl2onnx
        calls them; else one, ``variable``, (n, n_L), is a^L.

        Parameters
        ----------
        path : path, optional
            A file that stands there is replaced.
        classes : sequence of str, int, float or bool, optional
            In the order of the outputs; two for a single sigmoid, whose output is the second's
            probability. None: 0 to K-1 after softmax.

        Returns
        -------
        onnx.ModelProto

        Raises
        ------
        ArgumentError
            If an activation is of your own, or classes do not fit the outputs.
        FileWriteError
            If the file cannot be written; what stood there stays.
        MissingExtraError
            If onnx (the extra `onnx`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> network = cp.Network([4, 8, 3], output="softmax")
        >>> proto = network.to_onnx(classes=["setosa", "versicolor", "virginica"])
        >>> [one.name for one in proto.graph.output]
        ['label', 'probabilities']
        """
        from clearprop.export.onnx import to_onnx

        return to_onnx(self, path, classes)

    def to_c(self, name: str = "net") -> str:
        """Return the network as a header in C99: ``void net_predict(const float *x, float *y)``.

        It allocates nothing and needs ``<math.h>`` alone (link with ``-lm``). ``NET_INPUTS`` and
        ``NET_OUTPUTS`` say how long x and y are; they must not overlap. A network in float64
        is computed in double.

        Parameters
        ----------
        name : str
            What the names in the header begin with, in place of "net".

        Raises
        ------
        ArgumentError
            If an activation is of your own, or `name` is no name in C.

        Examples
        --------
        >>> import clearprop as cp
        >>> header = cp.Network([4, 8, 3], output="softmax").to_c("iris")
        >>> [line for line in header.splitlines() if "iris_predict" in line]
        ['static inline void iris_predict(const float *x, float *y)']
        """
        from clearprop.export.c import to_c

        return to_c(self, name)

    def to_torch(self) -> Any:
        """Return the network as an ``nn.Sequential`` of Linear and activation modules.

        It has a copy of the parameters, in the network's data type; what it gives is `predict`.

        Returns
        -------
        torch.nn.Sequential

        Raises
        ------
        ArgumentError
            If an activation is of your own.
        MissingExtraError
            If PyTorch (the extra `torch`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> cp.Network([4, 8, 3], output="softmax").to_torch()  # doctest: +SKIP
        Sequential(
          (0): Linear(in_features=4, out_features=8, bias=True)
          (1): ReLU()
          (2): Linear(in_features=8, out_features=3, bias=True)
          (3): Softmax(dim=-1)
        )
        """
        from clearprop.export.torch import to_torch

        return to_torch(self)

    @classmethod
    def from_torch(cls, sequential: Any, loss: str | Loss | None = None) -> Network:
        """Make a network of an ``nn.Sequential`` of Linear and activation modules.

        Dropout and a leading Flatten, which change no prediction for rows, are passed over.

        Parameters
        ----------
        sequential : torch.nn.Sequential
            In float32 or float64, which the network keeps; its parameters are copied.
        loss : str or Loss, optional
            As for `Network`; the modules do not say.

        Raises
        ------
        ArgumentError
            If a module, or its setting, is none that a network has; the message names it.
        ArchitectureError
            If the modules do not join.
        MissingExtraError
            If PyTorch (the extra `torch`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> from torch import nn  # doctest: +SKIP
        >>> cp.Network.from_torch(nn.Sequential(nn.Linear(4, 8), nn.Tanh()))  # doctest: +SKIP
        Network 4-8: 40 parameters, float32, loss squared_error
          layer  activation  W       b     parameters
          1      tanh        (8, 4)  (8,)          40
        """
        from clearprop.export.torch import from_torch

        weights, biases, activations = from_torch(sequential)
        return cls.from_weights(weights, biases, activations, loss=loss)

    def to_sklearn(self, *, classes: Sequence[Any] | None = None) -> Any:
        """Return a fitted MLP of scikit-learn's that predicts as the network does.

        After softmax or sigmoid it is an MLPClassifier (several sigmoids: of several labels a row),
        after identity an MLPRegressor, after exp an MLPRegressor with the Poisson loss.

        Parameters
        ----------
        classes : sequence of str, int, float or bool, optional
            In the order of the outputs; two for a single sigmoid, whose output is the second's
            probability. None: 0, 1, ...

        Returns
        -------
        MLPClassifier or MLPRegressor

        Raises
        ------
        ArgumentError
            If scikit-learn has no such MLP (its hidden layers have one activation, of identity,
            sigmoid, tanh and relu), or classes do not fit the outputs.
        MissingExtraError
            If scikit-learn (the extra `tables`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> mlp = cp.Network([4, 8, 3], output="softmax").to_sklearn(classes=["a", "b", "c"])
        >>> mlp.predict([[0, 0, 0, 0]]).tolist()
        ['a']
        """
        from clearprop.export.scikit_learn import to_sklearn

        return to_sklearn(self, classes)

    @classmethod
    def from_sklearn(cls, mlp: Any) -> Network:
        """Make a network of a fitted MLPClassifier or MLPRegressor of scikit-learn's.

        Its outputs are those of ``predict_proba`` (for two classes: the second column, from one
        sigmoid) or of ``predict``; the parameters are copied. The classes are ``mlp.classes_``.

        Parameters
        ----------
        mlp : MLPClassifier or MLPRegressor

        Raises
        ------
        ArgumentError
            If it is another estimator, or not fitted.
        MissingExtraError
            If scikit-learn (the extra `tables`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.neural_network import MLPRegressor
        >>> mlp = MLPRegressor(hidden_layer_sizes=[5], solver="lbfgs")
        >>> cp.Network.from_sklearn(mlp.fit([[0], [1], [2]], [0, 1, 4])).sizes
        (1, 5, 1)
        """
        from clearprop.export.scikit_learn import from_sklearn

        weights, biases, activations, loss = from_sklearn(mlp)
        return cls.from_weights(weights, biases, activations, loss=loss)

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return the table that both representations show."""
        rows = [("layer", "activation", "W", "b", "parameters")]
        for layer, (f, W) in enumerate(zip(self._activations, self.weights, strict=True), 1):
            bias = f"({W.shape[0]},)" if self._has_biases else "none"
            count = W.size + (W.shape[0] if self._has_biases else 0)
            rows.append((str(layer), f.name, str(W.shape), bias, f"{count:,}"))
        return rows

    def _title(self) -> str:
        plural = "" if self.n_parameters == 1 else "s"
        return (
            f"Network {'-'.join(map(str, self._sizes))}: {self.n_parameters:,} parameter{plural}, "
            f"{self.dtype}, loss {self._loss}"
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


def check_network(network: object) -> Network:
    """Return `network` if it is one, or raise `ArgumentError`."""
    if not isinstance(network, Network):
        inside = next((name for name in ("network_", "network") if hasattr(network, name)), None)
        hint = f": its {inside} is one" if inside else ""
        raise ArgumentError(
            f"the first argument is a {type(network).__name__}; give a cp.Network{hint}"
        )
    return network


def network_header(network: Network) -> model_file.Header:
    """Return what a file says of a network beside its arrays.

    Raises
    ------
    ModelFileError
        If the network's data type is neither float32 nor float64.
    """
    if network.dtype not in (np.float32, np.float64):
        raise ModelFileError(
            f"files hold float32 or float64, not {network.dtype}: save network.astype('float64')"
        )
    return {
        "sizes": list(network.sizes),
        "activations": [describe(f) for f in network.activations],
        "loss": describe(network.loss),
        "biases": bool(network.biases),
        "dtype": network.dtype.name,
    }


def arrays_in_file(header: model_file.Header) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return the shape and type of each array that belongs to a `network_header`."""
    shapes = parameter_shapes(check_sizes(header["sizes"]), bool(header["biases"]))
    return {name: (shape, header["dtype"]) for name, shape in shapes.items()}


def restore_network(
    header: model_file.Header,
    arrays: Mapping[str, Array],
    path: str | os.PathLike[str],
    activations: Mapping[str, Activation] | None = None,
    losses: Mapping[str, Loss] | None = None,
) -> Network:
    """Return the network of a `network_header` and its arrays; `path` is for messages."""
    functions = [find_activation(item, activations, path) for item in header["activations"]]
    loss = find_loss(header["loss"], losses, path)
    network = Network.__new__(Network)
    network._set_topology(
        header["sizes"], functions, None, loss, bool(header["biases"]), header["dtype"]
    )
    for name, view in network.unflatten(network.parameters).items():
        view[...] = arrays[name]
    return network
