"""Whether this code runs in a worker: of Dask, of joblib, of a pool of processes.

What is asked is whether they are there, never that they be imported.
"""

from __future__ import annotations

import sys


def in_dask_worker() -> bool:
    """Whether this thread runs a task of a Dask worker.

    Examples
    --------
    >>> in_dask_worker()
    False
    """
    get_worker = getattr(sys.modules.get("distributed"), "get_worker", None)
    if get_worker is None:
        return False
    try:
        get_worker()
    except ValueError:  # none here
        return False
    return True


def in_worker() -> bool:
    """Whether this is a task of Dask's, or a process that Python's multiprocessing has started.

    joblib's workers are such processes. What they print comes to a log, or between the lines of
    others.

    Examples
    --------
    >>> in_worker()
    False
    """
    parent = getattr(sys.modules.get("multiprocessing"), "parent_process", None)
    return (parent is not None and parent() is not None) or in_dask_worker()
