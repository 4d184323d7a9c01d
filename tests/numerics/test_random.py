from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest

import clearprop as cp
from clearprop.numerics.random import (
    Purpose,
    check_seed,
    kept_units,
    normal,
    normal_quantile,
    permutation,
    philox,
    uniform,
    words,
)
from clearprop.training.batches import batches, epoch_order


@pytest.mark.parametrize(
    ("seed", "counter", "expected"),
    [
        (0, (0, 0, 0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (2**64 - 1, (2**32 - 1,) * 4, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            0x299F31D0A4093822,
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_known_answers_of_random123(seed, counter, expected):
    assert " ".join(f"{int(word):08x}" for word in philox(seed, counter)) == expected


def test_the_counter_holds_what_the_module_says():
    drawn = words(7, Purpose.DROPOUT, 9, epoch=5, sample=np.array([11, 13]), layer=2)
    assert drawn.shape == (2, 9)
    assert drawn[1, 6] == philox(7, (6 // 4, 13, 5, 4 + 16 * 2))[6 % 4]


def test_numbers_do_not_depend_on_how_many_are_drawn():
    for draw in (uniform, normal):
        long = draw(1, Purpose.WEIGHTS, 1000, layer=3)
        np.testing.assert_array_equal(draw(1, Purpose.WEIGHTS, 10, layer=3), long[:10])
    some, all_rows = np.array([5, 900, 2]), np.arange(1000)
    kept = kept_units(1, 30, 0.3, epoch=4, rows=all_rows, layer=1)
    np.testing.assert_array_equal(kept_units(1, 30, 0.3, epoch=4, rows=some, layer=1), kept[some])


def test_streams_differ():
    one = uniform(1, Purpose.WEIGHTS, 50, layer=1)
    for other in (
        uniform(2, Purpose.WEIGHTS, 50, layer=1),
        uniform(1, Purpose.BIASES, 50, layer=1),
        uniform(1, Purpose.WEIGHTS, 50, layer=2),
        uniform(1 + 2**40, Purpose.WEIGHTS, 50, layer=1),
    ):
        assert not np.isin(one, other).any()


def test_distributions():
    """Moments within five standard errors, and the Kolmogorov distance within its 1e-6 bound."""
    n = 200_000
    u = uniform(3, Purpose.WEIGHTS, n)
    assert 0 <= u.min() < 1e-4 < 1 - 1e-4 < u.max() < 1
    steps = np.arange(n) / n
    assert np.abs(np.sort(u) - steps).max() < 2.7 / np.sqrt(n)
    z = normal(3, Purpose.WEIGHTS, n)
    assert abs(z.mean()) < 5 / np.sqrt(n)
    assert abs(z.var() - 1) < 5 * np.sqrt(2 / n)
    assert abs((z**4).mean() - 3) < 5 * np.sqrt(96 / n)
    kept = kept_units(3, 100, 0.3, epoch=0, rows=np.arange(2000), layer=1)
    assert abs(kept.mean() - 0.7) < 5 * np.sqrt(0.21 / kept.size)


def test_normal_quantile_against_mpmath():
    p = np.concatenate([10.0 ** -np.arange(1, 17), np.linspace(0.001, 0.999, 301)])
    with mpmath.workdps(40):
        expected = [float(mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(float(v)) - 1)) for v in p]
    np.testing.assert_allclose(normal_quantile(p), expected, rtol=2e-15, atol=1e-16)


def digest_of_streams() -> str:
    drawn = [
        uniform(1, Purpose.WEIGHTS, 100, layer=1),
        normal(1, Purpose.BIASES, 100, layer=2),
        permutation(1, 100, epoch=3, stripe=2),
        kept_units(1, 100, 0.5, epoch=2, rows=np.arange(5), layer=1),
    ]
    return hashlib.sha256(b"".join(array.tobytes() for array in drawn)).hexdigest()[:16]


BITS = "9afd8e95c1b7a503"


def test_bits_are_fixed():
    """These never change without a line in the changelog: runs of old seeds must come back."""
    assert digest_of_streams() == BITS


def test_bits_do_not_depend_on_the_processor():
    """The same with NumPy's code for AVX2 and AVX-512 switched off."""
    code = """
import warnings; warnings.simplefilter("ignore")  # names that this NumPy does not know
import test_random; print(test_random.digest_of_streams())
"""
    features = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_ICL AVX512_SPR X86_V3 X86_V4"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": features},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == BITS


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "1", None])
def test_seeds_that_cannot_be(seed):
    with pytest.raises(cp.ArgumentError, match="seed is .* from 0 to"):
        check_seed(seed)


class TestOrder:
    @pytest.mark.parametrize("n", [1, 2, 7, 100])
    @pytest.mark.parametrize("shards", [1, 2, 3, 8])
    def test_every_row_once_and_stripes_in_turn(self, n, shards):
        order = epoch_order(n, shards, True, seed=1, epoch=2)
        np.testing.assert_array_equal(np.sort(order), np.arange(n))
        np.testing.assert_array_equal(order % shards, np.arange(n) % shards)

    @pytest.mark.parametrize(("batch", "shards"), [(8, 4), (10, 4), (3, 8), (7, 3)])
    def test_quotas_differ_by_one_at_most_and_average_out(self, batch, shards):
        order = epoch_order(batch * shards, shards, True, seed=1, epoch=0)
        counts = np.array(
            [np.bincount(rows % shards, minlength=shards) for rows in batches(order, batch)]
        )
        assert np.ptp(counts, axis=1).max() <= (0 if batch % shards == 0 else 1)
        np.testing.assert_array_equal(counts.sum(axis=0), batch)

    def test_a_stripe_is_shuffled_without_knowing_the_others(self):
        """What one of eight processes would compute of its stripe is what one process does."""
        n, shards, stripe = 1001, 8, 5
        order = epoch_order(n, shards, True, seed=9, epoch=4)
        own = np.arange(stripe, n, shards)
        np.testing.assert_array_equal(
            order[stripe::shards], own[permutation(9, own.size, epoch=4, stripe=stripe)]
        )

    def test_without_shuffle_rows_come_as_they_are(self):
        np.testing.assert_array_equal(epoch_order(10, 3, False, 0, 0), np.arange(10))

    def test_epochs_and_seeds_shuffle_anew(self):
        orders = [tuple(epoch_order(50, 1, True, s, e)) for s in (0, 1) for e in (0, 1)]
        assert len(set(orders)) == 4

    def test_permutations_are_even(self):
        """All 24 orders of 4 rows, each about as often: chi-squared below its 1e-6 bound."""
        counts: dict[tuple[int, ...], int] = {}
        for epoch in range(4800):
            order = tuple(permutation(1, 4, epoch=epoch).tolist())
            counts[order] = counts.get(order, 0) + 1
        assert len(counts) == 24
        assert sum((c - 200) ** 2 / 200 for c in counts.values()) < 70

    def test_the_last_batch_is_shorter(self):
        assert [rows.size for rows in batches(np.arange(10), 4)] == [4, 4, 2]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("glorot_uniform", np.sqrt(2 / 500)),
        ("glorot_normal", np.sqrt(2 / 500)),
        ("he_uniform", np.sqrt(2 / 300)),
        ("he_normal", np.sqrt(2 / 300)),
        ("uniform", 0.5 / np.sqrt(3)),
        ("normal", 1.0),
        ("zeros", 0.0),
    ],
)
def test_initializers_have_the_spread_they_say(name, expected):
    W = cp.Network([300, 200], initializer=name, dtype="float64", seed=4)["W1"]
    assert W.std() == pytest.approx(expected, rel=0.02)
    assert abs(W.mean()) <= 5 * expected / np.sqrt(W.size)
    if "uniform" in name:
        assert np.abs(W).max() == pytest.approx(expected * np.sqrt(3), rel=1e-3)


def test_auto_looks_at_each_layers_activation():
    network = cp.Network([300, 200, 200], ["relu", "tanh"], dtype="float64")
    assert np.abs(network["W1"]).max() == pytest.approx(np.sqrt(6 / 300), rel=1e-3)
    assert np.abs(network["W2"]).max() == pytest.approx(np.sqrt(6 / 400), rel=1e-3)


def test_initializers_say_what_they_are():
    assert repr(cp.normal(0.1)) == "normal(deviation=0.1)"
    assert repr(cp.he_uniform()) == "he_uniform()"


def test_float32_weights_are_the_float64_ones_rounded():
    a, b = (cp.Network([3, 4], dtype=dtype, seed=2) for dtype in ("float32", "float64"))
    np.testing.assert_array_equal(a.parameters, b.parameters.astype("float32"))
