"""Searches and cross-validations on a cluster of Dask's, of which workers may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import clearprop
from clearprop.errors import ArgumentError, missing_extra, shown

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def on_dask(client: Client | None = None) -> Iterator[None]:
    """Run what scikit-learn does in parallel on a Dask cluster, within this block.

    It is ``joblib.parallel_config("dask")``, but that the data outlive workers: by itself joblib
    leaves X, y and the rows of each fold with one of them, and a search ends with an error if that
    one is lost. With this the scheduler keeps them too, in its memory, and a worker that is lost
    costs the fits it was at, which others do again. And what cannot be sent, or read by a worker,
    is an error, where joblib waits for ever.

    Parameters
    ----------
    client : distributed.Client, optional
        None: the one that was made last.

    Raises
    ------
    MissingExtraError
        If `distributed` (the extra `dask`) is not installed.
    ArgumentError
        If there is no client, or it is closed, or a worker has no Clearprop, or another one.

    Examples
    --------
    >>> from distributed import Client
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> from clearprop.estimators import MLPClassifier, on_dask
    >>> X, y = load_iris(return_X_y=True)
    >>> estimator = MLPClassifier(solver="lbfgs", alpha=1.0, max_iter=5000, random_state=0)
    >>> with Client(processes=False, n_workers=1, dashboard_address="127.0.0.1:0"), on_dask():
    ...     print(cross_val_score(estimator, X, y, cv=3).mean() > 0.9)
    True
    """
    import joblib

    try:
        import distributed
    except ImportError:
        missing_extra("distributed", "a search on a Dask cluster", "dask")
    from clearprop.estimators.dask_backend import KeepingBackend

    if client is None:
        try:
            client = distributed.get_client()
        except ValueError:
            raise ArgumentError(
                'there is no Dask client: make one, client = distributed.Client("tcp://...:8786")'
            ) from None
    if not isinstance(client, distributed.Client):
        raise ArgumentError(
            f"client is a {type(client).__name__}; give a distributed.Client, or leave it out"
        )
    if client.status in ("closing", "closed"):
        raise ArgumentError("the client is closed: make another, and use it before it is closed")
    _check_versions(client)
    with joblib.parallel_config(KeepingBackend(client)):
        yield


def _check_versions(client: Client) -> None:
    """Raise `ArgumentError` if a worker would compute something else, or nothing.

    One that was lost just now, and that the scheduler still knows, computes nothing wrong.
    """
    from distributed.comm.core import CommClosedError

    for worker, found in client.run(_version, on_error="return").items():
        if found != clearprop.__version__ and not isinstance(found, CommClosedError):
            raise ArgumentError(
                f"worker {worker} has {shown(found)} in place of clearprop "
                f"{clearprop.__version__}: install that there"
            )


def _version() -> str:
    return clearprop.__version__
