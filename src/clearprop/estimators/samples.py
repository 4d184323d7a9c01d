"""Samples as a fit takes them: for training and for watching, with weights that can be used."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_sample_weight

Array = NDArray[Any]


class Given(NamedTuple):
    """What a caller passed to `fit` or `partial_fit`, not looked at yet."""

    X: Any
    y: Any
    sample_weight: Any = None
    X_val: Any = None
    y_val: Any = None
    sample_weight_val: Any = None


class Samples(NamedTuple):
    """Checked inputs, targets and weights of the same rows, as scikit-learn has them."""

    X: Any
    y: Array
    weights: Array | None


def check_weights(weights: Any, X: Any, name: str = "sample_weight") -> Array | None:
    """Return weights as an array (n,), or None for None.

    Raises
    ------
    ValueError
        If they do not fit X, some are negative, none counts, or their sum is infinite.
    """
    if weights is None:
        return None
    try:
        checked = _check_sample_weight(weights, X)
    except (ValueError, TypeError) as error:
        if name == "sample_weight":
            raise
        raise type(error)(f"{name}: {error}") from None
    if (checked < 0).any():
        raise ValueError(f"Negative values in data passed to `{name}`")
    if not checked.any():
        raise ValueError(f"{name} is all zero: no sample counts")
    with np.errstate(over="ignore"):
        if not np.isfinite(checked.sum(dtype=np.float64)):
            raise ValueError(f"the sum of {name} is infinite: scale the weights down")
    return np.asarray(checked)


def put_aside(estimator: Any, samples: Samples) -> tuple[Samples, Samples]:
    """Return samples without the share that early stopping watches, and this share.

    Raises
    ------
    ValueError
        If one part is too small, or has no sample that counts.
    """
    X, y, weights = samples
    # As in scikit-learn: of two classes, both are in either part in the same shares.
    stratify = y if is_classifier(estimator) and estimator.n_outputs_ == 1 else None
    arrays = [X, y] if weights is None else [X, y, weights]
    parts = train_test_split(
        *arrays, random_state=estimator._random_state, test_size=estimator.validation_fraction,
        stratify=stratify,
    )  # fmt: skip
    parts = [*parts, None, None][:6]  # where there are no weights
    kept, aside = Samples(*parts[::2]), Samples(*parts[1::2])
    if aside.X.shape[0] < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of "
            "your dataset."
        )
    for name, part in (("training", kept), ("validation", aside)):
        if part.weights is not None and not part.weights.any():
            raise ValueError(
                f"all samples that early stopping left for {name} have weight zero: choose another "
                "random_state or validation_fraction"
            )
    return kept, aside
