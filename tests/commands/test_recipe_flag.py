"""A recipe is read before all other flags, so they override it."""

import pytest
from absl import flags

from ntaa_tf.commands.adapt import define_flags
from ntaa_tf.commands.recipe_flag import check_recipe_flag
from ntaa_tf.commands.recipe_flag import describe_recipes
from ntaa_tf.commands.recipe_flag import put_recipe_first
from ntaa_tf.recipe.flags import read_recipe
from ntaa_tf.recipe.shipped import find_recipe

NAME = "cifar10_resnet50"
FLAGFILE = f"--flagfile={find_recipe(NAME)}"


def parse(*words):
    values = flags.FlagValues()
    define_flags(values)
    assert values(put_recipe_first(["adapt", *words])) == ["adapt"]
    check_recipe_flag(values)
    return read_recipe(values, words)


def test_a_recipe_is_the_same_as_its_flag_file():
    values = flags.FlagValues()
    define_flags(values)
    values(["adapt", FLAGFILE])
    by_file = read_recipe(values, [FLAGFILE])
    by_name = parse(f"--recipe={NAME}")
    assert by_name == by_file
    assert by_name.to_dict() == by_file.to_dict()
    assert by_name.source.model == "resnet50"


@pytest.mark.parametrize(
    "words",
    [
        [f"--recipe={NAME}", "--search_epochs=7"],
        ["--search_epochs=7", f"--recipe={NAME}"],
        ["--search_epochs=7", "--recipe", NAME],
        ["--search_epochs", "7", f"-recipe={NAME}"],
    ],
)
def test_a_flag_overrides_the_recipe_wherever_it_stands(words):
    recipe = parse(*words)
    assert recipe.training.search_epochs == 7
    assert recipe.training.finetune_epochs == 400


def test_a_flag_file_overrides_the_recipe_too(tmp_path):
    file = tmp_path / "mine.flags"
    file.write_text("--search_epochs=7\n")
    recipe = parse(f"--flagfile={file}", f"--recipe={NAME}")
    assert recipe.training.search_epochs == 7
    assert recipe.training.finetune_epochs == 400


def test_a_file_of_flags_may_include_another(tmp_path, monkeypatch):
    (tmp_path / "common.flags").write_text("--search_epochs=7\n")
    (tmp_path / "mine.flags").write_text("--flagfile=common.flags\n--seed=2\n")
    monkeypatch.chdir(tmp_path)
    recipe = parse("--recipe=mine.flags")
    assert (recipe.training.search_epochs, recipe.output.seed) == (7, 2)


def test_a_file_of_flags_has_no_recipe(tmp_path):
    file = tmp_path / "mine.flags"
    file.write_text(f"--recipe={NAME}\n")
    with pytest.raises(ValueError, match="can't stand in a file of flags"):
        parse(f"--flagfile={file}")


def test_words_behind_two_dashes_are_left_alone():
    words = ["launch", "--workers=2", "--", f"--recipe={NAME}"]
    assert put_recipe_first(words) == words


@pytest.mark.parametrize("words", [["--recipe=list"], ["--recipe", "list"]])
def test_recipes_are_listed_with_a_line_each(words, capsys):
    with pytest.raises(SystemExit) as ended:
        put_recipe_first(["adapt", *words])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert output == f"{describe_recipes()}\n"
    assert f"{NAME}  " in output
    assert "  ResNet50 from ImageNet to CIFAR-10.\n" in output


def test_a_recipe_without_a_name_is_an_error():
    with pytest.raises(ValueError, match="There is no recipe ''"):
        put_recipe_first(["adapt", "--recipe"])
