"""Settings of `clearprop train`: the same as `Model.fit`'s, by option and by file."""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.cli import notation, settings_file
from clearprop.cli.train import train
from clearprop.cli.train_settings import NOT_HERE, SETTINGS, keywords
from clearprop.initializers import INITIALIZERS
from clearprop.losses import LOSSES
from clearprop.optimizers import OPTIMIZERS
from command_line import invoke, refused
from example_tables import PENGUINS

N = 90


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "a": draw.normal(size=N),
            "b": draw.choice(list("xyz"), N),
            "code": draw.integers(4, size=N),
            "id": np.arange(1, N + 1)[::-1] * 3,
            "who": [f"p{i}" for i in draw.integers(20, size=N)],
            "when": pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d"),
            "w": draw.integers(1, 4, N),
            "kind": draw.choice(["no", "yes"], N),
            "price": np.exp(draw.normal(size=N)),
        }
    )
    table.loc[5, "price"] = np.nan
    table.to_csv("t.csv", index=False)
    table[:30].to_csv("u.csv", index=False)
    return tmp_path


KIND = {"target": "kind", "drop": ["price", "who"]}
PRICE = {"target": "price", "drop": ["kind", "who"], "drop_missing_target": True}

CASES = {
    "target": [],
    "task": ([*["--task", "regression"]], {"task": "regression"}, PRICE),
    "hidden": (["--hidden", "5,3"], {"hidden": (5, 3)}, KIND),
    "activation": (["--activation", "tanh"], {"activation": "tanh"}, KIND),
    "initializer": (["--initializer", "uniform(0.2)"], {"initializer": cp.uniform(0.2)}, KIND),
    "quantiles": (["--quantiles", "0.1,0.5,0.9"], {"quantiles": [0.1, 0.5, 0.9]}, PRICE),
    "loss": (["--loss", "huber(threshold=0.5)"], {"loss": cp.huber(0.5)}, PRICE),
    "optimizer": (
        ["--optimizer", "sgd(0.1, momentum=0.9, nesterov=true)"],
        {"optimizer": cp.SGD(0.1, momentum=0.9, nesterov=True)},
        KIND,
    ),
    "learning_rate": (
        ["--learning-rate", "0.02"],
        {"optimizer": cp.AdamW(0.02, decay=0.5)},
        KIND,
    ),
    "schedule": (
        ["--schedule", "step(2, factor=0.5)", "--optimizer", "adam", "--learning-rate", "0.02"],
        {"optimizer": cp.Adam(cp.step(0.02, 2, 0.5))},
        KIND,
    ),
    "batch_size": (["--batch-size", "all"], {"batch_size": None}, KIND),
    "epochs": (["--epochs", "3"], {"epochs": 3}, KIND),
    "early_stopping": (["--early-stopping", "0"], {"early_stopping": None}, KIND),
    "l2": (["--l2", "0.1"], {"l2": 0.1}, KIND),
    "dropout": (["--dropout", "0.3"], {"dropout": 0.3}, KIND),
    "shuffle": (["--no-shuffle"], {"shuffle": False}, KIND),
    "metrics": (["--metric", "accuracy"], {"metrics": ["accuracy"]}, KIND),
    "precision": (["--precision", "float64"], {"precision": "float64"}, KIND),
    "engine": (["--engine", "reference"], {"engine": "reference"}, KIND),
    "threads": (["--threads", "1"], {"threads": 1}, KIND),
    "shards": (["--shards", "3"], {"shards": 3}, KIND),
    "accumulate": (["--accumulate", "3"], {"accumulate": 3}, KIND),
    "checkpoint": (["--checkpoint", "one"], {"checkpoint": "two"}, KIND),
    "checkpoint_every": (
        ["--checkpoint", "one", "--checkpoint-every", "2"],
        {"checkpoint": "two", "checkpoint_every": 2},
        KIND,
    ),
    "resume": (["--checkpoint", "one", "--resume"], {"checkpoint": "one", "resume": True}, KIND),
    "seed": (["--seed", "7"], {"seed": 7}, KIND),
    "validation": (["--validation", "u.csv"], {"validation": "u.csv"}, KIND),
    "test": (["--test", "0.4"], {"test": 0.4}, KIND),
    "split_group": (
        ["--split-group", "who"], {"split_group": "who"}, {"target": "kind", "drop": ["price"]},
    ),
    "split_time": (["--split-time", "when"], {"split_time": "when"}, KIND),
    "weight": (["--weight", "w"], {"weight": "w"}, KIND),
    "class_weight": (
        ["--class-weight", "yes=3", "--class-weight", "no=0.5"],
        {"class_weight": {"yes": 3, "no": 0.5}},
        KIND,
    ),
    "target_transform": (["--target-transform", "log"], {"target_transform": "log"}, PRICE),
    "drop": (["--drop", "a", "--drop", "b"], {"drop": ["price", "who", "a", "b"]}, KIND),
    "keep": (["--keep", "id"], {"keep": ["id"]}, KIND),
    "categorical": (["--categorical", "code"], {"categorical": ["code"]}, KIND),
    "columns": (["--column", "code=category"], {"columns": {"code": "category"}}, KIND),
    "missing_words": (["--missing-words", "x"], {"missing_words": ["x"]}, KIND),
    "unreadable": (["--unreadable", "0.2"], {"unreadable": 0.2}, KIND),
    "max_categories": (["--max-categories", "2"], {"max_categories": 2}, KIND),
    "drop_missing_target": (["--drop-missing-target"], {}, PRICE),
    "compare": (["--no-compare"], {"compare": False}, KIND),
}  # fmt: skip
"""What is typed, what that is in Python, and what both have beside it."""

