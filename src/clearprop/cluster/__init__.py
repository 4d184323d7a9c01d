"""One network over many processes: `cp.train(..., cluster=cp.cluster.mpi())`.

See docs/scaling.md.
"""

from clearprop.cluster.launcher import launched
from clearprop.cluster.mpi import MPI, mpi

__all__ = ["MPI", "launched", "mpi"]
