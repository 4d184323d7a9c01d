"""Data in: arrays and tables of any library become checked NumPy arrays of one type.

Nothing that is passed in is changed, and nothing doubtful is let through: NaN, infinity,
text, masked values, labels out of range and shapes that do not fit are refused, with what
was expected, what came, and where.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.lazy import check_computed
from clearprop.checks.memory import Borrowed
from clearprop.errors import (
    NonFiniteDataError,
    SampleWeightError,
    ShapeError,
    TargetError,
    TypeOfDataError,
    shown,
)

Array = NDArray[Any]

_BLOCK = 1 << 20
"""Numbers looked at together, so that a check needs little memory beside the data."""


@dataclass(frozen=True)
class Data:
    """Checked inputs, targets and weights of the same rows.

    X and numbers in y may be the caller's own arrays; labels and weights are copies.

    Attributes
    ----------
    X : ndarray, shape (n, n_0)
        Or what gives such rows when they are asked for by number, for the reference alone.
    y : ndarray, shape (n, n_L)
        Or int64 labels (n,).
    weights : ndarray of float64, shape (n,), optional
    """

    X: Array
    y: Array
    weights: NDArray[np.float64] | None = None
    _borrowed: Borrowed = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_borrowed", Borrowed(X=self.X, y=self.y))

    def check(self) -> None:
        """Raise `ShapeError` if X or y was resized, or reshaped, since; for whoever reads them."""
        self._borrowed.check()

    def take(self, rows: NDArray[np.int64]) -> Data:
        """Return copies of these rows."""
        self.check()
        weights = None if self.weights is None else self.weights[rows]
        return Data(self.X[rows], self.y[rows], weights)


def check_inputs(X: object, n_features: int, dtype: np.dtype[Any], what: str = "X") -> Array:
    """Return `X` as an array of shape (n, n_features) and type `dtype`.

    Parameters
    ----------
    X : array-like or table
        A NumPy array, anything with ``__array__``, nested lists, or a pandas, polars or
        pyarrow table of numbers: one sample a row.
    n_features : int
        The number of columns expected.
    dtype : numpy dtype
        The type of the result.
    what : str
        How messages call it.

    Raises
    ------
    ShapeError, TypeOfDataError, NonFiniteDataError
        If it has another shape, is not numeric, or holds NaN or infinity.
    """
    array, columns = _to_array(X, what)
    if array.ndim != 2:
        hint = {
            1: f": one sample is {what}[None, :], one feature {what}[:, None]",
            3: f": pictures become rows by {what}.reshape(len({what}), -1)",
        }.get(array.ndim, "")
        raise ShapeError(
            f"{what} must have shape (n, {n_features}), one sample a row, but has shape "
            f"{array.shape}{hint}"
        )
    if array.shape[1] != n_features:
        raise ShapeError(
            f"{what} has {array.shape[1]} columns, but the network takes {n_features} inputs"
        )
    if array.shape[0] == 0:
        raise ShapeError(f"{what} has no rows")
    return _cast(array, dtype, what, columns)


def column_names(X: object) -> list[str] | None:
    """Return the names of the columns of a pandas, polars or pyarrow table, None for an array."""
    names = getattr(X, "columns", None)
    if isinstance(X, np.ndarray) or names is None:
        return None
    if hasattr(X, "column_names"):  # pyarrow's columns are the arrays
        names = X.column_names
    return [str(name) for name in names]


def check_targets(
    y: object, n: int, n_outputs: int, kind: str, dtype: np.dtype[Any], what: str = "y"
) -> Array:
    """Return `y` as integer labels (n,) or as numbers (n, n_outputs) in `dtype`.

    Parameters
    ----------
    y : array-like or table
        Targets. (n,) may stand for (n, 1). For `kind` "labels", (n,) holds labels. For "shared",
        (n,) and (n, 1) stand for all outputs.
    n, n_outputs : int
        The number of samples and of network outputs.
    kind : {"real", "labels", "unit", "nonnegative", "shared"}
        What the loss takes: any number; integer labels or rows that sum to 1; numbers in
        [0, 1]; numbers from 0 up; any number, or one for all outputs.

    Raises
    ------
    ShapeError, TypeOfDataError, NonFiniteDataError, TargetError
        If `y` does not fit; the message names the row.
    """
    array, columns = _to_array(y, what)
    if array.ndim and array.shape[0] != n:
        raise ShapeError(f"X has {n} rows, but {what} has {array.shape[0]}")
    if kind == "labels" and (array.ndim == 1 or array.shape == (n, 1)):
        return _labels(array.reshape(n), n_outputs, what)
    if array.ndim == 1 and (n_outputs == 1 or kind == "shared"):
        array = array[:, None]
    if kind == "shared" and array.shape == (n, 1):
        array = np.broadcast_to(array, (n, n_outputs))
        columns = columns and columns * n_outputs
    if array.ndim != 2 or array.shape[1] != n_outputs:
        raise ShapeError(_target_shape_message(array, n, n_outputs, kind, what))
    numbers = _cast(array, real_type(dtype), what, columns)
    if kind in ("labels", "unit", "nonnegative"):
        _check_domain(numbers, kind, what)
    if kind == "labels":
        sums = numbers.sum(axis=1, dtype=np.float64)
        wrong = np.flatnonzero(np.abs(sums - 1) > 1e-4)
        if wrong.size:
            raise TargetError(
                f"{what} row {wrong[0]} sums to {sums[wrong[0]]:.6g}, but cross_entropy takes rows "
                f"that sum to 1, or integer labels of shape ({n},){_more(wrong.size, 'row')}"
            )
    return numbers


def as_rows(y: Array, n_outputs: int, dtype: np.dtype[Any]) -> Array:
    """Return checked targets as rows (n, n_outputs): labels become 1 there and 0 elsewhere."""
    if y.ndim == 2:
        return y
    rows = np.zeros((y.size, n_outputs), dtype=real_type(dtype))
    rows[np.arange(y.size), y] = 1
    return rows


def real_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of targets: the real type under a complex one, else the type itself."""
    return np.empty(0, dtype).real.dtype