NO_OTHER_NUMBERS = {"metrics", "threads", "compare", "unreadable", "early_stopping", "test",
                    "keep", "task", "drop_missing_target", "target", "epochs",
                    "checkpoint", "checkpoint_every", "resume"}  # fmt: skip
"""Settings that leave the parameters of this run as they are, or are compared otherwise."""


def both(name):
    """Return a model of the command line, and one of `Model.fit`."""
    typed, given, beside = CASES[name]
    quick = {"epochs": 6, "compare": False, "hidden": (4,)}
    options = ["--target", beside["target"]]
    for column in beside["drop"]:
        options += ["--drop", column]
    if beside.get("drop_missing_target") and name != "drop_missing_target":
        options.append("--drop-missing-target")
    for one, text in (("epochs", "6"), ("hidden", "4")):
        options += [] if one in given else [f"--{one}", text]
    done = invoke("train", "t.csv", "--out", "m.safetensors", "--no-compare", *options, *typed)
    assert done.exit_code == 0, done.stderr
    fitted = cp.Model.fit("t.csv", **(quick | beside | given), progress=False)
    return cp.Model.load("m.safetensors"), fitted


@pytest.mark.parametrize("name", [name for name in CASES if name != "target"])
def test_an_option_gives_the_bits_of_the_keyword(name, here):
    one, other = both(name)
    assert one.network.sizes == other.network.sizes
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    assert one.report.rows == other.report.rows
    assert repr(one.network.loss) == repr(other.network.loss)
    if name not in NO_OTHER_NUMBERS:
        _, _, beside = CASES[name]
        plain = cp.Model.fit(
            "t.csv", **({"epochs": 6, "compare": False, "hidden": (4,)} | beside), progress=False
        )
        assert not np.array_equal(plain.network.parameters, one.network.parameters)


class TestTheTable:
    def test_every_keyword_has_its_option_or_a_reason(self):
        python = {
            *inspect.signature(cp.Model.fit).parameters,
            *inspect.signature(cp.train).parameters,
        }
        here = {one.keyword for one in SETTINGS}
        assert python - here == set(NOT_HERE)
        assert here - python == {"learning_rate", "schedule"}
        assert set(CASES) == here

    def test_every_setting_is_an_option_and_a_key(self):
        options = {option for param in train.params for option in param.opts}
        assert {f"--{one.key}" for one in SETTINGS} <= options
        own = {
            "--out",
            "--settings",
            "--save-settings",
            "--force",
            "--json",
            "--quiet",
            "--verbose",
            "--timeline",
            "--window",
            "--skip-bad",
        }
        assert options - {f"--{one.key}" for one in SETTINGS} == own | {
            "files",
            "--encoding",
            "--sheet",
        }

    def test_defaults_are_pythons(self):
        typed = {one.keyword: () if one.multiple else None for one in SETTINGS}
        assert keywords(typed) == {}


