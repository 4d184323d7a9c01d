"""Kernels that were built ahead: which library is used, and that it is what the sources say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import clearprop as cp
from clearprop.engine import build
from clearprop.engine.functions import KERNELS
from clearprop.engine.kernels import library, machine
from clearprop.engine.kernels.precision import FLOAT32, FLOAT64
from clearprop.errors import CompilationError
from engine_runs import answer, python

V3, V4 = (next(level for level in machine.LEVELS if level.name == f"x86-64-v{n}") for n in (3, 4))

x86 = pytest.mark.skipif(machine.machine() != "x86_64", reason="these levels are of x86-64")
linux = pytest.mark.skipif(sys.platform != "linux", reason="libraries were linked on Linux alone")


def as_processor(level):
    """Return the settings that make a process take a level for its processor's."""
    features = ",".join(f"+{name}" for name in sorted(level.features))
    return {"NUMBA_CPU_FEATURES": features, "CLEARPROP_KERNELS": ""}


class TestLevel:
    @pytest.fixture(autouse=True)
    def fresh(self):
        machine.level.cache_clear()
        machine.features.cache_clear()
        yield
        machine.level.cache_clear()
        machine.features.cache_clear()

    @x86
    @pytest.mark.parametrize(
        ("features", "name"),
        [
            (V4.features, "x86-64-v4"),
            (V4.features | {"amx-tile"}, "x86-64-v4"),
            (V4.features - {"avx512vl"}, "x86-64-v3"),
            (V3.features, "x86-64-v3"),
            (V3.features - {"fma"}, None),
            (V3.features - {"lzcnt", "movbe"}, "x86-64-v3"),  # as docs/engine.md lists them
            (frozenset({"sse2"}), None),
            (frozenset(), None),
        ],
    )
    def test_the_highest_that_is_reached(self, features, name, monkeypatch):
        monkeypatch.setenv("NUMBA_CPU_FEATURES", ",".join(f"+{one}" for one in features))
        found = machine.level()
        assert (found and found.name) == name
        assert machine.vector_bytes() == {"x86-64-v4": 64, "x86-64-v3": 32}.get(name, 16)
        assert machine.vectors_held() == (32 if name == "x86-64-v4" else 16)

    def test_a_feature_that_is_taken_away(self, monkeypatch):
        monkeypatch.setenv("NUMBA_CPU_FEATURES", "+avx2,-fma")
        assert machine.features() == {"avx2"}

    def test_a_generic_processor_can_do_nothing(self, monkeypatch):
        monkeypatch.delenv("NUMBA_CPU_FEATURES", raising=False)
        monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
        assert machine.level() is None

    @linux
    def test_linux_says_what_llvm_finds(self, monkeypatch):
        """Of all features that a level asks for."""
        llvm = pytest.importorskip("llvmlite.binding")
        for variable in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"):
            monkeypatch.delenv(variable, raising=False)
        found = {name for name, has in llvm.get_host_cpu_features().items() if has}
        asked = frozenset().union(*(one.features for one in machine.LEVELS))
        assert machine.features() & asked == found & asked


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The float32 libraries of both levels of x86-64."""
    if machine.machine() != "x86_64" or sys.platform != "linux":
        pytest.skip("no libraries are built here")
    pytest.importorskip("numba")
    folder = tmp_path_factory.mktemp("prebuilt")
    kept = library.FOLDER / library.library_name(V4)
    both = library.holds(kept, [FLOAT64])  # of a wheel; an editable install's has float32 alone
    if machine.level() == V4 and library.holds(kept, [FLOAT32]) and not both:
        for path in (kept, library.sealed(kept)):
            shutil.copy(path, folder)
    return {level.name: build.build_library(level, ["float32"], folder) for level in (V3, V4)}


TRAIN = """if True:
    import hashlib, sys
    from pathlib import Path
    import numpy as np
    from clearprop.engine.kernels import library, machine
    library.FOLDER = Path({folder!r})
    import clearprop as cp
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(300, 13)).astype("f4"), rng.integers(0, 3, 300)
    for optimizer in ("adam", "rmsprop"):
        for name in ("relu", "gelu", "tanh"):
            network = cp.Network([13, 21, 3], activations=name, output="softmax", seed=1)
            history = cp.train(network, X, labels, epochs=2, dropout=0.2, optimizer=optimizer,
                               engine="compiled", progress=False)
            outputs = network.predict(X)
            print(hashlib.sha256(network.parameters.tobytes() + outputs.tobytes()).hexdigest())
    print(machine.level().name, "numba" in sys.modules)
    """


@x86
@linux
class TestLibraries:
    def test_the_same_bits_at_every_level_and_compiled(self, built):
        """Each level that this processor reaches, by its library and by Numba."""
        folder = str(next(iter(built.values())).parent)
        found = {}
        for level in (V3, V4):
            if not level.features <= machine.features():
                continue
            process = python(TRAIN.format(folder=folder), as_processor(level))
            *hashes, last = answer(process).splitlines()
            assert last == f"{level.name} False"
            found[level.name] = hashes
        compiled = python(TRAIN.format(folder="nowhere"))
        *hashes, _ = answer(compiled, compiles=None).splitlines()
        assert len(set(hashes)) == 6
        assert list(found.values()) == [hashes] * len(found)

    def test_every_kernel_is_there(self, built):
        for path in built.values():
            opened = library._open(path)
            assert all(library._address(opened, name, FLOAT32) for name in KERNELS)
            assert library._address(opened, KERNELS[0], FLOAT64) is None

    def test_small(self, built):
        assert sum(path.stat().st_size for path in built.values()) < 500_000

    @pytest.mark.skipif(shutil.which("objdump") is None, reason="takes objdump")
    def test_no_instruction_is_beyond_its_level(self, built):
        """Neither a vector of 512 bits, nor a mask register, nor a register beyond the 16th."""
        beyond = re.compile(r"%zmm|%k[0-7]\b|%[xy]mm(1[6-9]|2\d|3[01])\b")
        texts = {
            name: subprocess.run(
                ["objdump", "-d", "--no-show-raw-insn", path],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for name, path in built.items()
        }
        assert not beyond.search(texts["x86-64-v3"])
        assert beyond.search(texts["x86-64-v4"])  # so the pattern finds some
        assert "vfmadd" in texts["x86-64-v3"]

    def test_it_needs_nothing_but_what_every_process_has(self, built):
        nm = shutil.which("nm")
        if nm is None:
            pytest.skip("takes nm")
        for path in built.values():
            said = subprocess.run(
                [nm, "-D", "-u", path], capture_output=True, text=True, check=True
            )
            assert set(said.stdout.split()) - {"U", "w"} <= {
                "memset",
                "memcpy",
                "memmove",
                "syscall",
            }

    def test_of_other_sources_it_is_not_used(self, built, monkeypatch):
        path = built["x86-64-v3"]
        assert library.holds(path, [FLOAT32])
        monkeypatch.setattr(library, "digest", lambda: "0" * 64)
        assert not library.holds(path, [FLOAT32])

    def test_a_damaged_one_is_not_used(self, built, tmp_path):
        whole, path = built["x86-64-v3"], tmp_path / "x86-64-v3.so"
        content = whole.read_bytes()
        seals = library.sealed(whole).read_text()
        for damaged in (content, b"", b"no library", content[:5000], content[:-1], content + b" "):
            path.write_bytes(damaged)
            library.sealed(path).write_text(seals)
            assert library.holds(path, [FLOAT32]) == (damaged == content)
            path.unlink()
        path.write_bytes(content)
        library.sealed(path).unlink()
        assert not library.holds(path, [FLOAT32])

    def test_the_digest_is_of_every_source(self, monkeypatch, tmp_path):
        library.digest.cache_clear()
        folder = Path(library.__file__).parent
        copy = tmp_path / "kernels"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
        monkeypatch.setattr(library, "__file__", str(copy / "library.py"))
        try:
            found = []
            for source in (None, "tile.py", "losses.py"):
                if source:
                    (copy / source).write_text((copy / source).read_text() + "\n")
                found.append(library.digest())
                library.digest.cache_clear()
            assert len(set(found)) == 3
        finally:
            library.digest.cache_clear()


class TestNothingBuilt:
    """Neither a library, nor Numba: in a process where neither is to be found."""

    HEAD = """if True:
        import sys
        from importlib.abc import MetaPathFinder
        from pathlib import Path
        class Absent(MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in ("numba", "llvmlite"):
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        sys.meta_path.insert(0, Absent())
        from clearprop.engine.kernels import library, loading
        loading._has_numba = lambda: False
        library.FOLDER = Path("nowhere")
        import numpy as np
        import clearprop as cp
        X, y = np.arange(8.0).reshape(4, 2), [0, 1, 1, 0]
        network = cp.Network([2, 3, 2], output="softmax", seed=0)
        """

    def run(self, code):
        process = python(self.HEAD + code)
        out, err = process.communicate(timeout=400)
        assert process.returncode == 0, err
        return out, err

    def test_the_reference_trains_and_says_so_once(self):
        out, err = self.run("""
        for _ in range(2):
            history = cp.train(network, X, y, epochs=3, progress=False)
        print(history.engine, network.predict(X).shape)
        """)
        assert out == "reference (4, 2)\n"
        assert re.fullmatch(
            r"clearprop: trained by the reference engine, which is slow: no kernels were built ahead "
            r'for this processor \(\w+\); pip install "clearprop\[compile\]" compiles them\n',
            err,
        )

    def test_estimators_learn_by_the_reference(self):
        pytest.importorskip("sklearn")
        out, err = self.run("""
        from clearprop.estimators import MLPClassifier, MLPRegressor
        settings = dict(hidden_layer_sizes=3, tol=1, n_iter_no_change=2, random_state=0)
        print(MLPClassifier(**settings).fit(X, y).predict(X).shape, end=" ")
        print(MLPRegressor(early_stopping=True, validation_fraction=0.5, **settings)
              .fit(X, y).predict(X).shape)
        """)
        assert out == "(4,) (4,)\n"
        assert err.count("trained by the reference engine") == 1

    def test_whoever_wants_kernels_is_told_what_is_missing(self):
        out, err = self.run("""
        try:
            cp.train(network, X, y, engine="compiled")
        except cp.MissingExtraError as error:
            print(error)
        """)
        assert err == ""
        assert re.fullmatch(
            r"no kernels were built ahead for this processor \(\w+\): pip install "
            r'"clearprop\[compile\]", which compiles them, or say engine=\'reference\'\n',
            out,
        )

    def test_a_function_of_ones_own_is_computed_by_the_reference(self):
        out, _ = self.run("""
        own = cp.Activation("own", lambda z: z * z, lambda z: 2 * z)
        network = cp.Network([2, 3, 2], activations=own, output="softmax", seed=0)
        print(cp.train(network, X, y, epochs=1, progress=False).engine)
        """)
        assert out == "reference\n"


def test_where_there_is_no_linker(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "_linkers", lambda: iter(()))
    with pytest.raises(CompilationError, match="install a C compiler, or pip install ziglang"):
        build._link([], tmp_path / "lib.so")


def test_history_says_which_engine():
    network = cp.Network([2, 2], seed=0)
    X = [[0.0, 1.0], [1.0, 0.0]]
    for engine, name in ((None, "compiled"), ("reference", "reference")):
        assert cp.train(network, X, X, epochs=1, engine=engine).engine == name
