"""What ``import clearprop`` loads, and what it leaves for later."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import clearprop as cp


def test_every_public_name_is_there():
    assert sorted(set(cp.__all__)) == sorted(cp.__all__)
    assert all(getattr(cp, name) is not None for name in cp.__all__)
    assert set(cp.__all__) <= set(dir(cp))
    with pytest.raises(AttributeError, match="module 'clearprop' has no attribute 'explian'"):
        cp.explian  # noqa: B018


def test_type_checkers_import_what_comes_later():
    tree = ast.parse(Path(cp.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {node.module: tuple(one.name for one in node.names) for node in block.body}
    assert seen.pop("clearprop") == ("studio",)
    assert seen == {f"clearprop.{module}": names for module, names in cp._LATER.items()}


def test_an_import_loads_neither_explanations_nor_tables_nor_what_compiles():
    code = """if True:
        import sys
        import clearprop
        heavy = "numba", "llvmlite", "sklearn", "scipy", "polars", "pandas", "matplotlib", "torch"
        late = "clearprop.explaining", "clearprop.tables", "clearprop.cli"
        print([name for name in (*heavy, *late) if name in sys.modules])
        clearprop.explain
        print("clearprop.explaining" in sys.modules, "clearprop.tables" in sys.modules)
        """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\nTrue False\n"
