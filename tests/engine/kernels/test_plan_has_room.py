"""The numbers of a plan are laid out by hand: none may lie where others begin."""

from clearprop.engine.kernels import plan as P


def test_the_numbers_of_a_run_end_before_the_table_of_layers():
    assert next(P._run) <= P.TABLE


def test_the_numbers_of_a_layer_end_before_the_next_ones():
    assert next(P._layer) <= P.STRIDE


def test_the_numbers_of_an_update_end_before_those_of_biases():
    assert P.U_L2_WHOLE < P.UPDATE_SIZE
