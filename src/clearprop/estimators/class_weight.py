"""class_weight: how much the samples of each class count in training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import compute_sample_weight

from clearprop.errors import shown

Array = NDArray[Any]


def weights_by_class(class_weight: Any, y: Array, classes: Array, incremental: bool) -> Array:
    """Return what each sample counts, shape (n,).

    Parameters
    ----------
    class_weight : dict, list of dict, or "balanced"
        A class that is not named counts 1. Of several labels a row, a dict for each, whose
        product counts.
    y : ndarray, shape (n,) or (n, n_labels)
        They need not hold every class.
    classes : ndarray
        All classes; of several labels a row, their numbers.
    incremental : bool
        Whether there are other samples that cannot be seen.

    Raises
    ------
    ValueError
        If it does not fit the classes, or a weight is no finite number from 0 up.
    """
    if isinstance(class_weight, str):
        if incremental:
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit, which does not see all "
                "samples: give a dict, or sample_weight"
            )
        return np.asarray(compute_sample_weight(class_weight, y))
    if y.ndim == 1:
        if not isinstance(class_weight, Mapping):
            raise ValueError("class_weight is a list, for several labels a row: give a dict")
        return _weights(class_weight, y, classes)
    if isinstance(class_weight, Mapping) or len(class_weight) != y.shape[1]:
        raise ValueError(
            f"class_weight of {y.shape[1]} labels a row must be a list of {y.shape[1]} dicts, one "
            "for each label, or 'balanced'"
        )
    dense = y.toarray() if hasattr(y, "toarray") else y
    columns = [
        _weights(chosen, column, np.arange(2))
        for chosen, column in zip(class_weight, dense.T, strict=True)
    ]
    return np.asarray(np.prod(columns, axis=0))


def _weights(chosen: Mapping[Any, Any], y: Array, classes: Array) -> Array:
    by_class = np.ones(len(classes))
    known: Sequence[Any] = classes.tolist()
    for place, name in enumerate(known):
        by_class[place] = _number(name, chosen.get(name, 1.0))
    unknown = [name for name in chosen if name not in known]
    if unknown and not all(name in chosen for name in known):  # as in scikit-learn, else let be
        raise ValueError(f"class_weight names {shown(unknown[0])}, but the classes are {known}")
    return np.asarray(by_class[np.searchsorted(classes, y)])


def _number(name: Any, weight: Any) -> float:
    try:
        number = float(weight) if isinstance(weight, Real) else -1.0
    except OverflowError:
        number = math.inf
    if not 0 <= number < math.inf:
        raise ValueError(
            f"class_weight of {name!r} is {shown(weight)}; weights must be finite numbers, "
            "0 or more"
        )
    return number