def check_sample_weight(
    weights: object, n: int, what: str = "sample_weight", *, may_be_zero: bool = False
) -> NDArray[np.float64] | None:
    """Return weights as float64 of shape (n,), or None for None.

    Those of a block of a stream `may_be_zero`, all of them.

    Raises
    ------
    ShapeError, TypeOfDataError, NonFiniteDataError, SampleWeightError
        If there are not n of them, or some are negative, or all are zero.
    """
    if weights is None:
        return None
    array, _ = _to_array(weights, what)
    if array.shape != (n,):
        raise ShapeError(f"{what} must have shape ({n},), but has shape {array.shape}")
    checked = _cast(array[:, None], np.dtype(np.float64), what, None)[:, 0]
    negative = np.flatnonzero(checked < 0)
    if negative.size:
        raise SampleWeightError(
            f"{what}[{negative[0]}] is {checked[negative[0]]:g}; weights must be 0 or more"
            f"{_more(negative.size, 'weight')}"
        )
    if not checked.any() and not may_be_zero:
        raise SampleWeightError(f"{what} is all zero: no sample would count")
    with np.errstate(over="ignore"):
        if not np.isfinite(checked.sum()):
            raise SampleWeightError(f"the sum of {what} is infinite: scale them down")
    return checked.copy()


def mean_weights(weights: Array | None, n: int, dtype: np.dtype[Any]) -> Array:
    """Return omega: each sample's share of the mean, w_i / sum w, or 1/n; double at least."""
    wide = np.result_type(real_type(dtype), np.float64)
    return (
        np.full(n, wide.type(1) / n) if weights is None else (weights / weights.sum()).astype(wide)
    )


