"""The guide of CONTRIBUTING.md names every table, and each that is left out is a named error."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import clearprop as cp
import derivation_cases
import extension
from clearprop.errors import MissingPieceError
from clearprop.losses import LOSSES
from clearprop.optimizers import LBFGS, OPTIMIZERS
from extension import PIECES
from oracles import bits, every_option, pytorch

GUIDE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def guided(title: str) -> list[extension.Table]:
    """The tables of src that a section of the guide names, in its order."""
    section = GUIDE.partition(f"### {title}\n")[2].partition("\n#")[0]
    found = []
    for table, path in re.findall(r"`(\w+)` in \[`[^`]+`\]\(src/([^)]+)\.py\)", section):
        found.append((path.replace("/", ".").removesuffix(".__init__"), table))
    return found


@pytest.mark.parametrize("title", PIECES)
def test_the_guide_names_these_tables_and_no_others(title):
    assert guided(title) == list(PIECES[title]())


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        ("oracles/pytorch.py", pytorch.optimizer_cases().values()),
        ("oracles/bits.py", bits.OPTIMIZERS.values()),
        ("oracles/every_option.py", every_option.RULES.values()),
        ("derivation_cases.py", derivation_cases.OPTIMIZERS),
    ],
)
def test_every_optimizer_is_in_the_tests_that_the_guide_names(file, rules):
    assert f"(tests/{file})" in GUIDE.partition("### An optimizer\n")[2].partition("\n#")[0]
    assert {type(rule) for rule in rules} == set(OPTIMIZERS.values()) - {LBFGS}


def test_what_is_made_with_settings_is_public():
    makers = {one.maker for one in LOSSES.values()} - {None}
    for made in (*OPTIMIZERS.values(), *makers):
        assert made.__name__ in cp.__all__, f"{made.__name__}: add it to __all__ in __init__.py"
        assert getattr(cp, made.__name__) is made


def use_activation(name):
    network = cp.Network([2, 3, 1], activations=name, output="identity")
    return {
        "predict": lambda: network.predict([[0.1, 0.2]]),
        "train": lambda: cp.train(network, [[0.1, 0.2]], [1.0], epochs=1, progress=False),
        "to_c": lambda: network.to_c(),
        "to_onnx": lambda: network.to_onnx(),
        "to_torch": lambda: network.to_torch(),
        "explain": lambda: cp.explain(network, [0.1, 0.2], 1.0, "W1[0,0]"),
    }


def use_loss(name):
    network = cp.Network([2, 3, 1], output="identity", loss=name)
    return {
        "train": lambda: cp.train(network, [[0.1, 0.2]], [1.0], epochs=1, progress=False),
        "explain": lambda: cp.explain(network, [0.1, 0.2], 1.0, "W1[0,0]"),
    }


def use_optimizer(name):
    network = cp.Network([2, 3, 1], output="identity")
    return {
        "train": lambda: cp.train(
            network, [[0.1, 0.2]], [1.0], optimizer=name, epochs=1, progress=False
        ),
        "explain": lambda: cp.explain(network, [0.1, 0.2], 1.0, "W1[0,0]", optimizer=name),
    }


class Unfinished(extension.AdaGrad):
    pass


@pytest.mark.usefixtures("own_cache")
class TestLeftOut:
    """What is left out is said, with its table and file, by what needs it; the rest works."""

    @pytest.mark.parametrize(
        ("make", "use", "left_out", "failing", "message"),
        [
            (extension.activation, use_activation, "PAIRS", {"predict", "train"},
             "activation 'unfinished' has no kernel: add it to PAIRS in "
             "engine/kernels/activations.py"),
            (extension.activation, use_activation, "EXPORTS", {"to_c", "to_onnx", "to_torch"},
             "activation 'unfinished' has no form for exports: add it to EXPORTS in "
             "export/activations.py"),
            (extension.activation, use_activation, "SLOPES", {"explain"},
             "activation 'unfinished' has no formula of its slope: add it to SLOPES in "
             "explaining/derivation/formulas.py"),
            (extension.loss, use_loss, "PAIRS", {"train"},
             "loss 'unfinished' has no kernel: add it to PAIRS in engine/kernels/losses.py"),
            (extension.loss, use_loss, "COSTS", {"explain"},
             "loss 'unfinished' has no formulas: add it to COSTS in "
             "explaining/derivation/formulas.py"),
            (lambda name: extension.optimizer(name, Unfinished), use_optimizer, "RULES", {"train"},
             "optimizer 'unfinished' has no kernel: add it to RULES in "
             "engine/kernels/optimizers.py"),
            (lambda name: extension.optimizer(name, Unfinished), use_optimizer,
             "clearprop.engine.functions", {"train"},
             "optimizer Unfinished has no kernel: add it to OPTIMIZERS in engine/functions.py"),
            (lambda name: extension.optimizer(name, Unfinished), use_optimizer, "STEPS",
             {"explain"}, "optimizer Unfinished has no equations of its step: add it to STEPS in "
             "explaining/derivation/optimizer_steps.py"),
        ],
    )  # fmt: skip
    def test_by_what_needs_it(self, make, use, left_out, failing, message):
        unfinished = f"unfinished_{left_out.rpartition('.')[2].lower()}"  # no kernel stays behind
        message = message.replace("'unfinished'", f"'{unfinished}'")
        pieces = make(unfinished)
        (but,) = [table for table in pieces if left_out in table]
        with extension.added(pieces, but=but):
            for name, call in use(unfinished).items():
                if name == "to_onnx" and not find_spec("onnx"):
                    continue
                if name == "to_torch" and not find_spec("torch"):
                    continue
                if name not in failing:
                    call()
                    continue
                with pytest.raises(MissingPieceError) as caught:
                    call()
                assert str(caught.value) == message
                assert "\n" not in message
                path = message.rpartition(" in ")[2]
                assert (Path(cp.__file__).parent / path).exists()

    def test_the_form_of_a_loss_with_an_output(self):
        pieces = extension.fused(extension.loss("unfinished"), "identity")
        with extension.added(pieces):
            calls = use_loss("unfinished")
            with pytest.raises(
                MissingPieceError, match=r"'unfinished-identity' has no kernel: .*PAIRS"
            ):
                calls["train"]()
            with pytest.raises(
                MissingPieceError, match="no formula of delta after identity: .*COSTS"
            ):
                calls["explain"]()

    @pytest.mark.parametrize("title", PIECES)
    def test_without_its_first_entry_there_is_none(self, title):
        pieces = PIECES[title]("unfinished")
        use = {"An activation": use_activation, "A loss": use_loss, "An optimizer": use_optimizer}
        with extension.added(pieces, but=next(iter(pieces))), pytest.raises(cp.UnknownNameError):
            use[title]("unfinished")["train"]()
