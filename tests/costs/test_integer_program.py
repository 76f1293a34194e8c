"""The integer program is solved exactly, and fails loudly."""

import pytest
from scipy import optimize

from ntaa_tf.costs.integer_program import ONE
from ntaa_tf.costs.integer_program import IntegerProgram
from ntaa_tf.costs.integer_program import add_up


def make_knapsack():
    """Three things of sizes 3, 4 and 5, of which 7 fit."""
    program = IntegerProgram()
    things = [program.add_variable(1) for _ in range(3)]
    program.add_row(dict(zip(things, (3, 4, 5), strict=True)), upper=7)
    values = dict(zip(things, (-30, -40, -60), strict=True))
    return program, things, values


def test_the_optimum_is_whole_and_its_relaxation_is_not():
    program, things, values = make_knapsack()
    assert list(program.minimize(values)[things].round(6)) == [1, 1, 0]
    relaxed = program.minimize(values, relaxed=True)[things]
    assert list(relaxed.round(6)) == [0, 0.5, 1]


def test_rows_of_one_call_are_gone_in_the_next():
    program, things, values = make_knapsack()
    only_last = program.minimize(values, [({things[0]: 1}, 0, 0)])[things]
    assert list(only_last.round(6)) == [0, 0, 1]
    assert list(program.minimize(values)[things].round(6)) == [1, 1, 0]


def test_one_is_a_constant():
    program = IntegerProgram()
    x = program.add_variable(9)
    program.add_row({x: 1, ONE: -4}, lower=0)
    assert program.minimize({x: 1})[x] == pytest.approx(4)


def test_nothing_that_fits_is_none():
    program, things, values = make_knapsack()
    assert program.minimize(values, [({things[0]: 1}, 2, 2)]) is None


def test_a_solver_that_gives_up_is_an_error(monkeypatch):
    def give_up(*args, **kwargs):
        return optimize.OptimizeResult(
            status=1, success=False, message="Time limit reached.", x=None
        )

    program, _, values = make_knapsack()
    monkeypatch.setattr(optimize, "milp", give_up)
    with pytest.raises(RuntimeError, match="status 1, Time limit"):
        program.minimize(values)


def test_terms_of_a_variable_add_up():
    assert add_up([(1, 2), (2, 1), (1, 3)]) == {1: 5, 2: 1}
