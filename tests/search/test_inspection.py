import re

from search.small_models import make_convnext
from search.small_models import make_grouped
from search.small_models import make_residual

from ntaa_tf import insert_mixed_ops
from ntaa_tf.search.inspection import describe_search


def describe(model):
    memory = 3 * 2**20, 5000 * 2**20
    return describe_search(model, insert_mixed_ops(model), 8, memory)


def test_every_convolution_is_listed_with_its_candidates_or_a_reason():
    text = describe(make_residual())
    assert re.search(r"^stem .*no site: stem$", text, re.M)
    assert re.search(r"^shortcut .*no site: shortcut$", text, re.M)
    assert re.search(r"^first .*source, conv5x5, conv1x1, max_pool", text, re.M)
    assert re.search(r"^second .*source, separable5x5", text, re.M)


def test_what_no_candidate_fits_says_why():
    text = describe(make_grouped())
    assert re.search(r"^grouped .*no site: 2 groups of 8 channels$", text, re.M)


def test_dense_layers_of_maps_stand_where_they_are_and_are_no_sites():
    lines = describe(make_convnext()).splitlines()
    rows = [line.split("  ")[0] for line in lines[1 : lines.index("")]]
    first = rows.index("convnext_stage_0_block_0_depthwise_conv")
    assert rows[first + 1] == "convnext_stage_0_block_0_pointwise_conv_1"
    assert re.search(
        r" 1×1 +8→32 +8×8 +no site: dense layer$", lines[first + 2]
    )


def test_costs_stand_beside_the_source_s():
    model = make_residual()
    text = describe(model)
    assert re.search(r"^sites +4$", text, re.M)
    assert re.search(rf"^parameters +{model.count_params():,} → ", text, re.M)
    source, supernet = re.search(r"MACs +([\d,]+) → ([\d,]+)", text).groups()
    assert int(supernet.replace(",", "")) > int(source.replace(",", ""))
    assert re.search(r"^memory +3 → 5,000 MiB at batch 8 ", text, re.M)
