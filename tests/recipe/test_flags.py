"""Flags, their help and their refusal follow from the sections."""

import re

import pytest
from absl import flags

from ntaa_tf.command_line.guidance import show_all
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe.flags import define_flags
from ntaa_tf.recipe.flags import list_headings
from ntaa_tf.recipe.flags import list_unused_flags
from ntaa_tf.recipe.flags import read_recipe
from ntaa_tf.recipe.recipe import list_choices

CHOICES = [(field, described) for _, field, described in list_choices()]
# First words that hide the noun: style of an earlier time.
DARK = ("Give", "Of", "What", "For", "With", "Which", "Whether", "By", "How")
# Units, and quantities that have none.
MEASURED = re.compile(
    r"Number|Share|Strength|share|pixels|milliseconds|weight|rate|Margin|Lead"
    r"|decay|seed|temperature|smoothing|size|Stride|Largest|Longest|Weight"
)


@pytest.fixture
def values():
    values = flags.FlagValues()
    define_flags(values)
    return values


@pytest.mark.parametrize(
    ("field", "described"), CHOICES, ids=lambda of: getattr(of, "name", "")
)
def test_help_names_the_thing_first(field, described):
    assert described.help.endswith(".")
    first = re.split(r"\W", described.help)[0]
    assert first[0].isupper()
    assert first not in DARK
    assert len(described.brief) < 60


@pytest.mark.parametrize(
    ("field", "described"),
    [
        (field, described)
        for field, described in CHOICES
        if isinstance(field.default, int | float)
        and not isinstance(field.default, bool)
    ],
    ids=lambda of: getattr(of, "name", ""),
)
def test_help_of_a_number_has_a_unit(field, described):
    assert MEASURED.search(described.help)


def test_full_help_lists_the_options_of_a_flag(values):
    shown = show_all("About.", values, list_headings())
    for _, described in CHOICES:
        options = [str(option) for option in described.options]
        if options and isinstance(described.options[0], str):
            assert f"One of {', '.join(options)}." in " ".join(shown.split())


def test_every_choice_is_under_one_heading_of_the_help():
    shown = [name for heading in list_headings() for name in heading.names]
    assert sorted(shown) == sorted(field.name for field, _ in CHOICES)


def test_help_tells_when_a_flag_counts(values):
    shown = values["embedding_size"].help
    assert shown.endswith("Used only with --task=retrieval.")


def test_without_flags_a_recipe_has_defaults(values):
    values(["adapt"])
    recipe = read_recipe(values)
    assert recipe == make_recipe()
    assert recipe.given == frozenset()


def test_a_flag_counts_as_given_also_at_its_default(values):
    """absl knows; a comparison with the default would not."""
    values(["adapt", "--stripes=6"])
    with pytest.raises(ValueError, match=r"--stripes is used only with --task"):
        read_recipe(values)


def test_a_flag_that_is_turned_off_is_in_nobody_s_way(values):
    values(
        ["adapt", "--method=finetune", "--noscale_weight_free", "--nounrolled"]
    )
    assert read_recipe(values).given >= {"scale_weight_free", "unrolled"}


def test_a_number_that_is_0_is_not_turned_off(values):
    """0 equals False to Python."""
    values(["adapt", "--method=finetune", "--confidence=0"])
    with pytest.raises(ValueError, match="--confidence is used only with"):
        read_recipe(values)


def test_a_preset_does_not_make_its_flags_given():
    words = ["--preset=paper", "--method=finetune", "--confidence=0"]
    assert list_unused_flags(words) == {"confidence"}


def test_a_renamed_flag_of_a_comparison_is_told_by_its_new_name():
    with pytest.raises(ValueError, match="--tune is --learning_rate_trials"):
        list_unused_flags(["--tune=3"])


@pytest.mark.parametrize("words", [["--method=finetune"], ["--nobaseline"]])
def test_only_a_run_with_a_baseline_has_a_choice(words):
    chosen = ["--hand_over=proven", "--tolerance=1"]
    assert list_unused_flags([*words, *chosen]) == {"hand_over", "tolerance"}
    assert list_unused_flags(chosen) == frozenset()


def test_flags_of_other_methods_are_found():
    words = ["--max_macs=0.5x", "--price=0.2", "--seed=1"]
    unused = list_unused_flags(["--method=finetune", *words])
    assert unused == {"max_macs", "price"}
    assert list_unused_flags(["--method=ntaa", *words]) == frozenset()


def test_a_flag_file_serves_several_methods(values, tmp_path, caplog):
    """Its flags without effect are left out; those of the line are refused."""
    file = tmp_path / "some.flags"
    file.write_text("--confidence=0.1\n--seed=3\n")
    words = [f"--flagfile={file}", "--method=finetune"]
    values(["adapt", *words])
    with caplog.at_level("INFO", "ntaa_tf"):
        recipe = read_recipe(values, words)
    assert recipe.search.confidence == 0.0
    assert recipe.output.seed == 3
    assert "without effect: --confidence" in caplog.text
    words.append("--noremat")
    values(["adapt", *words, "--unrolled"])
    with pytest.raises(ValueError, match="--unrolled is used only with"):
        read_recipe(values, [*words, "--unrolled"])
