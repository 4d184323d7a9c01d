"""What a Model can be turned into: raw columns in, labels or numbers out, elsewhere.

`Model` inherits these methods.
"""

from __future__ import annotations

import os
from typing import Any

from clearprop.network import Network
from clearprop.tables.encoding import Encoding
from clearprop.tables.target import Target


class ModelExports:
    """The methods ``to_onnx``, ``to_c`` and ``to_torch``."""

    network: Network
    _encoding: Encoding
    _target: Target

    def to_onnx(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Return the model as ONNX of opset 17, raw columns included; write it to `path` if given.

        Each column is an input of its own name, (n, 1): numbers as float64, NaN where missing;
        categories, and true and false, as text, "" where missing. Outputs are called as skl2onnx
        calls them: ``label``, (n,), and ``probabilities``, (n, K), or ``variable``, (n, 1), in
        the target's own unit; of a model with quantiles (n, q), ascending. Text is to come without
        blanks around it; infinity, which `predict` refuses, counts as a very large number.

        Parameters
        ----------
        path : path, optional
            A file that stands there is replaced.

        Returns
        -------
        onnx.ModelProto

        Raises
        ------
        ArgumentError
            If a column holds dates, for which ONNX has no type, or an activation is of your own.
        FileWriteError
            If the file cannot be written; what stood there stays.
        MissingExtraError
            If onnx (the extra `onnx`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_wine
        >>> table = load_wine(as_frame=True).frame[["alcohol", "hue", "target"]]
        >>> model = cp.Model.fit(table, "target", hidden=[4], epochs=2, compare=False)
        >>> [one.name for one in model.to_onnx().graph.input]
        ['alcohol', 'hue']
        """
        from clearprop.tables.as_onnx import as_onnx

        return as_onnx(self.network, self._encoding, self._target, path)

    def to_c(self, name: str = "net") -> str:
        """Return the model as a header in C99: ``void net_predict(const double *x, double *y)``.

        x is one row of raw columns, in the order of `columns`: NAN where a value is missing, 1 and
        0 for true and false. y takes the probabilities, in the order of `classes`, or the
        number in the target's own unit, or its quantiles, ascending. For the rest see
        `Network.to_c`.

        Parameters
        ----------
        name : str
            What the names in the header begin with, in place of "net"; those of two headers in one
            program are to differ in more than case.

        Raises
        ------
        ArgumentError
            If a column holds categories or dates, an activation is of your own, or `name` is no
            name in C.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_wine
        >>> table = load_wine(as_frame=True).frame[["alcohol", "hue", "target"]]
        >>> model = cp.Model.fit(table, "target", hidden=[4], epochs=2, compare=False)
        >>> [line for line in model.to_c("wine").splitlines() if "_classes[" in line]
        ['static const char *const wine_classes[WINE_OUTPUTS] = {"0", "1", "2"};']
        """
        from clearprop.tables.as_c import as_c

        return as_c(self.network, self._encoding, self._target, name)

    def to_torch(self) -> Any:
        """Return the model as an ``nn.Sequential``, whose first module encodes raw columns.

        It takes float64 (n, n_columns), in the order of `columns`: NaN where a value is missing,
        1 and 0 for true and false; it gives probabilities (n, K), in the order of `classes`, or
        numbers (n, 1) in the target's own unit, or quantiles (n, q), ascending.

        Returns
        -------
        torch.nn.Sequential

        Raises
        ------
        ArgumentError
            If a column holds categories or dates (``model.network.to_torch()`` takes what
            ``model.encode(table)`` gives), or an activation is of your own.
        MissingExtraError
            If PyTorch (the extra `torch`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_wine
        >>> table = load_wine(as_frame=True).frame[["alcohol", "hue", "target"]]
        >>> model = cp.Model.fit(table, "target", hidden=[4], epochs=2, compare=False)
        >>> model.to_torch()  # doctest: +SKIP
        Sequential(
          (0): Encode()
          (1): Linear(in_features=2, out_features=4, bias=True)
          (2): ReLU()
          (3): Linear(in_features=4, out_features=3, bias=True)
          (4): Softmax(dim=-1)
        )
        """
        from clearprop.tables.as_torch import as_torch

        return as_torch(self.network, self._encoding, self._target)
