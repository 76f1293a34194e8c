"""The recipes of the package are found by name, here and in the wheel."""

from pathlib import Path

import pytest

from ntaa_tf.recipe.shipped import find_recipe
from ntaa_tf.recipe.shipped import list_shipped

ROOT = Path(__file__).parents[2]
NAMES = sorted(file.stem for file in (ROOT / "recipes").glob("*.flags"))


def test_all_recipes_of_the_repository_have_a_line():
    shipped = list_shipped()
    assert list(shipped) == NAMES
    assert len(NAMES) > 20
    for line in shipped.values():
        assert line.endswith(".")
        assert not line.startswith("#")


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_found_by_name(name):
    assert find_recipe(name).samefile(ROOT / "recipes" / f"{name}.flags")


def test_a_file_is_found_by_its_path(tmp_path, monkeypatch):
    (tmp_path / "mine.flags").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in ("mine.flags", "./mine.flags", "~/mine.flags"):
        assert find_recipe(given).samefile(tmp_path / "mine.flags")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cifar10_resnet5", "'cifar10_resnet5'.* mean cifar10_resnet50 or"),
        ("", "There is no recipe ''. Choose one of adience_efficientnetb4, "),
        ("no/mine.flags", "no recipe file no/mine.flags. Name a file"),
        ("cifar10_vgg19.flags", "--recipe=cifar10_vgg19 is a recipe of"),
    ],
)
def test_another_name_is_told_with_those_that_exist(
    given, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        find_recipe(given)


def test_the_wheel_has_all_files_of_the_package(monkeypatch):
    """As setuptools collects them; nothing is built."""
    setuptools = pytest.importorskip("setuptools")
    monkeypatch.chdir(ROOT)
    distribution = setuptools.Distribution({"include_package_data": False})
    distribution.parse_config_files(["setup.cfg"])
    command = distribution.get_command_obj("build_py")
    command.ensure_finalized()
    collected = {
        Path(folder, name)
        for _, folder, _, names in command.data_files
        for name in names
    }
    package = Path("ntaa_tf")
    present = {
        path
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    # rglob does not follow the link to the recipes.
    recipes = {package / f"recipes/{name}.flags" for name in NAMES}
    assert collected == present | recipes
    modules = {path.parent for path in package.rglob("*.py")}
    assert {".".join(path.parts) for path in modules} == {
        *distribution.packages
    }