class TestNotation:
    def test_what_python_makes(self):
        assert notation.optimizer("RMSprop(alpha=0.9)") == cp.RMSprop(alpha=0.9)
        assert notation.schedule("warmup_cosine(10, final=1e-4)", 0.1) == cp.warmup_cosine(
            0.1, 10, final=1e-4
        )
        assert repr(notation.loss("quantile(0.9)")) == "quantile(q=0.9)"
        assert repr(notation.initializer("he_normal")) == repr(cp.he_normal())

    @pytest.mark.parametrize(
        ("read", "names"),
        [
            (notation.optimizer, OPTIMIZERS), (notation.loss, LOSSES),
            (notation.initializer, INITIALIZERS),
        ],
        ids=["optimizer", "loss", "initializer"],
    )  # fmt: skip
    def test_every_name_is_known(self, read, names):
        for name in names:
            assert name in repr(read(name)).lower()

    def test_every_loss_of_numbers_trains(self, here):
        with pytest.raises(cp.ArgumentError, match="poisson has no settings"):
            notation.loss("poisson(2)")
        for name in ("squared_error", "absolute_error", "huber", "quantile", "poisson"):
            done = invoke("train", "t.csv", "--target", "price", "--loss", name, "--epochs", 1,
                          "--no-compare", "--hidden", "", "--drop-missing-target", "--out", f"{name}.safetensors")  # fmt: skip
            assert done.exit_code == 0, done.stderr
            assert cp.Model.load(f"{name}.safetensors").network.loss.name == name

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("adamm", "no optimizer is called 'adamm' (did you mean 'adam'?)"),
            ("adam(", "write it as NAME or NAME(0.5, name=2)"),
            ("adam(rate=1)", "adam has the settings learning_rate, beta1, beta2, epsilon"),
            ("sgd(__import__)", "what stands in brackets is a number"),
            ("sgd(0.1)(2)", "write it as"),
            ("adam(-1)", "Adam: learning_rate is -1"),
            ("adam(0.1, 0.2, 0.3, 0.4, 0.5)", "adam has the settings"),
        ],
    )
    def test_refused(self, text, message, here):
        with pytest.raises(cp.ClearpropError, match=re.escape(message)):
            notation.optimizer(text)
        done = invoke("train", "t.csv", "--target", "kind", "--optimizer", text)
        assert done.exit_code == 2
        assert message in done.stderr

    def test_what_does_not_go_together(self, here):
        for name in ("lbfgs", "lbfgs(20)"):
            refused("takes no learning rate", "train", "t.csv", "--target", "kind",
                    "--optimizer", name, "--learning-rate", 0.1)  # fmt: skip
        refused("RProp: learning_rate is cosine", "train", "t.csv", "--target", "kind",
                "--optimizer", "rprop", "--schedule", "cosine")  # fmt: skip


TRAIN = ["train", "t.csv", "--target", "kind", "--no-compare", "--epochs", 2, "--force"]


def test_balanced_stands_alone(here):
    done = invoke(*TRAIN, "--class-weight", "balanced", "--class-weight", "yes=2")
    assert done.exit_code == 2
    assert "balanced stands alone" in done.stderr


