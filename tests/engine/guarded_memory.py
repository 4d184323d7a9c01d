"""Every array that compiled code is given, between pages that nobody may touch.

A read or a write beside an array ends the process by SIGSEGV. Each array is as long as it was
asked for, to the byte: at one side no number lies between it and such a page. `Fault` plants what
a wrong layout would do.
"""

from __future__ import annotations

import ctypes
import mmap
import weakref
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import clearprop.engine.kernels.plan as P
from clearprop import topology
from clearprop.engine import layout, prediction, runs, threads
from clearprop.training import compiled
from clearprop.training.standing import Standing

PAGE = mmap.PAGESIZE
LIBC = ctypes.CDLL(None, use_errno=True)
NO_ACCESS, READ_ONLY = 0, mmap.PROT_READ

_names = [*vars(P)]
RUN_SLOTS = [n for n in _names[_names.index("LAYERS") : _names.index("CHUNK")] if n.isupper()]
LAYER_SLOTS = [n for n in _names[_names.index("N_IN") : _names.index("RUNNING")] if n.isupper()]
"""Names of a plan's places, of the run and of a layer, in their order."""


def slot_name(index: int) -> str:
    """What a place of a plan is called."""
    if index < P.TABLE:
        return RUN_SLOTS[index]
    return "layer " + LAYER_SLOTS[(index - P.TABLE) % P.STRIDE]


OF_SHARED_STEPS = {"PARAMETERS"}
"""Read where several processes share a step alone (kernels/sharing.py), as these runs do not."""

SHARD_SUMS = "shard sums"


@dataclass
class Fault:
    """What is wrong with a layout.

    `slot` is too short, by `count` of its numbers; or it has got the room of `other`, and that one
    its; or a thread's room is too small for a `phase`, by so many numbers. Phase `SHARD_SUMS` is a
    gradient's with half of its shards.
    """

    slot: str = ""
    count: int = 0
    other: str = ""
    phase: str = ""

    def __str__(self) -> str:
        if self.phase == SHARD_SUMS:
            return "room for sums of half of the shards"
        if self.phase:
            return f"room for the {self.phase} phase, {self.count} too small"
        what = f"exchanged with {self.other}" if self.other else f"{self.count} too small"
        return f"{self.slot} {what}"


