"""Every recipe is one that a run can follow, as its own header says."""

import pytest
from smoke_recipes import list_recipes
from smoke_recipes import list_stand_ins
from smoke_recipes import parse
from smoke_recipes import read_command
from smoke_recipes import write_stand_ins
from whole_runs import run

from ntaa_tf import zoo
from ntaa_tf.assembly.inputs import find_inputs
from ntaa_tf.recipe import replace
from ntaa_tf.recipe import shrink
from ntaa_tf.search.insert import choose_sites
from ntaa_tf.stages import export

RECIPES = {file.stem: file for file in list_recipes()}
OWN = {name: parse(read_command(file)) for name, file in RECIPES.items()}
CELLS = [name for name, recipe in OWN.items() if recipe.source.has_cells]
MODELS = {
    recipe.source.model
    for recipe in OWN.values()
    if not recipe.source.has_cells
    and not recipe.source.model.endswith(".keras")
}


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    """Reads a recipe by its own header, all that it loads replaced."""
    directory = tmp_path_factory.mktemp("stand_ins")
    write_stand_ins(directory)

    def read(name):
        words = list_stand_ins(OWN[name], directory, own_model=False)
        return parse([*read_command(RECIPES[name]), *words])

    return read


@pytest.fixture(scope="module")
def follow(tmp_path_factory):
    """Runs a recipe; once, where it becomes the same as another's.

    That exports are the live model is tested where they are, and takes
    another process each time.
    """
    metrics = {}

    def run_once(recipe):
        same = shrink(recipe)
        if same not in metrics:
            path = str(tmp_path_factory.mktemp("runs") / "run")
            metrics[same] = run(replace(recipe, workdir=path))
        return metrics[same]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            export,
            "check_exports",
            lambda files, _: {name: {"difference": 0.0} for name in files},
        )
        yield run_once


# Retrieval has a whole run of its own in make test.
FEW = ("clothing10_resnet20", "adience_efficientnetb4")


def list_few(names, few):
    """List names; those that are not among the few are for `make test-all`."""
    long = pytest.mark.long
    return [n if n in few else pytest.param(n, marks=long) for n in names]


@pytest.mark.parametrize(
    "name", list_few([name for name in RECIPES if name not in CELLS], FEW)
)
def test_every_recipe_runs_to_its_end(name, stand_ins, follow):
    """In little, with another model, and with every other flag its own."""
    metrics = follow(stand_ins(name))
    assert metrics["collapse_difference"] < 1e-4
    assert metrics["adapted"]["macs"] > 0


@pytest.mark.parametrize("name", CELLS)
def test_recipes_of_cells_can_begin(name, stand_ins):
    """Their runs take minutes; networks of cells are tested by themselves."""
    inputs = find_inputs(stand_ins(name))
    assert inputs.info.name == "autoreid"
    assert inputs.image_size == (96, 32)


@pytest.mark.parametrize("model", list_few(sorted(MODELS), ["vgg19"]))
def test_every_model_of_a_recipe_has_sites(model):
    source = zoo.load_source(zoo.find_source(model, "none"), (32, 32))
    for recipe in OWN.values():
        if recipe.source.model == model:
            search = recipe.search
            choices = search.candidates, search.sites, search.skip_inputs
            assert choose_sites(source, *choices)
