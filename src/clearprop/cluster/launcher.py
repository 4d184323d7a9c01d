"""Whether this process was started as one of several, by what its launcher left in the environment.

MPI itself would have to be started to ask it, which takes a while and a library.
"""

from __future__ import annotations

import os

RANKS = (
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("PMIX_RANK", "SLURM_NTASKS"),
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),
)
"""What launchers say: Open MPI, MPICH and Intel MPI, Slurm's PMIx, MVAPICH."""


def launched() -> tuple[int, int]:
    """Return the rank of this process and how many there are; (0, 1) for one started alone.

    Examples
    --------
    >>> launched()
    (0, 1)
    """
    for rank, size in RANKS:
        try:
            return int(os.environ[rank]), int(os.environ[size])
        except (KeyError, ValueError):
            continue
    return 0, 1
