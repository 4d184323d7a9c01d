"""scikit-learn's own callbacks, which its versions from 1.9 on have, as an experiment of theirs."""

from __future__ import annotations

from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # an older scikit-learn

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands for a mixin that this version does not have."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "FitCallbacks", "with_callbacks"]


class FitCallbacks:
    """Tells the callbacks of scikit-learn's interface of a fit and of its epochs.

    Parameters
    ----------
    estimator : estimator
    epochs : int
        How many there may be.
    X, y, sample_weight
        As the caller gave them.
    """

    def __init__(self, estimator: Any, epochs: int, X: Any, y: Any, sample_weight: Any) -> None:
        self._context: Any = None
        self._task: Any = None
        if not getattr(estimator, "_skl_callbacks", None) and not hasattr(
            estimator, "_parent_callback_ctx"
        ):
            return
        self._estimator = estimator
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"X": X, "y": y, "metadata": weights}
        self._context = estimator._init_callback_context(max_subtasks=epochs)
        self._context.call_on_fit_task_begin(estimator=estimator, **self._data)

    @property
    def listening(self) -> bool:
        """Whether anybody is told."""
        return self._context is not None

    def epoch_begins(self) -> None:
        """Say that an epoch begins."""
        if self._context is not None:
            self._task = self._context.subcontext(task_name="epoch")
            self._task.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def epoch_ends(self) -> bool:
        """Say that an epoch is over; return whether a callback wants to stop."""
        if self._task is None:
            return False
        task, self._task = self._task, None
        stop = task.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=self._estimator._fitted_so_far,
            **self._data,
        )
        return bool(stop)

    def ends(self) -> None:
        """Say that the fit is over."""
        if self._context is not None:
            self._context.call_on_fit_task_end(
                estimator=self._estimator, reconstruction_attributes={}, **self._data
            )
