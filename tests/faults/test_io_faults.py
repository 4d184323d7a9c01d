"""Each call on files fails in turn: the right bits or a named error, and a checkpoint stays.

Every kind at many places is `python benchmarks/trust io_faults --long`.
"""

from __future__ import annotations

import io_faults
from injection import shim
from injection.checkpoint_files import in_folder, newest


def test_a_sample_of_faults(server):
    found = io_faults.measure(False, 1)
    assert found["failures"] == []
    [trials] = found["cases"].values()
    assert trials["struck"] > 35
    assert trials["errors"] > 3
    assert f"| reference | {trials['trials']} |" in io_faults.section(found)


def test_a_checkpoint_that_is_not_read_back_is_seen(server):
    """Each is written with one bit wrong from the second on, and whole ones are removed."""
    plan = f"{io_faults.FLIPPED}:4+:flip"
    for plant, whole in (("", True), ("not read back", False)):
        folder = server.new_folder()
        journal = folder.with_suffix(".journal")
        server.run("reference", folder, plan=plan, plant=plant, epochs=4, journal=journal)
        assert shim.struck(journal) > 3
        assert (newest(in_folder(folder)) is not None) == whole


class TestShim:
    """Faults come where the plan says."""

    def test_the_call_that_is_meant_fails(self, server):
        folder = server.new_folder()
        for plan, said in (
            ("rename:1:EDQUOT", "Disk quota exceeded"),
            ("sync:2:EIO", "Input/output error"),
            ("write:1:room:100", "No space left on device"),
            ("write@network:1+:EIO", None),
            ("write@.part:2:EIO", "Input/output error"),
            ("write:9:EIO", None),
            ("write:1+:short", None),
        ):
            ended = server.run("saved", folder, plan=plan)
            assert ended.done == (said is None), plan
            assert said is None or said in ended.found["text"]

    def test_kills(self, server):
        folder = server.new_folder()
        assert server.run("saved", folder, plan="rename:1:kill").killed
        assert [path.suffix for path in folder.iterdir()] == [".part"]
        assert server.run("saved", folder, plan="write:2:torn").killed
        assert newest(in_folder(folder)) is None

    def test_a_network_is_saved_whole_or_not_at_all_whatever_fails(self, server):
        """Each call of a save in turn."""
        alone = server.run("saved", server.new_folder())
        for kind in ("open", "write", "sync", "rename", "close", "unlink", "stat", "list", "lock"):
            for nth in (1, 2, 3):
                folder = server.new_folder()
                ended = server.run("saved", folder, plan=f"{kind}:{nth}:EIO")
                assert ended.bits == alone.bits or ended.found["named"], (kind, nth, ended)
                assert server.run("saved", folder).bits == alone.bits
                assert [path.name for path in folder.iterdir()] == ["network.safetensors"]
