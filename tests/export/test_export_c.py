"""C: headers that gcc and g++ take with every warning an error, and what the programs compute."""

from __future__ import annotations

import subprocess

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from c_programs import LANGUAGES, build, library, needs_gcc, run
from clearprop.activations import ACTIVATIONS
from export_tables import (
    KINDS,
    TOLERANCE,
    assert_near,
    crossing,
    cube,
    inputs,
    network,
    numbers_of,
    numeric_table,
    odd_rows,
    steep,
    wild_settings,
)


@pytest.fixture(scope="module", params=LANGUAGES)
def networks(request, tmp_path_factory):
    """A library of a network for each activation and type, with biases, without, and a steep one."""
    headers = {}
    for f, dtype in KINDS:
        headers[f"{f}_{dtype}"] = network(f, dtype).to_c(f"{f}_{dtype}")
        headers[f"{f}_{dtype}_bare"] = network(f, dtype, biases=False).to_c(f"{f}_{dtype}_bare")
        headers[f"{f}_{dtype}_steep"] = steep(f, dtype)[0].to_c(f"{f}_{dtype}_steep")
    return library(headers, tmp_path_factory.mktemp("c"), request.param)


class TestNetwork:
    @pytest.mark.parametrize(("f", "dtype"), KINDS)
    def test_predictions_are_equal(self, f, dtype, networks):
        X = inputs(dtype)
        for name, biases in ((f"{f}_{dtype}", True), (f"{f}_{dtype}_bare", False)):
            found = run(networks, name, X, 4)
            assert_near(found, network(f, dtype, biases).predict(X), TOLERANCE[dtype])

    @pytest.mark.parametrize(("f", "dtype"), KINDS)
    def test_far_from_zero(self, f, dtype, networks):
        net, X = steep(f, dtype)
        found = run(networks, f"{f}_{dtype}_steep", X, 2)
        assert_near(found, net.predict(X), TOLERANCE[dtype])

    @pytest.mark.parametrize(("f", "dtype"), KINDS)
    def test_what_is_no_number_is_never_answered_with_one(self, f, dtype, networks):
        X = inputs(dtype)[:3].copy()
        X[1, 0] = np.nan
        found = run(networks, f"{f}_{dtype}", X, 4)
        assert np.isnan(found[1]).all()
        assert np.isfinite(found[[0, 2]]).all()

    @needs_gcc
    def test_a_program_of_its_own(self, tmp_path):
        net = cp.Network([2, 3, 2], output="softmax")
        (tmp_path / "net.h").write_text(net.to_c())
        (tmp_path / "main.c").write_text(
            '#include <stdio.h>\n#include "net.h"\n#include "net.h"\n'
            "int main(void)\n{\n"
            "    const float x[NET_INPUTS] = {1.0f, -2.0f};\n"
            "    float y[NET_OUTPUTS];\n"
            "    net_predict(x, y);\n"
            '    printf("%.9g %.9g\\n", (double)y[0], (double)y[1]);\n'
            "    return 0;\n}\n"
        )
        build("main.c", "-o", "main", "-lm", cwd=tmp_path)
        printed = subprocess.run([tmp_path / "main"], capture_output=True, text=True).stdout
        assert_near([float(one) for one in printed.split()], net.predict([[1, -2]])[0], 1e-6)

    @needs_gcc
    def test_included_and_not_called(self, tmp_path):
        """No warning, and nothing left in the object file."""
        (tmp_path / "net.h").write_text(network("softmax").to_c())
        (tmp_path / "one.c").write_text('#include "net.h"\nint one(void);\nint one(void) { return 1; }\n')  # fmt: skip
        build("-O1", "-c", "one.c", cwd=tmp_path)
        assert (tmp_path / "one.o").stat().st_size < 3000


