"""The typed metrics of a run keep every key of the file."""

import copy
import json

import pytest

from ntaa_tf.storage.run_metrics import RunMetrics
from ntaa_tf.storage.run_metrics import read_run_metrics
from ntaa_tf.storage.run_metrics import write_run_metrics

# As a run of `recipes/embedded.flags` wrote it.
PLAIN = {
    "parameters": 56869,
    "macs": 2785520,
    "depth": 8,
    "activations": 67893,
    "latency_ms": {"1": 1.6309064999973089, "32": 7.946798999967086},
    "test_accuracy": 0.9888268156424581,
    "validation_accuracy": 0.9861111111111112,
    "test_error": 1.1173184357541888,
}
DIFFERENCE = {
    "difference": 0.0055,
    "low": -0.012,
    "high": 0.023,
    "standard_error": 0.0089,
    "p": 1.0,
    "examples": 179,
}
WRITTEN = {
    "version": 2,
    "verdict": {
        "outcome": "no different",
        "sentence": "NTAA: no different from plain finetuning.",
        "warnings": ["The choice rests on 72 validation images."],
    },
    "dataset": "digits5to9",
    "model": "digits0to4",
    "method": "ntaa",
    "score": "accuracy",
    "data": {
        "train_images": 645,
        "validation_images": 72,
        "test_images": 179,
        "largest_class": 0.2,
    },
    "source": {
        "parameters": 56869,
        "macs": 2785520,
        "depth": 8,
        "activations": 67893,
        "latency_ms": {"1": 1.6381929999909062, "32": 8.668169500026579},
    },
    "baseline": PLAIN,
    "collapsed": {"test_accuracy": 0.994413407821229},
    "searched": {
        "parameters": 151077,
        "macs": 7438576,
        "depth": 8,
        "activations": 67893,
        "latency_ms": {"1": 1.7692104999866842, "32": 13.257994500008863},
        "test_accuracy": 0.994413407821229,
        "validation_accuracy": 0.9861111111111112,
        "test_error": 0.5586592178770999,
    },
    "adapted": PLAIN,
    "difference": DIFFERENCE,
    "hand_over": {
        "handed_over": "baseline",
        "reason": "the other network is not better beyond chance",
        "is_measured": True,
        "difference": {**DIFFERENCE, "examples": 72},
        "seconds": 1.5,
        "split": "validation",
    },
    "gap": {
        "supernet": 0.9861111111111112,
        "argmax": 0.9861111111111112,
        "proven": 0.9722222222222222,
    },
    "judgements": [
        {
            "choice": "stage3_1_conv",
            "option": "conv5x5",
            "gain": 0.0024452109180437,
            "low": -0.0013448535148896,
            "price": 0.0005054961236079,
            "stays": False,
        },
    ],
    "collapse_difference": 0.0,
    "export_difference": 1.8408083235499362e-07,
    "exports": {
        "keras": {
            "file": "adapted.keras",
            "bytes": 721530,
            "milliseconds": 2.0573550000051455,
            "difference": 1.8408083235499362e-07,
            "agreement": 1.0,
        },
    },
    "seconds": {"source": 19.27, "baseline": 32.16, "search": 42.72},
    "peak_memory_mib": 882,
    "seed": 0,
    "versions": {"ntaa-tf": "0.1.0", "keras": "3.15.1"},
}
COMPARED = ("baseline", "searched", "difference", "hand_over")
OPTIONAL = (*COMPARED, "collapsed", "verdict", "data", "gap", "judgements")


def with_choices(metrics):
    """Add a budget and tuning, in the order of the file."""
    first = {
        key: metrics[key]
        for key in list(metrics)[: list(metrics).index("export_difference")]
    }
    scores = {"0.02": 0.9, "0.05": 0.8}
    return {
        **first,
        "gap": {"supernet": 0.5, "argmax": 0.5, "budget": 0.25},
        "target_labels": 12,
        "budget": {
            "macs": {"source": 9, "limit": 5, "derived": 4, "measured": 4},
            "weight_free": {"source": 0, "limit": 2.5, "derived": 3},
        },
        "tune": {
            "learning_rate": 0.02,
            "validation_accuracy": scores,
            "other_seconds": 8.5,
            "seconds": 20.0,
        },
        **{key: metrics[key] for key in metrics if key not in first},
    }


def of_retrieval(metrics):
    """Replace accuracy by the scores and settings of retrieval."""
    shares = {"test_map": 0.5, "test_rank1": 0.7, "test_map_reranked": 0.6}
    names = ("version", "verdict", "dataset", "model", "method")
    first = {name: metrics[name] for name in names}
    return {
        **first,
        "score": "map",
        "distance": "euclidean, of embeddings of length 1",
        "average_precision": "rectangular",
        "flip_test": False,
        **{
            key: metrics[key] for key in metrics if key not in (*first, "score")
        },
        "source": {**metrics["source"], **shares, "test_skipped_queries": 3},
    }


