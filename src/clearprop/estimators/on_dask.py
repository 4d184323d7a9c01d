"""Searches and cross-validations on a cluster of Dask's, of which workers may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from clearprop.errors import ArgumentError, missing_extra

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def on_dask(client: Client | None = None) -> Iterator[None]:
    """Run what scikit-learn does in parallel on a Dask cluster, within this block.

    It is ``joblib.parallel_config("dask")``, but that the data outlive workers: by itself joblib
    leaves X, y and the rows of each fold with one of them, and a search ends with an error if that
    one is lost. With this the scheduler keeps them too, in its memory, and a worker that is lost
    costs the fits it was at, which others do again.

    Parameters
    ----------
    client : distributed.Client, optional
        None: the one that was made last.

    Raises
    ------
    MissingExtraError
        If `distributed` (the extra `dask`) is not installed.
    ArgumentError
        If there is no client.

    Examples
    --------
    >>> from distributed import Client
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> from clearprop.estimators import MLPClassifier, on_dask
    >>> X, y = load_iris(return_X_y=True)
    >>> estimator = MLPClassifier(solver="lbfgs", alpha=1.0, random_state=0)
    >>> with Client(processes=False, n_workers=1, dashboard_address=None), on_dask():
    ...     print(cross_val_score(estimator, X, y, cv=3).mean() > 0.9)
    True
    """
    import joblib

    try:
        from distributed import Client, get_client
    except ImportError:
        missing_extra("distributed", "a search on a Dask cluster", "dask")
    if client is None:
        try:
            client = get_client()
        except ValueError:
            raise ArgumentError(
                'there is no Dask client: make one, client = distributed.Client("tcp://...:8786")'
            ) from None
    if not isinstance(client, Client):
        raise ArgumentError(
            f"client is a {type(client).__name__}; give a distributed.Client, or leave it out"
        )
    with joblib.parallel_config("dask", client=_KeepingClient(client)):
        yield


class _KeepingClient:
    """A client that keeps what joblib sends ahead of the fits: it is a task's, not one worker's.

    A task can be done again where its result is lost, by what the scheduler has of it.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def scatter(self, data: Any, **settings: Any) -> Any:
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PiB"}):
            return self._client.submit(_itself, data, pure=False)


def _itself(data: Any) -> Any:
    return data
