"""Tables and words say what the runs measured, no more."""

import json
from dataclasses import replace

import numpy as np
import pytest
from measured import COSTS
from measured import make_metrics

from ntaa_tf.compare.plot import draw_comparison
from ntaa_tf.compare.results import COLUMNS
from ntaa_tf.compare.results import ERROR
from ntaa_tf.compare.results import SUPERNET
from ntaa_tf.compare.results import compare
from ntaa_tf.compare.results import describe_runs
from ntaa_tf.compare.results import list_columns
from ntaa_tf.compare.results import read_columns
from ntaa_tf.compare.results import to_json
from ntaa_tf.compare.results import write_sentences

SECONDS = {"search": 100.0, "transfer": 5.0, "finetune": 50.0}
ADAPTED = COSTS | {"test_error": 12.5}
METRICS = make_metrics(adapted=ADAPTED, seconds=SECONDS)


def make_table(**errors):
    columns = dict.fromkeys(COLUMNS, 1.0)
    return {
        name: {seed: {**columns, ERROR: error} for seed, error in enumerate(of)}
        for name, of in errors.items()
    }


def test_a_run_s_columns_are_in_their_units():
    columns = read_columns(METRICS)
    assert columns[ERROR] == 12.5
    assert columns["parameters, k"] == pytest.approx(271)
    assert columns["MACs, M"] == pytest.approx(40.6)
    assert columns["batch 1, ms"] == 1.5
    assert (columns["search, s"], columns["training, s"]) == (100, 55)


def test_a_supernet_for_all_tasks_has_a_column_where_there_is_one():
    seconds = {**SECONDS, "supernet": 700.0}
    own = read_columns(replace(METRICS, seconds=seconds))
    # The search of a task is another matter.
    assert (own[SUPERNET], own["search, s"]) == (700, 100)
    table = {"ntaa": {0: read_columns(METRICS)}, "unsupervised": {0: own}}
    rows = [row[-1] for row in describe_runs(table)]
    assert list_columns(table)[-1] == SUPERNET
    assert rows == ["0", "700"]
    assert SUPERNET not in list_columns({"ntaa": table["ntaa"]})


def test_a_row_has_mean_and_sample_deviation():
    table = make_table(ntaa=[1.0, 2.0, 3.0], once=[4.0])
    (name, runs, error, *others), (_, _, alone, *_) = describe_runs(table)
    assert (name, runs, error) == ("ntaa", "3", "2 ± 1")
    assert set(others) == {"1"}
    assert alone == "4"


def test_large_numbers_have_all_their_digits():
    table = make_table(resnet=[25_557.4, 25_857.0, 25_207.6])
    assert describe_runs(table)[0][2] == "25,541 ± 325"


def test_equal_errors_are_no_difference():
    table = make_table(finetune=[3.0, 3.0], ntaa=[3.0, 3.0], other=[4.0, 4.0])
    *_, ntaa, other = write_sentences(
        table, "finetune", compare(table, "finetune")
    )
    assert ntaa.startswith("ntaa against finetune: equal mean errors. It can't")
    assert "finetune: error 1.00 points higher. It can't be tested" in other
    assert "with 2 pairs of runs that do not vary" in other
    one = make_table(finetune=[3.0], ntaa=[4.0])
    (said,) = write_sentences(one, "finetune", compare(one, "finetune"))
    assert "higher. It can't be tested with one pair of runs." in said


def test_attributes_have_columns_of_their_own():
    scores = {"test_accuracy": 0.5, "test_age_accuracy": 0.25}
    scores |= {"test_age_one_off": 0.75, "validation_accuracy": 0.125}
    columns = read_columns(make_metrics(adapted=ADAPTED | scores))
    assert list(columns) == [*COLUMNS, "age, %", "age 1-off, %"]
    assert (columns["age, %"], columns["age 1-off, %"]) == (25, 75)


def test_retrieval_has_columns_of_its_own():
    measured = {"test_map": 0.6, "test_rank1": 0.8, "test_map_reranked": 0.7}
    metrics = make_metrics(adapted=ADAPTED | measured, seconds=SECONDS)
    columns = read_columns(metrics)
    assert columns["mAP, %"] == pytest.approx(60)
    assert columns["re-ranked mAP, %"] == pytest.approx(70)
    table = {"ntaa": {0: columns}}
    assert list_columns(table)[-3:] == [
        *("mAP, %", "rank 1, %", "re-ranked mAP, %")
    ]
    assert describe_runs(table)[0][-3:] == ("60", "80", "70")
    assert list_columns(make_table(ntaa=[1.0])) == list(COLUMNS)


def test_words_tell_what_is_significant():
    better, worse = [1.0, 1.1, 0.9, 1.05], [3.0, 3.2, 2.9, 3.1]
    table = make_table(finetune=worse, ntaa=better, same=[3.0, 3.1, 3.0, 3.1])
    anova, ntaa, same = write_sentences(
        table, "finetune", compare(table, "finetune")
    )
    assert "differ significantly" in anova
    assert "F(2, 9)" in anova
    assert ntaa.startswith("ntaa: error significantly lower than that of")
    assert same.startswith("same: no significant difference from finetune")


def test_only_runs_of_one_seed_are_compared():
    table = make_table(finetune=[3.0, 4.0, 5.0], ntaa=[1.0, 2.5])
    compared = compare(table, "finetune")["ntaa"]
    assert compared.count == 2
    assert compared.difference == pytest.approx(-1.75)


def test_one_run_of_each_claims_nothing():
    table = make_table(finetune=[3.0], ntaa=[1.0])
    (sentence,) = write_sentences(table, "finetune", compare(table, "finetune"))
    assert "can't be tested" in sentence


def test_all_of_it_is_json():
    table = make_table(finetune=[3.0], ntaa=[1.0])
    kept = to_json(table, "finetune", compare(table, "finetune"))
    text = json.dumps(kept, allow_nan=False)
    assert json.loads(text)["comparisons"]["ntaa"]["p"] is None


def test_every_run_is_a_dot():
    table = make_table(finetune=[3.0, 4.0], ntaa=[1.0, 2.0])
    (axes,) = draw_comparison(table).axes
    dots = [c.get_offsets() for c in axes.collections]
    assert [len(offsets) for offsets in dots] == [2, 1, 2, 1]
    np.testing.assert_allclose(dots[2][:, 1], [1.0, 2.0])
    np.testing.assert_allclose(dots[3], [[1.0, 1.5]])


def test_a_line_joins_plain_finetuning_at_several_image_sizes():
    table = make_table(finetune_96px=[2.0], ntaa=[1.0], finetune=[4.0])
    (axes,) = draw_comparison(table).axes
    (line,) = axes.lines
    assert sorted(line.get_ydata()) == [2.0, 4.0]


def test_a_single_image_size_has_no_line():
    table = make_table(finetune=[3.0], ntaa=[1.0])
    (axes,) = draw_comparison(table).axes
    assert not axes.lines