def of_attributes(metrics):
    """Add the scores of single attributes."""
    adapted = metrics["adapted"]
    ages = {"test_age_accuracy": 0.4, "test_age_one_off": 0.8}
    scores = {"test_accuracy": adapted["test_accuracy"], **ages}
    costs = {k: adapted[k] for k in list(adapted)[:5]}
    rest = {k: adapted[k] for k in list(adapted)[6:]}
    return {**metrics, "adapted": {**costs, **scores, **rest}}


def with_failures(metrics):
    """Let no exact format be opened."""
    exports = {
        "keras": {"file": "a.keras", "bytes": 3, "failure": "can't be opened"},
        "onnx": {**metrics["exports"]["keras"], "failure": "differs"},
    }
    return {**metrics, "export_difference": None, "exports": exports}


def without_search(metrics):
    return {key: metrics[key] for key in metrics if key not in OPTIONAL}


def without_baseline(metrics):
    """Judge a run that compares with nothing, as --method=finetune."""
    verdict = {"sentence": "Finetuning: 98.9 %.", "warnings": []}
    kept = {key: metrics[key] for key in metrics if key not in COMPARED}
    return {**kept, "verdict": verdict}


@pytest.mark.parametrize(
    "change",
    [
        copy.deepcopy,
        with_choices,
        of_retrieval,
        of_attributes,
        with_failures,
        without_search,
        without_baseline,
    ],
)
def test_a_file_stays_the_same_byte_for_byte(change, tmp_path):
    written = json.dumps(change(WRITTEN), indent=2) + "\n"
    (tmp_path / "metrics.json").write_text(written)
    metrics = read_run_metrics(tmp_path)
    write_run_metrics(tmp_path, metrics)
    assert (tmp_path / "metrics.json").read_text() == written


def test_entries_are_typed():
    metrics = RunMetrics.from_json(with_choices(WRITTEN))
    assert metrics.searched.costs.latency_ms["32"] == 13.257994500008863
    assert metrics.searched.test == {"accuracy": 0.994413407821229}
    assert metrics.searched.validation == {"accuracy": 0.9861111111111112}
    assert metrics.searched.test_error == 0.5586592178770999
    assert metrics.collapsed.costs is None
    assert metrics.adapted == metrics.baseline
    assert metrics.tune.validation["accuracy"]["0.05"] == 0.8
    assert metrics.hand_over.difference.examples == 72
    assert metrics.verdict.outcome == "no different"
    assert metrics.budget["weight_free"].measured is None
    assert metrics.conditions is None


def test_models_are_in_the_order_of_the_result_table():
    models = RunMetrics.from_json(WRITTEN).models
    assert list(models) == ["source", "baseline", "collapsed", "searched"]
    models = RunMetrics.from_json(without_search(WRITTEN)).models
    assert list(models) == ["source", "adapted"]


@pytest.mark.parametrize("version", [None, 1, 3])
def test_metrics_of_another_version_are_told_apart(version, tmp_path):
    written = {**WRITTEN, "version": version}
    if version is None:
        del written["version"]
    (tmp_path / "metrics.json").write_text(json.dumps(written))
    with pytest.raises(ValueError, match="another version of ntaa_tf"):
        read_run_metrics(tmp_path)


def test_failed_exports_are_listed_with_their_reasons():
    assert RunMetrics.from_json(WRITTEN).export_failures == {}
    assert RunMetrics.from_json(with_failures(WRITTEN)).export_failures == {
        "keras": "can't be opened",
        "onnx": "differs",
    }


def test_unknown_keys_of_a_later_version_are_ignored():
    later = WRITTEN | {"more": 1, "source": WRITTEN["source"] | {"more": 1}}
    assert RunMetrics.from_json(later).to_json() == WRITTEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 2}',
        '{"version": 2, "source": 1}',
        '{"version": 2, "exports": []}',
    ],
)
def test_a_damaged_file_is_named_with_a_remedy(text, tmp_path):
    (tmp_path / "metrics.json").write_text(text)
    with pytest.raises(ValueError, match=r"metrics\.json.*Delete it to have"):
        read_run_metrics(tmp_path)


def test_a_missing_entry_is_named(tmp_path):
    rest = {key: WRITTEN[key] for key in WRITTEN if key != "adapted"}
    (tmp_path / "metrics.json").write_text(json.dumps(rest))
    with pytest.raises(ValueError, match="'adapted'"):
        read_run_metrics(tmp_path)
