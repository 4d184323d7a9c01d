"""Calls of the function under test: where it has no value, and what it raised there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import FunctionError, NonFiniteError, said

Array = NDArray[Any]

OUTSIDE = (ArithmeticError, ValueError, RuntimeError, AssertionError, RuntimeWarning)
"""What functions raise outside their domain; all else is a mistake in them."""


class Evaluation:
    """A function of a parameter vector, called at a point and near it.

    Parameters
    ----------
    call : callable
        Of the vector; it may raise anything.
    number : callable
        Makes a float of what that gives.

    Attributes
    ----------
    trouble : str
        What kept it from having a value, at the last such point.
    raised : bool
        Whether that was an exception.
    """

    def __init__(self, call: Callable[[Array], Any], number: Callable[[Any], float]) -> None:
        self._call, self._number = call, number
        self.trouble, self.raised = "", False

    def here(self, at: Array) -> float:
        """Return the cost at the point itself.

        Raises
        ------
        FunctionError
            If f raises.
        NonFiniteError
            If the cost is not finite.
        """
        try:
            value = self._call(at)
        except Exception as error:  # f may raise anything
            raise FunctionError(f"f raised {said(error)} at the parameters as they are") from error
        cost = self._number(value)
        if not np.isfinite(cost):
            raise NonFiniteError(f"the cost is {cost} here: there is no gradient to check")
        return cost

    def near(self, at: Array, where: Callable[[], str] | None = None) -> float:
        """Return the cost at a point near by; NaN outside the domain.

        `where` names the point for messages, as in "x[0] = 0.5"; without it nothing is raised, as
        no one parameter would be to blame.

        Raises
        ------
        FunctionError
            If f raises what no edge of a domain accounts for.
        """
        try:
            with np.errstate(all="ignore"):
                value = self._call(at)
        except Exception as error:
            if where is not None:
                self.trouble, self.raised = f"f raised {said(error)} at {where()}", True
                if not isinstance(error, OUTSIDE):
                    raise FunctionError(self.trouble) from error
            return float("nan")
        cost = self._number(value)
        if not np.isfinite(cost) and where is not None:
            self.trouble, self.raised = f"f is {cost} at {where()}", False
        return cost
