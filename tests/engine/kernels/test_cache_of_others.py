"""The cache of compiled kernels, which one user has filled and another reads."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

KERNEL = "random.order-float32"
COMPILED = ("compiled", b"what the compiler made")
SOMEBODY = 12345


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="takes the superuser")
class TestAnotherUser:
    """What the superuser has compiled ahead, read by a user who has neither home nor name."""

    AS_SOMEBODY = f"""if True:
        import os, sys
        from clearprop.engine.kernels import cache
        cache.folder()  # reads the sources, which may be out of reach below
        os.setgroups([])
        os.setgid({SOMEBODY})
        os.setuid({SOMEBODY})
        print(cache.read({KERNEL!r}), cache.refusal(), sep=" | ")
        """

    @pytest.fixture
    def open_place(self):
        """A cache of the superuser's that everybody may read."""
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            root = Path(name)
            root.chmod(0o755)
            environment = {**os.environ, "CLEARPROP_CACHE": str(root / "cache")}
            environment.pop("HOME", None)
            write = (
                f"from clearprop.engine.kernels import cache; cache.write({KERNEL!r}, *{COMPILED})"
            )
            subprocess.run([sys.executable, "-c", write], env=environment, check=True)
            (self.folder,) = (root / "cache").iterdir()
            self.environment = environment
            yield self.folder

    def read(self):
        done = subprocess.run(
            [sys.executable, "-c", self.AS_SOMEBODY],
            env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.strip().split(" | ")

    def test_reads_what_the_superuser_wrote(self, open_place):
        assert self.read() == [str(COMPILED), f"{open_place} cannot be written"]

    def test_reads_nothing_of_a_third(self, open_place):
        os.chown(open_place / f"{KERNEL}.kernel", SOMEBODY + 1, -1)
        assert self.read()[0] == "None"
        os.chown(open_place / f"{KERNEL}.kernel", SOMEBODY, -1)  # his own
        assert self.read()[0] == str(COMPILED)
        os.chown(open_place, SOMEBODY + 1, -1)
        assert self.read() == ["None", f"{open_place} belongs to another user"]

    def test_the_superuser_reads_nothing_of_his(self, open_place):
        os.chown(open_place, SOMEBODY, -1)
        code = f"from clearprop.engine.kernels import cache; print(cache.read({KERNEL!r}))"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert done.stdout == "None\n"