def _to_array(data: object, what: str) -> tuple[Array, list[str] | None]:
    """Return a numeric array, and the column names of a table."""
    if isinstance(data, np.ndarray) and not isinstance(data, np.ma.MaskedArray):
        array, columns = data, None
    elif (table := _as_table(data, what)) is not None:
        array, columns = table
    else:
        array, columns = _from_array_like(data, what), None
    if array.dtype.kind not in "biufc":
        raise TypeOfDataError(f"{what} must hold numbers, but holds {_kind_of_data(array)}")
    return array, columns


def _from_array_like(data: object, what: str) -> Array:
    if isinstance(data, np.ma.MaskedArray):
        if np.ma.is_masked(data):
            raise NonFiniteDataError(f"{what} has masked values: fill them or leave their rows out")
        return np.asarray(data.data)
    check_computed(data, what)
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        raise TypeOfDataError(f"{what} is a sparse matrix: pass {what}.toarray()")
    try:
        return np.asarray(data)
    except ValueError:
        raise ShapeError(f"{what} has rows of different lengths") from None
    except Exception as error:  # whatever another library's __array__ raises
        reason = str(error).partition("\n")[0]
        raise TypeOfDataError(f"{what} cannot be read as an array: {reason}") from error


def _as_table(data: object, what: str) -> tuple[Array, list[str] | None] | None:
    """Return the numbers and column names of a pandas, polars or pyarrow table or column."""
    if isinstance(data, list | tuple | float | int | str) or data is None:
        return None
    import narwhals as nw  # here, because `import clearprop` should not wait for it

    try:
        frame = nw.from_native(data, eager_only=True, allow_series=True, pass_through=True)
        columns = list(frame.iter_columns()) if isinstance(frame, nw.DataFrame) else []
    except nw.exceptions.DuplicateError:
        raise ShapeError(f"{what} has two columns of the same name") from None
    if isinstance(frame, nw.Series):
        if frame.null_count():
            raise NonFiniteDataError(f"{what} has {frame.null_count()} missing value(s)")
        return frame.to_numpy(), None
    if not isinstance(frame, nw.DataFrame):
        return None
    if not columns:
        raise ShapeError(f"{what} has no columns")
    for column in columns:
        kind = column.dtype
        if not (kind.is_numeric() or kind == nw.Boolean):
            raise TypeOfDataError(f"{what}'s column {column.name!r} holds {kind}, not numbers")
        missing = column.is_null().arg_true()
        if len(missing):
            raise NonFiniteDataError(
                f"{what} is missing at row {missing[0]}, column {column.name!r}"
                f"{_more(len(missing), 'row')}"
            )
    numbers = np.column_stack([column.to_numpy() for column in columns])
    return numbers, [str(column.name) for column in columns]


def _kind_of_data(array: Array) -> str:
    if array.dtype.kind in "US":
        return f"text such as {shown(array.flat[0].item())}"
    if array.dtype.kind in "Mm":
        return "dates or times"
    for position, value in zip(np.ndindex(array.shape), array.flat, strict=True):
        if not isinstance(value, int | float | np.number):
            where = f" at {list(position)}" if position else ""
            return f"{shown(value, 40)}, a {type(value).__name__},{where}".rstrip(",")
    return "objects: pass an array of a numeric dtype"


