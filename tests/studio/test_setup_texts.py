"""What of an address is no setup, and says so."""

from __future__ import annotations

import pytest

import clearprop as cp
from clearprop.errors import ArgumentError
from clearprop.studio.setup import Setup


@pytest.mark.parametrize(
    "edit", ["W1[0,0]=1", "x:W1[0,0]=1", "3:=1", "3:W1[0,0]", "3:W1[0,0]=much"]
)
def test_an_edit_that_is_none(edit):
    with pytest.raises(ArgumentError, match="write it as 12:W1"):
        Setup(edit=edit).edits()


def test_an_edit_beyond_all_numbers_or_before_the_run():
    with pytest.raises(ArgumentError, match="edit"):
        Setup(edit="-1:W1[0,0]=1").edits()


def test_edits_come_in_the_order_of_their_steps():
    assert Setup(edit="12:W1[0,0]=0.5;3:x[1,0]=-2").edits() == [
        (3, "x[1,0]", -2.0), (12, "W1[0,0]", 0.5)
    ]  # fmt: skip


class Own:
    """An optimizer of a user's own, no dataclass."""

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        parameters -= gradient


def test_an_optimizer_of_ones_own_has_no_rate_of_the_address():
    own = Own()
    assert Setup().rule(own) is own
    setup = Setup(rate=0.1)
    with pytest.raises(ArgumentError, match="Own is a class of your own: leave the rate out"):
        setup.rule(own)
    assert Setup(optimizer="adam", rate=0.1).rule(own) == cp.Adam(0.1)
