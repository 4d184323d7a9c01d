"""Who is compared: what each is called, needs, and can do."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol

from clearprop.bench.cases import Array, Case, Layers


class System(Protocol):
    """A network in some library, and what is timed of it."""

    epochs: int

    def warm_up(self) -> None:
        """Do once what is not to be timed with the steps: compiling, the first allocations."""

    def reset(self) -> None:
        """Go back to the start; not timed."""

    def call(self) -> None:
        """Train for `epochs` on all rows; timed."""

    def layers(self) -> Layers:
        """Return what the last call has learned."""


class Entry(NamedTuple):
    """A system: its title, the package and the module it needs, and the class that makes it."""

    title: str
    package: str
    module: str
    maker: str


SYSTEMS = {
    "clearprop": Entry("Clearprop", "clearprop", "clearprop", "own.Clearprop"),
    "torch": Entry("PyTorch", "torch", "torch", "pytorch.PyTorch"),
    "compile": Entry("PyTorch compiled", "torch", "torch", "pytorch.Compiled"),
    "jax": Entry("JAX", "jax", "jax", "jax_scan.JAX"),
    "sklearn": Entry("scikit-learn", "scikit-learn", "sklearn", "scikit_learn.ScikitLearn"),
}


def is_installed(system: str) -> bool:
    """Whether the package that a system needs is there."""
    return find_spec(SYSTEMS[system].module) is not None


def has(system: str, case: Case) -> bool:
    """Whether a system is compared on a case: scikit-learn has no squared error after sigmoid."""
    if system == "sklearn" and case.loss != "cross_entropy":
        return False
    return system == "clearprop" or system in case.peers


def make(system: str, case: Case, X: Array, y: Array, start: Layers, threads: int | None) -> System:
    """Return a system, set up for a case."""
    module, _, name = SYSTEMS[system].maker.partition(".")
    maker = getattr(import_module(f"clearprop.bench.{module}"), name)
    made: System = maker(case, X, y, start, threads)
    return made
