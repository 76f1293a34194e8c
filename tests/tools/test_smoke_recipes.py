"""All recipes are found, and run by the command in their headers."""

import pytest
from smoke_recipes import list_recipes
from smoke_recipes import parse
from smoke_recipes import read_command


def test_every_recipe_is_found_and_says_how_it_is_run():
    recipes = list_recipes()
    assert len(recipes) > 20
    for file in recipes:
        assert f"--flagfile={file}" in read_command(file)


def test_a_command_of_several_lines_is_read_without_what_is_said_beside_it(
    tmp_path,
):
    file = tmp_path / "mine.flags"
    file.write_text(
        "# Mine.\n#\n"
        "#   ntaa pretrain --recipe=mine\n"
        "#   ntaa adapt \\\n"
        "#       --recipe=mine --seed=3    (or another)\n"
        "--model=vgg19\n"
    )
    words = read_command(file)
    assert words == [f"--flagfile={file}", "--seed=3"]
    recipe = parse(words)
    assert (recipe.source.model, recipe.output.seed) == ("vgg19", 3)


def test_a_recipe_that_does_not_say_how_it_is_run_is_an_error(tmp_path):
    file = tmp_path / "mine.flags"
    file.write_text("# Mine.\n--model=vgg19\n")
    with pytest.raises(ValueError, match=r"header of recipe mine\.flags"):
        read_command(file)
