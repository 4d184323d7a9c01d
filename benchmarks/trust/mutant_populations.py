"""What is mutated, and the tests that mutants meet."""

from __future__ import annotations

SOURCES = (
    "backprop.py", "forward.py", "cost.py", "losses.py", "activations.py", "optimizers.py",
    "schedules.py",
    "tables/encoding.py", "tables/fitted_encoding.py", "tables/dates.py", "tables/moments.py",
    "tables/target.py", "tables/numeric_inputs.py", "tables/values.py",
    "training/standing.py", "training/loop.py", "training/checkpoints/*.py",
    "files/whole_file.py",
)  # fmt: skip
"""The mathematics; how columns become inputs, and the target numbers; what keeps a run."""

TESTS = (
    *(f"src/clearprop/{one}" for one in SOURCES if "*" not in one),
    *(f"tests/test_{one}.py" for one in (
        "tiny", "activations", "backprop", "gradients", "losses", "network", "optimizers",
        "properties", "tails", "extending", "interruption", "settings_limits", "function_tables")),
    "tests/training", "tests/tables", "tests/files", "tests/checks", "tests/numerics",
    *(f"tests/engine/test_{one}.py" for one in ("bits", "functions", "engine")),
    *(f"tests/estimators/test_{one}.py" for one in (
        "same_numbers", "settings_in_between", "range", "validation_weights",
        "checkpoints_of_fits")),
    *(f"tests/explaining/test_{one}.py" for one in (
        "per_sample", "learning_rate", "rate_trial", "integrated_gradients")),
    "tests/explaining/checking/test_gradient_check.py",
    *(f"tests/explaining/derivation/test_{one}.py" for one in ("explain", "definitions")),
    *(f"tests/export/test_{one}.py" for one in ("export_c", "every_export", "export_torch")),
    "tests/cluster/test_resume.py",
)  # fmt: skip
"""Those of the suite that the mutants of `SOURCES` meet, where they run the line."""

_SETTINGS, _TABLES = "tests/test_settings_limits.py", "tests/test_function_tables.py"
_ENCODING = (
    *(f"tests/tables/test_limits_of_{one}.py" for one in ("encoding", "target", "dates")),
    "tests/tables/test_encoding.py",
)
SHORT: dict[str, tuple[str, ...]] = {
    "activations.py": (_TABLES, "tests/test_activations.py", "tests/test_tails.py"),
    "backprop.py": (
        "tests/test_tiny.py",
        "tests/test_backprop.py",
        "tests/training/test_dropout.py",
    ),
    "cost.py": (
        "tests/test_tiny.py",
        "tests/test_backprop.py",
        "tests/training/test_divergence.py",
    ),
    "forward.py": (
        "tests/test_tiny.py",
        "tests/test_backprop.py",
        "tests/training/test_dropout.py",
    ),
    "losses.py": (_SETTINGS, _TABLES, "tests/test_tails.py", "tests/test_losses.py"),
    "optimizers.py": (_SETTINGS, "tests/test_optimizers.py"),
    "schedules.py": (_SETTINGS, "tests/test_optimizers.py"),
    "tables": _ENCODING,
    "tables/dates.py": ("tests/tables/test_limits_of_dates.py", "tests/tables/test_cells.py"),
    "training/checkpoints": ("tests/training/checkpoints",),
    "training/checkpoints/keeping.py": (
        "tests/training/checkpoints",
        "tests/cluster/test_resume.py",
    ),
    "training/loop.py": (
        "tests/training/test_calls.py",
        "tests/training/test_standing.py",
        "tests/training/checkpoints",
    ),
    "training": ("tests/training/test_calls.py", "tests/training/test_standing.py"),
    "files": ("tests/files/test_one_save.py", "tests/files/test_files.py"),
}
"""The tests of a file, or of a folder's files, that the short form runs, the most telling first."""


def short_tests(file: str) -> tuple[str, ...]:
    """Return the tests of a file, or of the innermost folder that has some."""
    while file not in SHORT:
        file = file.rpartition("/")[0]
    return SHORT[file]


_BITS = "tests/engine/test_bits.py::test_bits"
_TAILS = "tests/engine/kernels/test_kernel_tails.py"
_ENGINE = "tests/engine/test_engine.py"


def bits(*names: str) -> tuple[str, ...]:
    """Return recorded runs by their names."""
    return tuple(f"{_BITS}[{one}]" for one in names)


KERNELS = tuple(
    f"engine/kernels/{one}.py"
    for one in (
        "activations", "affine", "batch", "coefficients", "decorators", "elementary", "forward",
        "gradients", "intrinsics", "layers", "losses", "optimizers", "packed_layers", "packing",
        "parts", "plan", "pointers", "precision", "product", "random", "rows", "team", "tile",
        "training", "user_made",
    )
)  # fmt: skip
"""What Numba compiles; not the modules that keep and load what it has compiled."""

KERNEL_TESTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "engine/kernels/activations.py": ((_TAILS, "--deselect", f"{_TAILS}::test_losses"),),
    "engine/kernels/losses.py": ((f"{_TAILS}::test_losses", f"{_TAILS}::test_cross_entropy", f"{_TAILS}::test_a_quantile_for_each_output"),),
    "engine/kernels/coefficients.py": (("tests/engine/kernels/test_elementary.py", "-k", "coefficients"),),
    "engine/kernels/elementary.py": ((f"{_TAILS}::test_activations",),),
    "engine/kernels/precision.py": (("tests/engine/kernels/test_precision.py",),),
    "engine/kernels/optimizers.py": (bits(*(f"float32 {one}" for one in (
        "sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "rmsprop-momentum", "rprop",
        "sgd-shrink"))),),
    "engine/kernels/random.py": ((f"{_ENGINE}::TestRandom",),),
    "engine/kernels/team.py": (("tests/engine/kernels/test_team.py",),),
    "all": (
        bits("float32 adam", "float32 large momentum all", "float32 adam plain",
             "float32 adam single rows", "float32 adam weights", "float32 adam dropout",
             "float32 adam shards", "float32 adam full batch", "classifier adam"),
        ("tests/engine/test_bits.py",),
        (_ENGINE, "tests/engine/test_functions.py", "tests/engine/test_memory.py"),
        (_TAILS, "tests/engine/kernels/test_elementary.py", "tests/training/test_divergence.py",
         "tests/training/test_interrupt.py", "tests/training/test_squares_overflow.py",
         "tests/training/test_standing.py", "tests/training/test_constraints.py",
         "tests/test_activations.py"),
        ("tests/engine/test_guard_pages.py",),
        ("tests/cluster/test_same_bits_by_ranks.py",),
    ),
}  # fmt: skip
"""Of a file of kernels, what its mutants meet first, and what all of them meet then, in stages."""
