"""What a power cut leaves of runs and of saved files; a write that is not durable is seen.

All epochs, and hundreds of runs taken up again, are `python benchmarks/trust power_cuts --long`.
"""

from __future__ import annotations

import os

import pytest
from injection.disk import Disk
from injection.planted import UNDURABLE
from injection.shim import Record
from power_cuts import cut, measure, section


def test_a_run_and_a_save_outlive_a_power_cut_at_any_call(server):
    found = measure(False, 0)
    assert found["failures"] == []
    for case in ("reference", "compiled", "reference, gone on", "compiled, gone on"):
        assert found["cases"][case]["states"] > 100
        assert found["cases"][case]["resumed"] > 3
        assert f"| {case} | " in section(found)


@pytest.mark.parametrize("plant", UNDURABLE)
def test_a_write_that_is_not_durable_is_seen(server, plant):
    case = "reference" if plant == "old ones removed first" else "saved"
    assert cut(server, case, 0, 0, plant=plant, epochs=2)["failures"] != []


def call(kind, path="", other="", *, data=b"", flags=0, at=0):
    return Record(kind, 3, flags, at, data, 0, path, other)


def left(*calls):
    """All states that a power cut leaves after calls, as sorted lists of names and contents."""
    disk = Disk("/d")
    for one in calls:
        disk.take(one)
    return {tuple(sorted(state.items())) for state in disk.states()}


class TestDisk:
    """The rules of what a power cut leaves, one by one."""

    made = (call("open", "/d/a", flags=os.O_CREAT), call("write", data=b"abcd"))

    def test_nothing_is_sure_of_a_file_that_is_not_synced(self):
        assert left(*self.made) == {
            (), *(((("/d/a"), content),) for content in (b"", b"ab", bytes(4), b"abcd"))
        }  # fmt: skip

    def test_its_bytes_are_once_it_is_synced_and_its_name_once_the_folder_is(self):
        assert left(*self.made, call("sync")) == {(), (("/d/a", b"abcd"),)}
        synced = (*self.made, call("sync"), call("sync-folder", "/d"))
        assert left(*synced) == {(("/d/a", b"abcd"),)}

    def test_a_rename_and_a_removal_may_each_have_come_or_not(self):
        start = (*self.made, call("sync"), call("sync-folder", "/d"), call("close"))
        assert left(*start, call("rename", "/d/a", "/d/b")) == {
            (("/d/a", b"abcd"),), (("/d/b", b"abcd"),)
        }  # fmt: skip
        assert left(*start, call("unlink", "/d/a")) == {(), (("/d/a", b"abcd"),)}

    def test_a_folder_that_was_made_is_sure_once_the_one_above_is_synced(self):
        inside = (
            call("mkdir", "/d/n"), call("open", "/d/n/a", flags=os.O_CREAT),
            call("write", data=b"abcd"), call("sync"), call("sync-folder", "/d/n"),
        )  # fmt: skip
        assert left(*inside) == {(), (("/d/n/a", b"abcd"),)}
        assert left(inside[0], call("sync-folder", "/d"), *inside[1:]) == {(("/d/n/a", b"abcd"),)}

    def test_a_call_that_failed_changes_nothing(self):
        failed = Record("rename", -1, 0, 0, b"", -5, "/d/a", "/d/b")
        assert left(*self.made, failed) == left(*self.made)

    def test_what_is_written_over_is_the_old_or_the_new(self):
        start = (*self.made, call("sync"), call("sync-folder", "/d"))
        contents = {dict(state)["/d/a"] for state in left(*start, call("write", data=b"xy", at=1))}
        assert {b"abcd", b"axyd"} <= contents