def _cast(array: Array, dtype: np.dtype[Any], what: str, columns: list[str] | None) -> Array:
    """Return an aligned C-ordered array of `dtype`, or raise for what is not finite in it."""
    if array.dtype.kind == "c" and dtype.kind != "c":
        raise TypeOfDataError(f"{what} is complex, but the network is {dtype}")
    with np.errstate(over="ignore"):
        cast = np.require(array, dtype, ["C", "ALIGNED", "ENSUREARRAY"])
    rows = max(1, _BLOCK // max(1, cast.shape[1]))
    for start in range(0, cast.shape[0], rows):
        block = cast[start : start + rows]
        if not np.isfinite(block).all():
            bad = np.argwhere(~np.isfinite(block))
            row, column = int(bad[0, 0]) + start, int(bad[0, 1])
            name = f" ({columns[column]!r})" if columns else ""
            value = array[row, column]
            if np.isfinite(value):
                problem = too_large(value, dtype)
            else:
                problem = f"{value}; NaN and infinity are refused"
            raise NonFiniteDataError(f"{what} at row {row}, column {column}{name} is {problem}")
    return cast


def as_numbers(value: object, dtype: np.dtype[Any], what: str) -> Array:
    """Return numbers of any shape in a type, NaN and infinity too, as they are to be written.

    Raises
    ------
    ShapeError, TypeOfDataError, NonFiniteDataError
        If they are of no shape, are no numbers, or are too large for the type.
    """
    array = _to_array(np.asarray(value) if isinstance(value, np.generic) else value, what)[0]
    if array.dtype.kind == "c" and dtype.kind != "c":
        raise TypeOfDataError(f"{what} is complex, but the network is {dtype}")
    with np.errstate(over="ignore"):
        cast = array.astype(dtype)
    lost = np.isfinite(array) & ~np.isfinite(cast)
    if lost.any():
        raise NonFiniteDataError(f"{what} is {too_large(array[lost][0], dtype)}")
    return cast


def too_large(value: Any, dtype: np.dtype[Any]) -> str:
    """Return what a message says of a finite number that a data type cannot hold."""
    wider = ", or compute in float64" if dtype == np.float32 else ""
    return f"{value:g}, too large for {dtype}: scale the data{wider}"


def _labels(array: Array, n_outputs: int, what: str) -> NDArray[np.int64]:
    labels = array
    if array.dtype.kind == "c":
        raise TypeOfDataError(f"{what} is complex, but labels are integers")
    if array.dtype.kind not in "iub":
        wrong = np.flatnonzero(~(np.isfinite(array) & (array == np.floor(array.real))))
        if wrong.size:
            raise TargetError(
                f"{what}[{wrong[0]}] is {array[wrong[0]]}, but labels are integers "
                f"0..{n_outputs - 1}{_more(wrong.size, 'label')}"
            )
    wrong = np.flatnonzero((labels < 0) | (labels >= n_outputs))
    if wrong.size:
        raise TargetError(
            f"{what}[{wrong[0]}] is {labels[wrong[0]]}, but the network has {n_outputs} outputs: "
            f"labels are 0..{n_outputs - 1}{_more(wrong.size, 'label')}"
        )
    return labels.astype(np.int64)


def _check_domain(numbers: Array, kind: str, what: str) -> None:
    outside = (numbers < 0) if kind == "nonnegative" else (numbers < 0) | (numbers > 1)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        expected = "0 or more" if kind == "nonnegative" else "from 0 to 1"
        raise TargetError(
            f"{what} at row {row}, column {column} is {numbers[row, column]:g}, but this loss "
            f"takes targets {expected}{_more(int(outside.sum()), 'value')}"
        )


def _target_shape_message(array: Array, n: int, n_outputs: int, kind: str, what: str) -> str:
    if kind == "labels":
        expected = f"({n},) of integer labels or ({n}, {n_outputs}) of shares"
        return f"{what} must have shape {expected}, but has shape {array.shape}"
    alone = n_outputs == 1 or kind == "shared"
    expected = f"({n}, {n_outputs})" + (f" or ({n},)" if alone else "")
    hint = ""
    whole = array.ndim == 1 and array.dtype.kind in "iu" and array.size > 0
    if n_outputs > 1 and whole and array.min() >= 0 and array.max() < n_outputs:
        hint = (
            f": labels become rows by np.eye({n_outputs})[{what}]; the loss cross_entropy, after "
            "softmax, takes them as they are"
        )
    return f"{what} must have shape {expected}, but has shape {array.shape}{hint}"


def _more(count: int, noun: str) -> str:
    return f" (and {count - 1} more {noun}{'s' if count > 2 else ''})" if count > 1 else ""
