"""Whole runs over two domains: who learns from which, and what is told."""

import numpy as np
import pytest
import tensorflow as tf
from stages.test_methods import adapt_killed
from whole_runs import run

from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import switch

SMOKE = make_recipe(
    smoke=True,
    image_size=16,
    sites="last:2",
    method="bilevel",
    source_dataset="digits0to4",
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two domains of two classes: bright and dark, the one inverted."""
    root, rng = tmp_path_factory.mktemp("domains"), np.random.default_rng(0)
    for domain, shades in (("day", (40, 200)), ("night", (200, 40))):
        for name, shade in zip(("cat", "dog"), shades, strict=True):
            folder = root / domain / name
            folder.mkdir(parents=True)
            for number in range(24):
                image = rng.integers(0, 40, (16, 16, 3)) + shade
                encoded = tf.io.encode_png(image.astype("uint8")).numpy()
                (folder / f"{number}.png").write_bytes(encoded)
    return root


def name_domains(folders, **choices):
    return {
        "source_dataset": f"folder:{folders / 'day'}",
        "dataset": f"folder:{folders / 'night'}",
        **choices,
    }


def adapt(path, **choices):
    return run(switch(SMOKE, workdir=str(path), **choices))


@pytest.mark.long
def test_a_search_across_domains_is_killed_and_goes_on(
    folders, tmp_path, monkeypatch
):
    choices = name_domains(
        folders,
        method="bilevel",
        baseline=True,
        target_images_per_class=3,
        sites="last:2",
    )
    killed, deaths = adapt_killed(monkeypatch, tmp_path / "killed", **choices)
    assert deaths == 4  # Two of the search and finetuning, two of the baseline.
    assert killed["target_labels"] == 6
    page = (tmp_path / "killed/report.html").read_text("utf-8")
    assert "Labelled target images that trained the architecture" in page


@pytest.mark.long
def test_source_only_training_uses_no_label_of_the_target(folders, tmp_path):
    metrics = adapt(tmp_path, **name_domains(folders, method="finetune"))
    assert "target_labels" not in metrics
    assert 0 <= metrics["adapted"]["test_accuracy"] <= 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("digits", r"Invalid data set `digits`. Expected the classes of `f"),
        ("folder:nowhere", r"In --source_dataset: Invalid data set `folder"),
    ],
)
def test_a_source_that_does_not_fit_is_told_before_training(
    source, message, folders, tmp_path
):
    choices = name_domains(folders, source_dataset=source)
    with pytest.raises(ValueError, match=message):
        adapt(tmp_path, **choices)
    assert list(tmp_path.iterdir()) == []
