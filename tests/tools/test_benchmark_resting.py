"""The layers before the first site are timed beside a search step."""

import json

import keras
import numpy as np
import pytest
from benchmarks import resting
from benchmarks.setting import Setting

from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.search.insert import insert_mixed_ops


@pytest.fixture
def setting(source_file):
    return Setting(source_file, 8, 2)


@pytest.mark.long
def test_both_steps_and_the_layers_before_the_first_site_are_timed(setting):
    report = resting.run([setting], ["last:1"], rounds=2)
    (row,) = report.results
    assert row["sites"] == "last:1"
    assert len(row["timings"]) == 3
    assert row["task/search"] > 0
    assert row["constant/task"] > 0
    assert "before the first site" in report.text
    json.dumps(report.results)


def test_the_layers_before_the_first_site_compute_the_source(setting):
    source = rewrite(setting.build_source())
    supernet = insert_mixed_ops(source, sites="last:1")
    site = supernet.choices[0].name
    before = keras.Model(source.input, source.get_layer(site).input)
    images = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3))
    np.testing.assert_allclose(
        resting.make_prefix(setting, supernet)(), before(images), rtol=1e-4
    )
