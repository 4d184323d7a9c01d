"""What a Network can be turned into, and made of: the methods that other programs are reached by.

`Network` inherits them. They read its `topology`, so that no export knows a Network.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

from clearprop.losses import Loss, LossName
from clearprop.topology import Topology


class ExportMethods(ABC):
    """The methods ``to_onnx``, ``to_c``, ``to_torch``, ``to_sklearn`` and their way back."""

    __slots__ = ()

    @property
    @abstractmethod
    def topology(self) -> Topology:
        """Sizes, functions and parameters."""

    @classmethod
    @abstractmethod
    def from_weights(
        cls,
        weights: Any,
        biases: Any = None,
        activations: Any = "sigmoid",
        output: Any = None,
        loss: Any = None,
    ) -> Self:
        """Make a network from given weights and biases."""

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

        return to_onnx(self.topology, path, classes)

    def to_c(self, name: str = "net") -> str:
        """Return the network as a header in C99: ``void net_predict(const float *x, float *y)``.

        It allocates nothing and needs ``<math.h>`` alone (link with ``-lm``). ``NET_INPUTS`` and
        ``NET_OUTPUTS`` say how long x and y are; they must not overlap. A network in float64
        is computed in double.

        Parameters
        ----------
        name : str
            What the names in the header begin with, in place of "net"; those of two headers in one
            program are to differ in more than case.

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

        return to_c(self.topology, name)

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

        return to_torch(self.topology)

    @classmethod
    def from_torch(cls, sequential: Any, loss: LossName | Loss | None = None) -> Self:
        """Make a network of an ``nn.Sequential`` of Linear and activation modules.

        Dropout (in training mode too) and a leading Flatten are passed over: they change no
        prediction for rows.

        Parameters
        ----------
        sequential : torch.nn.Sequential
            In float32 or float64, which the network keeps; its parameters are copied.
        loss : str or Loss, optional
            As for `Network`; the modules do not say.

        Raises
        ------
        ArgumentError
            If a module, its setting, or what is attached to it, is none that a network has: a
            hook of the forward pass, a parametrization, parameters that two modules share, numbers
            of another type or device. The message names it.
        ArchitectureError
            If the modules do not join.
        NonFiniteError
            If a parameter is NaN or infinite; the message names it.
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

        return to_sklearn(self.topology, classes)

    @classmethod
    def from_sklearn(cls, mlp: Any) -> Self:
        """Make a network of a fitted MLPClassifier or MLPRegressor of scikit-learn's.

        Its outputs are those of ``predict_proba`` (for two classes: the second column, from one
        sigmoid) or of ``predict``; the parameters are copied. The classes are ``mlp.classes_``.

        Parameters
        ----------
        mlp : MLPClassifier or MLPRegressor

        Raises
        ------
        ArgumentError
            If it is another estimator, or not fitted, or predicts otherwise than its parameters
            say, as a subclass may.
        NonFiniteError
            If a parameter is NaN or infinite; the message names it.
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
        from clearprop.export.sklearn_checks import check_mlp

        weights, biases, activations, loss = from_sklearn(mlp)
        check_mlp(mlp)
        return cls.from_weights(weights, biases, activations, loss=loss)
