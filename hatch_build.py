"""What `pip install` and `python -m build` do beyond copying: the engine's kernels, built ahead.

A wheel gets a library of kernels for each level of this kind of processor; an editable install
gets this processor's, for float32. Where nothing can be built, the wheel is pure: it trains by
the reference engine, or by Numba (the extra `compile`).
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SYSTEMS = {"linux": ("x86_64", "aarch64"), "darwin": ("x86_64", "arm64")}
"""Where kernels can be built ahead, and for which processors."""

TAGS = {"linux": "manylinux_2_17_{0}.musllinux_1_1_{0}"}
"""Of the systems whose libraries load on others than this one: these call no versioned symbol."""


class PrebuiltKernels(BuildHookInterface[Any]):
    """Builds the libraries of kernels."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what building needs: Clearprop's own, Numba, and a linker where there is none."""
        if not self._can_build():
            return []
        needed = [*self.metadata.core.dependencies, "numba>=0.61"]
        if not any(map(shutil.which, (os.environ.get("CC") or "cc", "gcc", "clang"))):
            needed.append("ziglang>=0.13")
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and say what became of it; a failure is no reason to install nothing."""
        if not self._can_build():
            self.app.display_warning(f"no kernels are built ahead for {platform.machine()} here")
            return
        source = Path(self.root) / "src"
        # What was installed for building is on this process's path; pip's way of keeping all else
        # off the path, run anew by `site`, would take an editable install's folder for all else.
        command = [sys.executable, "-S", "-m", "clearprop.engine.build"]
        command += ["--out", str(source / "clearprop" / "engine" / "prebuilt")]
        if version == "editable":
            command += ["--here", "--precision", "float32"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(source), *sys.path])}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["it ended without a word"]
            self.app.display_warning(f"no kernels were built ahead: {said[-1]}")
            return
        self.app.display_info(done.stdout)
        if version != "editable":
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_platform()}"

    def _can_build(self) -> bool:
        return platform.machine() in SYSTEMS.get(sys.platform, ())


def _platform() -> str:
    known = TAGS.get(sys.platform)
    if known is not None:
        return known.format(platform.machine())
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
