"""What the predictions of an MLP for a dask DataFrame are called."""

from __future__ import annotations

from typing import Any

from clearprop.tables.partitions import by_partition, made_up

NAME = "y"
"""Of a Series: an MLP does not know what its target was called."""


def _labels(estimator: Any) -> Any:
    several = estimator._label_binarizer.y_type_.startswith("multilabel")
    return _classes(estimator) if several else NAME


def _classes(estimator: Any) -> list[Any]:
    return list(estimator.classes_)


def _numbers(estimator: Any) -> Any:
    return NAME if estimator.n_outputs_ == 1 else list(range(estimator.n_outputs_))


# An MLP takes no missing values, so that dask has to make some up.
with_labels = by_partition(_labels, made_up)
with_classes = by_partition(_classes, made_up)
with_numbers = by_partition(_numbers, made_up)
