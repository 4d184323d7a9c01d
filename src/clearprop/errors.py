"""The exceptions of Clearprop: each message is one line that says what, where and what to do.

Every class derives from `ClearpropError` and from the built-in class a caller would
expect (`ValueError`, `KeyError`, ...), so both `except cp.ClearpropError` and the habits
of NumPy and scikit-learn users work.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any, NamedTuple, NoReturn, Self

LONGEST = 2000
"""Characters that a message has at most."""

_BITS = 200
"""Of the whole numbers that are shown by their digits."""

_BLANKS = str.maketrans("\n\r\t", "   ")
_END = 500


def printable(text: str) -> str:
    r"""Return text without control characters, lone surrogates and the like; line ends stay.

    Examples
    --------
    >>> printable("a\x1b[2Jb\n")
    'a�[2Jb\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    r"""Return text as a message shows it: printable, on one line, the middle of a long one cut.

    Examples
    --------
    >>> one_line("no file\x07\nhere"), len(one_line("x" * 1_000_000))
    ('no file� here', 2000)
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - _END - 5]} ... {text[-_END:]}"
    return printable(text.translate(_BLANKS))


def shown(value: object, most: int = 60) -> str:
    """Return what a message shows of any value: its repr, up to so many characters.

    Examples
    --------
    >>> shown("adam"), shown(10**5000)
    ("'adam'", 'a whole number of 5,001 digits')
    >>> shown("x" * 1_000_000)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
    """
    if isinstance(value, int) and value.bit_length() > _BITS:
        digits = int(math.log10(abs(value))) + 1
        return f"a {'negative ' if value < 0 else ''}whole number of {digits:,} digits"
    try:
        text = repr(value)
    except Exception:  # an object may do anything
        return f"a {type(value).__name__}"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def said(error: BaseException) -> str:
    """Return the class and the words of an exception, in one short line.

    Examples
    --------
    >>> said(ValueError("math domain error"))
    'ValueError: math domain error'
    """
    try:
        text = " ".join(str(error).split())[:120]
    except Exception:  # an error of the user's own may do anything
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class ClearpropError(Exception):
    """Base class of every error that Clearprop raises on purpose.

    Its text is one line of at most 2,000 characters that a terminal may be given, whatever names
    from files and tables it quotes.
    """

    def __str__(self) -> str:
        return one_line(self._message())

    def _message(self) -> str:
        return super().__str__()


class ArgumentError(ClearpropError, ValueError):
    """A setting is outside its range: a negative rate, a share of 1.5, a batch of no rows."""


class UnknownNameError(ClearpropError, ValueError):
    """A name (of an activation, a loss, an optimizer, ...) that no table holds."""


class ArchitectureError(ClearpropError, ValueError):
    """A network that cannot be: a layer of size zero, weights whose shapes do not join."""


class PairingError(ClearpropError, ValueError):
    """An output activation and a loss that make no sense together."""


class DerivativeError(ClearpropError, ValueError):
    """A user-made function whose derivative is not the derivative of its value."""


class FunctionError(ClearpropError, ValueError):
    """A function of the user's own raised, or left the values its partner takes."""


class CompilationError(ClearpropError, TypeError):
    """A function of the user's own that the compiled engine cannot compile."""


class DataError(ClearpropError, ValueError):
    """Something is wrong with the data; the subclasses say what."""


class ShapeError(DataError):
    """An array whose shape does not fit the network or its partner array."""


class TypeOfDataError(DataError, TypeError):
    """Data that are not numbers: text, dates, objects, sparse matrices."""


class NonFiniteDataError(DataError):
    """NaN or infinity in data; the message names row and column."""


class TargetError(DataError):
    """Targets outside the loss's domain: labels out of range, rows that do not sum to 1."""


class ColumnError(DataError):
    """A table's column that is missing, there twice, nameless, or not of the type it had."""


class TableFileError(DataError):
    """A file that holds no table that can be read: empty, ragged, of another kind or encoding."""


class TableWarning(UserWarning):
    """What is to be known of a table or a model, and stops nothing: cells read as missing."""


class SampleWeightError(DataError):
    """Sample weights that are negative, or all zero."""


class ElementError(ClearpropError, KeyError):
    """A name such as `W4[1,3]` that no element of this network has."""

    def _message(self) -> str:  # KeyError would show the message in quotes
        return str(self.args[0])


class FileMissingError(ClearpropError, FileNotFoundError):
    """There is no file where one was to be read."""


class ModelFileError(ClearpropError, ValueError):
    """A file that is not a whole Clearprop model: truncated, foreign, or of a newer format."""