@dataclass
class Memory:
    """Where arrays lie, and what is wrong with it."""

    at_end: bool = True
    longer: int = 0
    """Numbers that every array has beyond what was asked for: they lie at its other side."""
    fault: Fault | None = None

    def __post_init__(self) -> None:
        self.rooms: dict[int, tuple[int, int, int]] = {}  # by page: start, bytes, bytes a number
        self.seen: set[str] = set()  # slots that held an address
        self.neighbors: set[tuple[str, str]] = set()  # in a plan, with rooms of unlike sizes
        self.phases: set[str] = set()  # which alone decided how large a thread's room is

    def guarded(self, count: int, dtype: object, number: int = 1) -> np.ndarray:
        """Zeros right before a page without access, or right after one; so many such rooms."""
        kind = np.dtype(dtype)
        count = int(count) + self.longer
        size = count * kind.itemsize
        body = max(-(-size // PAGE), 1) * PAGE
        mapping = mmap.mmap(-1, PAGE + number * (body + PAGE))
        whole = np.frombuffer(mapping, np.uint8)
        for room in range(number + 1):
            protect(whole.ctypes.data + room * (body + PAGE), PAGE, NO_ACCESS)
        start = PAGE + (body - size if self.at_end else 0)
        pages = range(whole.ctypes.data + PAGE, whole.ctypes.data + PAGE + body, PAGE)
        for page in pages:
            self.rooms[page] = whole.ctypes.data + start, size, kind.itemsize
        weakref.finalize(mapping, self._forget, pages)
        start += self.longer * kind.itemsize * self.at_end
        length = (number - 1) * (body + PAGE) + (count - self.longer) * kind.itemsize
        return whole[start : start + length].view(kind)

    def _forget(self, pages: range) -> None:
        for page in pages:
            del self.rooms[page]

    def copy_of(self, array: object, read_only: bool = False) -> np.ndarray:
        """An array's numbers between such pages."""
        array = np.asarray(array)
        copy = self.guarded(array.size, array.dtype).reshape(array.shape)
        copy[...] = array
        if read_only and array.size:
            first = copy.ctypes.data // PAGE * PAGE
            protect(first, -(-(copy.ctypes.data + copy.nbytes - first) // PAGE) * PAGE, READ_ONLY)
            copy.flags.writeable = False
        return copy

    def room_of(self, address: int) -> tuple[int, int, int] | None:
        """The room that an address leads into: where it starts, its bytes, and those a number."""
        return self.rooms.get(address & -PAGE)

    def held(self, array: np.ndarray) -> np.ndarray:
        """The array, or where it lies elsewhere a copy between such pages."""
        return array if self.room_of(array.ctypes.data) else self.copy_of(array)


def protect(address: int, size: int, access: int) -> None:
    if LIBC.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), access):
        raise OSError(ctypes.get_errno(), "mprotect")


def install(memory: Memory) -> None:
    """Let the engine have all its arrays from here: its own, borrowed ones, and outputs."""
    for module in (topology, runs):
        module.fixed_zeros = memory.guarded
        module.handed_out = lambda array: array[:]
    layout.aligned_zeros = memory.guarded
    for module in (layout, prediction):
        module.thread_bytes = lambda needed: -(-needed // 8) * 8  # to the byte, not in whole pages

    real_rooms, real_layers = layout.phase_rooms, layout.lay_out_layers
    needed: dict[str, int] = {}  # by a phase, in the layer that needs most

    def phase_rooms(line, is_first, batch, shards, precision, drops):
        fault = memory.fault
        if fault is not None and fault.phase == SHARD_SUMS:
            shards = (shards + 1) // 2
        rooms = real_rooms(line, is_first, batch, shards, precision, drops)
        if fault is not None and fault.phase in rooms:
            rooms[fault.phase] -= fault.count
        for phase, room in rooms.items():
            needed[phase] = max(needed.get(phase, 0), room)
        return rooms

    def lay_out_layers(*arguments):
        needed.clear()
        real_layers(*arguments)
        second, first = sorted(needed.values())[-2:]
        if first >= second + 2:
            memory.phases.add(max(needed, key=needed.__getitem__))

    layout.phase_rooms, layout.lay_out_layers = phase_rooms, lay_out_layers

    def give(plan, slot, name, array):
        if slot == P.SCRATCH:  # a room for each thread, and pages between them
            number = array.nbytes // plan[P.SCRATCH_BYTES]
            array = memory.guarded(plan[P.SCRATCH_BYTES] // 8, np.int64, number)
            size = plan[P.SCRATCH_BYTES] + 8 * memory.longer
            plan[P.SCRATCH_BYTES] = max(-(-size // PAGE), 1) * PAGE + PAGE
        array = plan.arrays[name] = memory.held(array)
        plan[slot] = array.ctypes.data
        return array

    layout.Plan.give = give

    def begin(rule, network):
        state = rule.start(network.parameters)
        return Standing(network.parameters, {name: memory.held(a) for name, a in state.items()})

    compiled.begin = begin

    real_run = prediction.Predictor._run

    def run(predictor, X, output, *rest):
        return real_run(predictor, memory.held(X), output, *rest)

    prediction.Predictor._run = run
    prediction.np = Guarded(memory)
    for module in (runs, prediction):
        module.run_together = lambda function, plan, number: threads.run_together(
            function, looked_at(plan, memory), number
        )


class Guarded:
    """NumPy, whose `empty` is guarded."""

    def __init__(self, memory):
        self.memory = memory

    def __getattr__(self, name):
        return getattr(np, name)

    def empty(self, shape, dtype):
        return self.memory.guarded(np.prod(shape), dtype).reshape(shape)


def looked_at(plan, memory):
    """Note which places of a plan hold addresses, and plant the fault in them."""
    fault, done = memory.fault, plan.__dict__.setdefault("moved", {})
    sizes = {}
    for index, address in enumerate(plan.numbers.tolist()):
        room = memory.room_of(address) if address > PAGE else None
        if room is None:
            continue
        name = slot_name(index)
        if name in OF_SHARED_STEPS:
            continue
        sizes[name] = room[1]
        if fault is None or name != fault.slot or done.get(index) == address:
            continue
        if fault.other:
            exchange(plan, index, fault.other, done)
        else:
            plan[index] += (1 if memory.at_end else -1) * room[2] * fault.count
        done[index] = plan[index]
    memory.seen |= sizes.keys()
    for one, other in pairwise(sizes):
        if sizes[one] != sizes[other] and ("layer" in one) == ("layer" in other):
            memory.neighbors.add((one, other))
    return plan


def exchange(plan, index, other, done):
    """Give two arrays of a plan, or of a layer's line, each other's room."""
    name, other = (one.removeprefix("layer ") for one in (slot_name(index), other))
    slots = RUN_SLOTS if index < P.TABLE else LAYER_SLOTS
    place = index + slots.index(other) - slots.index(name)
    if plan[place]:
        plan[index], plan[place] = plan[place], plan[index]
        done[place] = plan[place]
