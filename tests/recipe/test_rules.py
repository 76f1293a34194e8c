"""Choices that contradict one another are refused, with what to do."""

import pytest

from ntaa_tf.recipe import make_recipe

FACES = {"dataset": "adience", "image_size": "16", "resize": "20"}
CELLS = {"model": "autoreid", "method": "random"}
DOMAINS = {"method": "bilevel", "source_dataset": "digits0to4"}
UNSUPERVISED = {"method": "unsupervised", "supernet": "super"}


def refuse(choices, message):
    with pytest.raises(ValueError, match=message):
        make_recipe(**choices)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"method": "retrain"}, "--method=retrain needs --architecture"),
        ({"architecture": "x.json"}, "--architecture is used only with --meth"),
        ({"method": "spos+transfer"}, "needs --transfer_dataset"),
        ({"transfer_dataset": "digits"}, "--transfer_dataset is used only"),
        ({"method": "bilevel"}, "--method=bilevel needs --source_dataset"),
        (
            {
                "method": "scratch",
                "derived_weights": "transfer",
                "transfer_dataset": "digits",
            },
            "--derived_weights=transfer can't be used with --method=scratch",
        ),
    ],
)
def test_a_method_gets_what_it_needs_and_nothing_else(choices, message):
    refuse(choices, message)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"method": "finetune", "max_macs": "1x"}, "--max_macs is used only"),
        (
            {"keep": "best", "finetune_epochs": 0},
            "--keep=best needs epochs .* --finetune_epochs=0 leaves none",
        ),
        (
            {"task": "retrieval", "class_weights": "balanced"},
            "--class_weights=balanced can't be used with --task=retrieval",
        ),
        ({"method": "darts", "relaxation": "single_path"}, "no logits"),
        ({"method": "spos", "relaxation": "gumbel"}, "draws single paths"),
        ({"method": "finetune", "tolerance": 1.0}, "--tolerance is used only"),
        ({"baseline": False, "hand_over": "searched"}, "--hand_over is used"),
        ({"hand_over": "searched", "tolerance": 1.0}, "--tolerance is used"),
        ({"unrolled": True}, "--unrolled is used only with --method=darts"),
        (
            {"method": "random", "scale_weight_free": True},
            "--scale_weight_free is used only with a method that trains",
        ),
        (
            {
                "method": "darts",
                "unrolled": True,
                "mixed_precision": "bfloat16",
            },
            "--unrolled can't be used with --mixed_precision",
        ),
        (
            {"method": "unsupervised", "mixed_precision": "auto"},
            "--mixed_precision=auto can't be used with --method=unsupervised",
        ),
        ({"warm_up": 0.75}, "--warm_up must be below 0.75 with --end=exact"),
        ({"method": "finetune", "confidence": 0.2}, "--confidence is used"),
        ({"trainable_from": "0.2"}, "--trainable_from .*--method=partial"),
        ({"evolution_population": 4}, "--evolution_population is used only"),
    ],
)
def test_flags_of_another_method_are_refused(choices, message):
    refuse(choices, message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("warm_up", 0.1),
        ("end", "paper"),
        ("source_lead", 1.0),
        ("source_penalty", 0.1),
        ("cost_weight", 0.1),
        ("confidence", 0.1),
        ("architecture_learning_rate", 0.1),
        ("architecture_optimizer", "adam"),
    ],
)
@pytest.mark.parametrize(
    "method",
    [{"method": "spos"}, {"relaxation": "single_path"}, {"method": "random"}],
)
def test_without_logits_that_learn_their_flags_are_refused(method, name, value):
    """Single paths leave logits and annealing alone; so does a draw."""
    refuse({**method, name: value}, f"--{name} is used only with a method that")
    assert make_recipe(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("start", "paper"), ("candidate_weights", "random")]
)
def test_new_kernels_count_only_where_they_are_used(name, value):
    drawn = {"method": "random", name: value}
    refuse(drawn, f"--{name} is used only with a method that trains a supern")
    assert make_recipe(**drawn, derived_weights="inherit")
    assert make_recipe(**{"method": "spos", name: value})


@pytest.mark.parametrize(
    "method",
    [
        {"method": "finetune"},
        {"method": "darts"},
        {"method": "unsupervised"},
        {"derived_weights": "scratch"},
    ],
)
def test_one_schedule_needs_weights_that_go_on(method):
    """All others have a cosine for finetuning alone, by either schedule."""
    assert not make_recipe(**method).one_cosine or method == {
        "method": "finetune"
    }
    refuse({**method, "schedule": "separate"}, "--schedule is used only with")


