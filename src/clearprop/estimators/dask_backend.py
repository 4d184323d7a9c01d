"""joblib's way to Dask, but that data outlive workers, and that every failure is an error.

Seen with joblib 1.6: data that were sent ahead are gone with the worker that has them, and where a
future fails that no fit has raised in, nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from joblib._dask import DaskDistributedBackend

from clearprop.errors import ArgumentError, said

if TYPE_CHECKING:
    from distributed import Client


class KeepingBackend(DaskDistributedBackend):  # type: ignore[misc]
    """joblib's backend on a client."""

    def __init__(self, client: Client) -> None:
        super().__init__(client=_KeepingClient(client))

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return how many fits run at once, at least two: for one, joblib would send nothing."""
        return max(2, int(super().effective_n_jobs(n_jobs)))

    def submit(self, func: Any, callback: Callable[[Any], object]) -> Future[Any]:
        """Begin a fit, and tell of its end, whatever that is."""
        future: Future[Any] = super().submit(func, callback)

        def tell(ended: Future[Any]) -> None:
            error = ended.exception()
            if error is not None:
                callback(_Failed(error))

        future.add_done_callback(tell)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """Return a fit's result, or raise its error."""
        if isinstance(out, _Failed):
            raise out.error
        return super().retrieve_result_callback(out)


class _Failed(NamedTuple):
    error: BaseException


class _KeepingClient:
    """A client as joblib uses it, that sends data ahead as the result of a task.

    Where it is lost, the task is done again, by what the scheduler has of it.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def scatter(self, data: Any, **settings: Any) -> Any:
        return self.submit(_itself, data, pure=False)

    def submit(self, function: Any, *args: Any, **settings: Any) -> Any:
        import dask

        try:
            with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PiB"}):
                return self._client.submit(function, *args, **settings)
        except Exception as error:  # pickling runs code of anyone's
            first = error
            while isinstance(first.__cause__, Exception):
                first = first.__cause__
            return self._client.submit(_refuse, said(first), pure=False)


def _itself(data: Any) -> Any:
    return data


def _refuse(reason: str) -> None:
    raise ArgumentError(
        f"a fit cannot be sent to a worker ({reason}): leave out of its parameters what holds open "
        "files, locks and the like"
    )