class TestFiles:
    def test_every_setting_goes_there_and_back(self, here):
        typed = [text for case in CASES.values() if case for text in case[0]]
        args = ["t.csv", "--target", "kind", *typed]
        one = train.make_context("train", list(args)).params
        settings_file.write_settings(here / "s.toml", one)
        tomllib.loads((here / "s.toml").read_text())
        again = train.make_context("train", ["t.csv", "--settings", "s.toml"]).params
        assert {k: str(v) for k, v in again.items()} == {k: str(v) for k, v in one.items()}

    def test_by_option_by_file_and_both(self, here):
        typed = ["--hidden", "5", "--batch-size", 8, "--optimizer", "sgd", "--learning-rate", 0.1,
                 "--class-weight", "yes=2", "--column", "code=category"]  # fmt: skip
        done = invoke(*TRAIN, *typed, "--out", "a.safetensors", "--save-settings", "s.toml")
        assert done.exit_code == 0, done.stderr
        said = tomllib.loads((here / "s.toml").read_text())
        assert said == {
            "target": "kind", "hidden": [5], "optimizer": "sgd", "learning-rate": 0.1, "epochs": 2,
            "batch-size": 8, "class-weight": ["yes=2"], "column": ["code=category"],
            "compare": False,
        }  # fmt: skip
        done = invoke("train", "t.csv", "--settings", "s.toml", "--out", "b.safetensors")
        assert done.exit_code == 0, done.stderr
        first, second = (cp.Model.load(f"{name}.safetensors").network for name in "ab")
        np.testing.assert_array_equal(first.parameters, second.parameters)
        done = invoke("train", "t.csv", "--settings", "s.toml", "--hidden", 7, "--seed", 1,
                      "--out", "c.safetensors", "--save-settings", "t.toml")  # fmt: skip
        assert cp.Model.load("c.safetensors").network.sizes[1:-1] == (7,)
        assert tomllib.loads((here / "t.toml").read_text()) == said | {"hidden": [7], "seed": 1}

    def test_as_one_writes_toml(self, here):
        (here / "s.toml").write_text(
            'target = "kind"\nhidden = [6, 2]\ndrop = "price"\nvalidation = 0.2\nepochs = 2\n'
            'compare = false\n[column]\ncode = "category"\n[class-weight]\nyes = 2\nno = 0.5\n'
        )
        done = invoke("train", "t.csv", "--settings", "s.toml", "--out", "a.safetensors")
        assert done.exit_code == 0, done.stderr
        other = cp.Model.fit(
            "t.csv", "kind", hidden=[6, 2], drop=["price"], validation=0.2, epochs=2,
            compare=False, columns={"code": "category"}, class_weight={"yes": 2, "no": 0.5},
        )  # fmt: skip
        found = cp.Model.load("a.safetensors").network.parameters
        np.testing.assert_array_equal(found, other.network.parameters)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("batch-size = 'some'", "batch-size is 'some'; it must be a whole number"),
            ("early-stopping = 2.5", "early-stopping is '2.5'; it must be a whole number"),
            ("column = ['km']", "column: 'km' is not of the form NAME=HOW, such as km=number"),
            ("batch_size = 3", "sets 'batch_size', which is no setting (did you mean batch-size?)"),
            ("epochs = 0", "s.toml, epochs: 0 is not in the range x>=1"),
            ("epochs = 2.5", "s.toml, epochs: '2.5' is not a valid integer"),
            ("epochs = true", "s.toml, epochs: 'true' is not a valid integer"),
            ("compare = 1", "s.toml, compare: 1 is neither true nor false"),
            ("hidden = [[1]]", "s.toml, hidden: [1] is not one value"),
            ("hidden = [0]", "s.toml, hidden: '0' is no list of layer sizes"),
            ("seed = [1]", "s.toml, seed: [1] is not one value"),
            ("optimizer = 'adamm'", "s.toml, optimizer: no optimizer is called 'adamm'"),
            ("out = 'a'", "sets 'out', which is no setting"),
            ("validation = 0.9", "s.toml, validation: validation is 0.9; it must be"),
            ("[class-weight]\nyes = 'x'", "s.toml, class-weight: 'yes=x' is no 'balanced'"),
            (
                f"epochs = 0x{5000 * 'f'}",
                "epochs: a whole number of 6,021 digits is larger than any",
            ),
            (f"drop = [1, 0b{20_000 * '1'}]", "drop: a whole number of 6,021 digits is larger"),
            (f"[class-weight]\nyes = 0o{9000 * '7'}", "class-weight: a whole number of"),
        ],
    )
    def test_refused(self, content, message, here):
        (here / "s.toml").write_text(content)
        done = invoke("train", "t.csv", "--target", "kind", "--settings", "s.toml")
        assert done.exit_code == 2
        assert message in done.stderr.splitlines()[-1]
        assert not (here / "t.safetensors").exists()

    def test_no_toml(self, here):
        (here / "s.toml").write_text("a = = 3")
        refused("s.toml is not TOML", "train", "t.csv", "--settings", "s.toml")
        (here / "s.toml").write_bytes(b"a = '\xff'")
        refused("s.toml is not TOML", "train", "t.csv", "--settings", "s.toml")
        (here / "s.toml").write_text("a = " + "[" * 100_000)
        refused("s.toml is not TOML", "train", "t.csv", "--settings", "s.toml")
        (here / "s.toml").write_text("a = 1\n" * 400_000)
        refused("larger than", "train", "t.csv", "--settings", "s.toml")
        refused("there is no file", "train", "t.csv", "--settings", "none.toml")

    def test_a_file_that_stands_there(self, here):
        (here / "s.toml").write_text("")
        refused("exists already", *TRAIN[:-1], "--save-settings", "s.toml")
        refused("is no .toml file", *TRAIN[:-1], "--save-settings", "t.txt")
        assert not (here / "t.safetensors").exists()

    @given(
        texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=3),
        rate=st.floats(1e-300, 1e300),
        seed=st.integers(0, 2**64 - 1),
        flag=st.booleans(),
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_text_and_number_comes_back(self, texts, rate, seed, flag, tmp_path):
        given = {"drop": tuple(texts), "learning_rate": rate, "seed": seed, "compare": flag}
        one = {one.keyword: given.get(one.keyword) for one in SETTINGS} | {"target": "t\x7f\"\\'"}
        settings_file.write_settings(tmp_path / "s.toml", one)
        said = tomllib.loads((tmp_path / "s.toml").read_text(encoding="utf-8"))
        assert said.pop("drop", []) == texts
        assert said == {
            "target": "t\x7f\"\\'", "learning-rate": rate, "seed": seed, "compare": flag,
        }  # fmt: skip


