"""scikit-learn's decorators, with types: what they decorate keeps its signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sklearn.base import _fit_context
from sklearn.utils.metaestimators import available_if

from clearprop.estimators.callbacks import with_callbacks

Method = TypeVar("Method", bound=Callable[..., Any])


def fitting(method: Method) -> Method:
    """Let a method tell scikit-learn's callbacks of its fit, whose parameters are checked."""
    return cast("Method", with_callbacks(_checked(method)))


def going_on(method: Method) -> Method:
    """Let the parameters be checked before a method goes on with a fit."""
    return cast("Method", _checked(method))


def only_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Let an estimator have a method only if it passes a check."""
    return cast("Callable[[Method], Method]", available_if(check))


def _checked(method: Any) -> Any:
    return _fit_context(prefer_skip_nested_validation=True)(method)