class TestHeader:
    def test_it_allocates_nothing(self):
        for f in ACTIVATIONS:
            text = network(f).to_c()
            assert text.count("#include") == 1
            assert "#include <math.h>" in text
            assert "alloc" not in text.replace("nothing is allocated", "")

    def test_lines_are_not_endless(self):
        text = cp.Network([64, 100, 10], output="softmax", seed=1).to_c("digits")
        assert max(map(len, text.splitlines())) <= 100
        assert text.isascii()

    def test_what_it_says(self):
        text = cp.Network([2, 3, 1], "tanh", "sigmoid").to_c("xor")
        assert text.startswith("/* The network 2-3-1 (tanh, sigmoid).\n")
        assert "#ifndef XOR_H" in text
        assert "xor_softmax" not in text

    @pytest.mark.parametrize("name", ["", "2x", "a b", "a-b", "é", "_x", "int", None, "x;"])
    def test_names(self, name):
        with pytest.raises(cp.ArgumentError, match="name in C|keyword of C"):
            cp.Network([2, 1]).to_c(name)

    def test_refusals(self):
        with pytest.raises(cp.ArgumentError, match="layer 1 has an activation of your own, 'cube'"):
            cp.Network([2, 2, 1], cube(), "identity").to_c()
        with pytest.raises(cp.ArgumentError, match="float32 or float64, not longdouble|float128"):
            network("tanh", "longdouble").to_c()


class TestModel:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("wild", [False, True])
    @pytest.mark.parametrize("target", ["price", "kind"])
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_raw_columns_in(self, target, wild, dtype, language, tmp_path):
        table = numeric_table(wild=wild)
        table = table.drop(columns={"price", "kind"} - {target})
        model = cp.Model.fit(
            table, target, hidden=[6], epochs=5, compare=False, **wild_settings(wild)
        )
        model.network = model.network.astype(dtype)
        assert {"rare is rare or new", "tested is missing", "size (cm) is missing"} <= {*model.features}  # fmt: skip
        built = library({"net": model.to_c()}, tmp_path, language)
        for rows, tolerance in ((table, 1e-6), (odd_rows(table), 1e-5)):
            found = run(built, "net", numbers_of(model, rows), 2 if target == "kind" else 1)
            if target == "kind":
                assert_near(found, model.predict_proba(rows), tolerance)
            else:
                assert_near(found[:, 0], model.predict(rows), tolerance)

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_quantiles_ascend(self, dtype, language, tmp_path):
        model, table = crossing(dtype)
        built = library({"net": model.to_c()}, tmp_path, language)
        found = run(built, "net", numbers_of(model, table), 3)
        assert_near(found, model.predict_quantiles(table), 1e-6)
        assert "y is its quantiles 0.1, 0.5, 0.9, in its own unit" in model.to_c()

    @needs_gcc
    def test_names_that_mean_something_in_c(self, tmp_path):
        bad = ['*/ "a" \\', "??/ /* \n", 'é € "quoted" ??=', "100%d"]
        rng = np.random.default_rng(0)
        table = pd.DataFrame({name: rng.normal(size=60) for name in bad[:3]})
        table["t */ ??/"] = np.array(bad)[np.arange(60) % 4]
        model = cp.Model.fit(table, "t */ ??/", hidden=[3], epochs=1, compare=False)
        text = model.to_c()
        assert text.isascii()
        (tmp_path / "net.h").write_text(text)
        (tmp_path / "main.c").write_text(
            '#include <stdio.h>\n#include "net.h"\n'
            "int main(void)\n{\n"
            "    for (int j = 0; j < NET_OUTPUTS; j++)\n        puts(net_classes[j]);\n"
            "    return 0;\n}\n"
        )
        build("main.c", "-o", "main", "-lm", cwd=tmp_path)
        printed = subprocess.run([tmp_path / "main"], capture_output=True).stdout.decode()
        assert printed == "".join(f"{one}\n" for one in model.classes)

    def test_refusals(self):
        table = numeric_table().drop(columns="kind")
        dated = table.assign(day=np.datetime64("2024-01-01") + np.arange(150))
        with pytest.raises(cp.ArgumentError, match="column 'day' holds dates, and C takes numbers"):
            cp.Model.fit(dated, "price", hidden=[2], epochs=1, compare=False).to_c()
        colored = table.assign(color=list("rgb") * 50)
        with pytest.raises(
            cp.ArgumentError, match="column 'color' holds categories, which are text"
        ):
            cp.Model.fit(colored, "price", hidden=[2], epochs=1, compare=False).to_c()
