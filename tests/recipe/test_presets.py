"""A preset sets choices that stay visible; a flag beside it wins."""

import pytest

from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe.presets import PAPER
from ntaa_tf.recipe.presets import PRESETS


def test_the_paper_s_search_has_nothing_of_ours():
    recipe = make_recipe(preset=PAPER)
    assert recipe.to_dict().items() >= PRESETS[PAPER].items()
    assert recipe.search.start == recipe.search.end == "paper"
    assert recipe.search.source_penalty == 1e-4
    assert recipe.search.warm_up == 0
    assert not recipe.search.price
    assert not recipe.one_cosine


def test_a_flag_beside_a_preset_wins():
    recipe = make_recipe(preset=PAPER, skip_inputs=1)
    assert recipe.search.skip_inputs == 1
    assert recipe.search.candidates == "ntaa_dense"


@pytest.mark.parametrize(
    "method", ["finetune", "darts", "spos", "unsupervised"]
)
def test_a_preset_is_in_no_method_s_way(method):
    assert make_recipe(preset=PAPER, method=method)