class CheckpointMismatchError(ArgumentError):
    """A run is to go on from a checkpoint of another; the message names all that differs."""


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written, or is damaged; the message says where a run goes on."""


class FileWriteError(ClearpropError, OSError):
    """A file could not be written; what stood at its place before still stands."""

    def _message(self) -> str:  # OSError would put "[Errno 28]" before the message
        return str(self.args[-1])


class NonFiniteError(ClearpropError, ArithmeticError):
    """A computation left the range of its data type; the message names layer and quantity."""


class ConvergenceError(ClearpropError, ArithmeticError):
    """A computation by steps did not come as near to its result as was asked."""


class NotFinite(NamedTuple):
    """A quantity in the notation, such as "z2", that is not finite; the layer that it is of."""

    quantity: str
    layer: int | None
    text: str
    """As a message has it: "z2[1] is inf for row 3"."""

    def __str__(self) -> str:
        return self.text


class DivergenceError(NonFiniteError):
    """Training ran into NaN or infinity; the last good parameters are back in the network.

    Its text is one line: where, what is not finite, which parameters are back, why, what to do.

    Attributes
    ----------
    epoch, step : int or None
        Where, counted from 1. A step is a batch of the run, of L-BFGS an iteration. None for the
        step where an epoch's end was looked at.
    layer : int or None
        Whose numbers they are, 1 to L; None for the cost.
    quantity : str
        What is not finite, in the notation: "z2", "a1", "L_i", "delta1", "dW1", "W1", "L"; "v of
        W1" for what an optimizer keeps, "validation loss" for what a look found.
    cause : str or None
        "input", "target", "weights", "l2", "dtype", "learning rate", "log of 0", "own function" or
        "callback". Each was seen, or the run was made again and went through
        without it. None where none was found.
    evidence, remedy : str
        What says so, and what to do; empty without a cause.
    restored : str
        Which parameters the network has now.
    history : History
        What the run had recorded until then.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 1], "identity", loss="squared_error", seed=0)
    >>> X, y = [[1.0, 2e9], [0.5, 3e9], [0.2, 1e9]], [1.0, 2.0, 0.0]
    >>> try:
    ...     cp.train(network, X, y, optimizer=cp.SGD(0.1), epochs=50)
    ... except cp.DivergenceError as error:
    ...     print(error.epoch, error.step, error.quantity, error.cause)
    ...     print(error.evidence)
    2 2 L_i input
    x[1] reaches 3e+09, and with it standardized the same run goes through 50 steps
    """

    def __init__(
        self,
        where: str,
        found: NotFinite,
        restored: str,
        *,
        epoch: int | None = None,
        step: int | None = None,
    ) -> None:
        super().__init__(where, found, restored)
        self.where, self.found, self.restored = where, found, restored
        self.epoch, self.step = epoch, step
        self.quantity, self.layer = found.quantity, found.layer
        self.cause: str | None = None
        self.evidence = self.remedy = self.tried = ""
        self.history: Any = None

    @property
    def problem(self) -> str:
        """Where, and what is not finite."""
        return f"training diverged {self.where}: {self.found}"

    def by(self, cause: str, evidence: str, remedy: str) -> Self:
        """Say why, and return the error."""
        self.cause, self.evidence, self.remedy = cause, evidence, remedy
        return self

    @property
    def why(self) -> str:
        """The evidence and the remedy, or that no cause was found, in a line."""
        if self.cause is None:
            return "no cause was found" + (f" ({self.tried})" if self.tried else "")
        return f"{self.evidence}: {self.remedy}"

    def _message(self) -> str:
        return f"{self.problem}; the parameters of {self.restored} are restored: {self.why}"


class ClusterError(ClearpropError, RuntimeError):
    """Another process of a run over several failed; the message says which, and why."""


class MissingExtraError(ClearpropError, ImportError):
    """A library that an optional feature needs is not installed."""


class MissingPieceError(ClearpropError, NotImplementedError):
    """A built-in function or optimizer that one of the package's own tables has no entry for."""


_OTHER_NAMES = {
    "acc": "accuracy",
    "bce": "binary_cross_entropy",
    "crossentropy": "cross_entropy",
    "linear": "identity",
    "logistic": "sigmoid",
    "mae": "absolute_error",
    "mse": "squared_error",
    "nll": "cross_entropy",
    "swish": "silu",
    "xavier": "glorot_uniform",
    "kaiming": "he_uniform",
}
"""What other libraries call things, for a hint."""


def unknown(kind: str, name: object, known: Iterable[str]) -> NoReturn:
    """Raise `UnknownNameError`, with the nearest name and the list of all."""
    names = sorted(known)
    asked = name.lower() if isinstance(name, str) else ""
    near = [_OTHER_NAMES[asked]] if _OTHER_NAMES.get(asked) in names else []
    near = near or difflib.get_close_matches(asked, names, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise UnknownNameError(
        f"no {kind} is called {shown(name)}{hint}; there are: {', '.join(names)}"
    )


def nearest(name: object, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, whatever its case, or None."""
    lower = {other.casefold(): other for other in known}
    near = difflib.get_close_matches(str(name).casefold(), lower, n=1)
    return lower[near[0]] if near else None


def missing_extra(library: str, feature: str, extra: str) -> NoReturn:
    """Raise `MissingExtraError`, with the command that installs the extra."""
    raise MissingExtraError(
        f'{feature} needs {library}, which is not installed: pip install "clearprop[{extra}]"'
    ) from None


def missing_piece(what: str, piece: str, table: str) -> NoReturn:
    """Raise `MissingPieceError`, which names the table that a new built-in is to be added to.

    Examples
    --------
    >>> missing_piece("activation 'mish'", "kernel", "PAIRS in engine/kernels/activations.py")
    Traceback (most recent call last):
        ...
    clearprop.errors.MissingPieceError: activation 'mish' has no kernel: add it to PAIRS in \
engine/kernels/activations.py
    """
    raise MissingPieceError(f"{what} has no {piece}: add it to {table}") from None
