import re

from search.small_models import make_grouped
from search.small_models import make_residual

from ntaa_tf import insert_mixed_ops
from ntaa_tf.search.inspection import describe_search
from ntaa_tf.search.inspection import estimate_memory


def describe(model):
    return describe_search(model, insert_mixed_ops(model), batch_size=8)


def test_every_convolution_is_listed_with_its_candidates_or_a_reason():
    text = describe(make_residual())
    assert re.search(r"^stem .*no site: stem$", text, re.M)
    assert re.search(r"^shortcut .*no site: shortcut$", text, re.M)
    assert re.search(r"^first .*source, conv5x5, conv1x1, max_pool", text, re.M)
    assert re.search(r"^second .*source, separable5x5", text, re.M)


def test_what_no_candidate_fits_says_why():
    text = describe(make_grouped())
    assert re.search(r"^grouped .*no site: 2 groups of 8 channels$", text, re.M)


def test_costs_stand_beside_the_source_s():
    model = make_residual()
    text = describe(model)
    assert re.search(r"^sites +4$", text, re.M)
    assert re.search(rf"^parameters +{model.count_params():,} → ", text, re.M)
    source, supernet = re.search(r"MACs +([\d,]+) → ([\d,]+)", text).groups()
    assert int(supernet.replace(",", "")) > int(source.replace(",", ""))


def test_memory_grows_with_the_batch():
    model = make_residual()
    few, many = estimate_memory(model, 1), estimate_memory(model, 100)
    assert many > few > 4 * model.count_params()
    assert estimate_memory(insert_mixed_ops(model), 8) > estimate_memory(
        model, 8
    )
