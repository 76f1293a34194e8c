import pytest
from benchmarks import pipeline
from benchmarks.measure import Timing
from benchmarks.setting import Setting

from ntaa_tf import data


@pytest.fixture(scope="module")
def raw():
    return data.open_dataset("digits5to9")


def test_every_augmentation_is_measured(source_file, raw, monkeypatch):
    monkeypatch.setattr(data, "AUGMENTATIONS", ["none", "standard"])
    monkeypatch.setattr(pipeline, "BATCHES_A_CALL", 2)
    result = pipeline.measure(Setting(source_file, 8, 4), raw, rounds=2)
    assert list(result["pipelines"]) == ["none", "standard"]
    for measured in result["pipelines"].values():
        assert measured["images_per_second"] > 0
        assert measured["cpu_seconds_per_batch"] > 0
    assert result["dataset"] == "digits5to9"
    assert len(result["step"]["wall_seconds"]) == 2


def test_throughput_and_need_follow_from_the_seconds(
    source_file, raw, monkeypatch
):
    def answer(calls, rounds):
        seconds = 0.5 if "step" in calls else 2.0
        return {name: Timing([seconds], [seconds]) for name in calls}

    monkeypatch.setattr(pipeline, "time_in_turn", answer)
    monkeypatch.setattr(data, "AUGMENTATIONS", ["none"])
    result = pipeline.measure(Setting(source_file, 8, 4), raw, rounds=1)
    assert result["images_per_second_needed"] == 8
    assert result["pipelines"]["none"] == {
        "images_per_second": 40,  # Twenty batches of four in two seconds.
        "cpu_seconds_per_batch": 0.1,
    }
    row = "| tiny, 8, 4 | none | 40 | 8 | 5 | 0.2 |"
    assert row in pipeline.describe([result])


def test_one_pull_takes_twenty_batches(raw, monkeypatch):
    taken = []
    monkeypatch.setattr(
        data, "training_batches", lambda *_, **__: map(taken.append, range(99))
    )
    pipeline.make_pull(data.prepare_images(raw, 8), 4, "none")()
    assert taken == list(range(20))