def test_stripes_need_their_head():
    chosen = {"task": "retrieval", "stripes": 4}
    refuse(chosen, "--stripes is used only with --task=retrieval --head=strip")
    assert make_recipe(**chosen, head="stripes").retrieval.stripes == 4


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"method": "spos"}, "--method=spos can't be used with --model=auto"),
        ({"method": "partial"}, "--method=partial can't be used with --model"),
        ({"sites": "last:2"}, "--sites is used only with a method that sear"),
        ({"max_macs": "0.5x"}, "--max_macs is used only"),
        (
            {"method": "darts", "source_penalty": 0.1},
            "--source_penalty is used only with a method that trains logits",
        ),
        ({"model": "digits0to4", "cells_per_block": 1}, "--model=autoreid"),
    ],
)
def test_cells_have_no_sites_and_sites_no_cells(choices, message):
    refuse({**CELLS, **choices}, message)


def test_what_is_turned_off_is_in_nobody_s_way():
    make_recipe(**CELLS, scale_weight_free=False, squeeze_excitation=False)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"augment": "cutmix"}, "mixes images of different identities"),
        ({"images_per_identity": 3}, "must divide --batch_size=32"),
        ({"resize": "20", "image_size": "16"}, "--resize can't be used"),
        (
            {"method": "spos+transfer", "transfer_dataset": "digits"},
            "The transfer methods are for --task=classification only",
        ),
        (
            {"squeeze_excitation": True, "method": "partial"},
            "--squeeze_excitation can't be used with partial finetuning",
        ),
        (
            {"squeeze_excitation": True, "max_macs": "1x"},
            "--squeeze_excitation can't be used with limits",
        ),
        (
            {"task": "classification", "stripes": 4},
            "--stripes is used only with --task=retrieval",
        ),
    ],
)
def test_retrieval_refuses_what_it_can_t_do(choices, message):
    refuse({"task": "retrieval", **choices}, message)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"images_per_identity": 1}, "--images_per_identity .*at least 2.*: 1"),
        ({"batch_size": 4}, "--batch_size must be at least 8.*: 4"),
    ],
)
def test_triplets_need_two_identities_and_two_images_of_each(choices, message):
    refuse({"task": "retrieval", **choices}, message)
    make_recipe(task="retrieval", cross_entropy_weight=1.0, **choices)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"source_dataset": "digits"}, "attributes of two data sets"),
        ({"model": "autoreid"}, "--task=attributes can't be used with --mod"),
        ({"ordinal": "age"}, "--ordinal can't be set for adience"),
        ({"image_size": None}, "--resize needs --image_size"),
        ({"task": "classification", "fold": 1}, "--fold .*--task=attributes"),
        (UNSUPERVISED, "--resize can't be used"),
        (
            {"method": "darts+transfer", "transfer_dataset": "digits"},
            "The transfer methods are for --task=classification only",
        ),
    ],
)
def test_attributes_refuse_what_they_can_t_do(choices, message):
    refuse({**FACES, **choices}, message)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {
                "task": "retrieval",
                "cross_entropy_weight": 1.0,
                "images_per_identity": 1,
            },
            "--images_per_identity must be at least 2",
        ),
        ({"target_head": True}, "--target_head is used only with --task=retr"),
        (
            {
                "task": "retrieval",
                "target_head": True,
                "cross_entropy_weight": 0.0,
            },
            "--target_head can't be used with .*--cross_entropy_weight=0",
        ),
        (
            {"method": "ntaa", "target_head": True, "task": "retrieval"},
            "--target_head is used only with --method=bilevel",
        ),
        (
            {"method": "ntaa", "target_images_per_class": 1},
            "--target_images_per_class is used only with --method=bilevel",
        ),
        (
            {
                "method": "ntaa",
                "source_dataset": None,
                "source_data_dir": "x",
            },
            "--source_data_dir is used only with --source_dataset",
        ),
    ],
)
def test_domains_refuse_what_does_not_go_together(choices, message):
    refuse({**DOMAINS, **choices}, message)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"method": "ntaa"}, "--supernet is used only with --method=unsup"),
        ({"scale_weight_free": True}, "--scale_weight_free is used only"),
        ({"queue_length": 8}, "--queue_length must be at least --batch_size"),
        ({"learning_rate_trials": 2}, "--learning_rate_trials is used only"),
        ({"workdir": "super"}, "--supernet must be another directory than"),
        ({"model": "autoreid"}, "--method=unsupervised can't be used with"),
    ],
)
def test_a_supernet_without_labels_refuses_other_choices(choices, message):
    refuse({**UNSUPERVISED, **choices}, message)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"mixed_precision": "float16"}, "Choose bfloat16"),
        ({"steps_per_execution": 2}, "--steps_per_execution must be 1"),
        (
            {"distribute": "none", "sync_batch_norm": True},
            "--sync_batch_norm is used only with --distribute",
        ),
    ],
)
def test_several_devices_refuse_what_they_can_t_share(choices, message):
    refuse({"distribute": "mirrored", **choices}, message)