class TestPrinting:
    def test_quiet(self, here):
        done = invoke(*TRAIN, "--quiet")
        assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
        assert cp.Model.load("t.safetensors").target == "kind"
        done = invoke("train", "t.csv", "--target", "knd", "--quiet", "--force")
        assert done.exit_code == 1
        assert "did you mean 'kind'" in done.stderr

    def test_verbose(self, here):
        done = invoke(*TRAIN, "--verbose", "--metric", "accuracy")
        lines = [line for line in done.stderr.splitlines() if line.startswith("epoch")]
        assert [line.split()[1] for line in lines] == ["1/2", "2/2"]
        assert all("accuracy" in line for line in lines)
        assert "Model of 'kind'" in done.stdout

    def test_verbose_in_python_is_the_same(self, here, capsys):
        seen = []
        cp.Model.fit("t.csv", "kind", epochs=3, compare=False, verbose=True,
                     callbacks=lambda epoch: seen.append(epoch.epoch))  # fmt: skip
        said = capsys.readouterr().err
        assert said.count("epoch") == 3 == len(seen)

    @pytest.mark.parametrize("other", ["--verbose", "--json"])
    def test_one_of_both(self, other, here):
        done = invoke(*TRAIN, "--quiet", other)
        assert done.exit_code == 2
        assert f"--quiet and {other}: choose one" in done.stderr


class TestFindLearningRate:
    @pytest.mark.parametrize("optimizer", ["adam", "sgd"])
    def test_what_it_prints_runs(self, optimizer, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        PENGUINS.to_csv("my penguins.csv", index=False)
        first = ["train", "my penguins.csv", "--target", "species", "--epochs", 2, "--no-compare"]
        assert invoke(*first, "--hidden", "20", "--activation", "tanh").exit_code == 0
        model = "my penguins.safetensors"
        done = invoke("find-lr", model, "my penguins.csv", "--optimizer", optimizer,
                      "--batch-size", 16)  # fmt: skip
        line = next(line for line in done.stdout.splitlines() if line.startswith("Next: "))
        command = shlex.split(line.removeprefix("Next: "))
        assert command[:3] == ["clearprop", "train", "my penguins.csv"]
        rate = float(command[command.index("--learning-rate") + 1])
        again = invoke(*command[1:], "--epochs", 3, "--no-compare")
        assert again.exit_code == 0, again.stderr
        found = cp.Model.load(command[command.index("--out") + 1])
        made = {"adam": cp.Adam, "sgd": cp.SGD}[optimizer](rate)
        other = cp.Model.fit("my penguins.csv", "species", hidden=[20], activation="tanh", epochs=3,
                             optimizer=made, batch_size=16, compare=False)  # fmt: skip
        np.testing.assert_array_equal(found.network.parameters, other.network.parameters)
        line = invoke("find-lr", model, "my penguins.csv", "--optimizer", optimizer).stdout
        assert f"--out 'my penguins-{optimizer}-2.safetensors'" in line

    def test_of_a_transformed_number(self, here):
        done = invoke("train", "t.csv", "--target", "price", "--target-transform", "log", "--loss",
                      "huber(0.5)", "--drop-missing-target", "--epochs", 2, "--no-compare",
                      "--hidden", "")  # fmt: skip
        assert done.exit_code == 0, done.stderr
        said = invoke("find-lr", "t.safetensors", "t.csv", "--drop-missing-target").stdout
        command = shlex.split(said.splitlines()[-1].removeprefix("Next: "))
        assert invoke(*command[1:], "--epochs", 2, "--no-compare").exit_code == 0
        again = cp.Model.load("t-adam.safetensors")
        assert repr(again.network.loss) == "huber(threshold=0.5)"
        assert again.target_transform == "log"

    def test_of_quantiles(self, here):
        done = invoke("train", "t.csv", "--target", "price", "--quantiles", "0.1,0.5,0.9",
                      "--drop-missing-target", "--epochs", 2, "--no-compare", "--hidden", "")  # fmt: skip
        assert done.exit_code == 0, done.stderr
        said = invoke("find-lr", "t.safetensors", "t.csv", "--drop-missing-target").stdout
        command = shlex.split(said.splitlines()[-1].removeprefix("Next: "))
        again = invoke(*command[1:], "--epochs", 2, "--no-compare")
        assert again.exit_code == 0, again.stderr
        assert cp.Model.load("t-adam.safetensors").quantiles == (0.1, 0.5, 0.9)
