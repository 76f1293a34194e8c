"""Builds and checks the assembly of a run, before any training."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from ntaa_tf.assembly.assembly import TEACHER
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.checks import check_streams
from ntaa_tf.assembly.data import prepare_data
from ntaa_tf.assembly.epochs import lengthen
from ntaa_tf.assembly.inputs import Inputs
from ntaa_tf.assembly.inputs import find_inputs
from ntaa_tf.assembly.run_directory import claim_run_directory
from ntaa_tf.assembly.run_directory import open_run_directory
from ntaa_tf.assembly.source import SOURCE_STAGE
from ntaa_tf.assembly.source import prepare_source
from ntaa_tf.assembly.streams import Stream
from ntaa_tf.assembly.streams import limit_search
from ntaa_tf.assembly.streams import list_streams
from ntaa_tf.assembly.task import build_task
from ntaa_tf.assembly.teacher import find_teacher_size
from ntaa_tf.command_line.log import keep_log
from ntaa_tf.distribute import check_alike
from ntaa_tf.distribute import enter_strategy
from ntaa_tf.distribute import share_directory
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import make_teacher
from ntaa_tf.recipe import shrink
from ntaa_tf.training.machine import make_deterministic


@contextlib.contextmanager
def assemble(recipe: Recipe) -> Iterator[Assembly]:
    """Build and check all that a recipe asks for; nothing is trained yet.

    While the block runs, the run directory is locked for other runs.

    Args:
        recipe: recipe of the run. The assembly of a smoke run has a smaller
            recipe, and its run directory keeps the whole one.

    Yields:
        The assembly, which the stages share.

    Raises:
        ValueError: if the run can't be carried out as the recipe asks.
    """
    if recipe.compute.deterministic:
        make_deterministic()
    # TensorFlow allows a multiworker strategy only before its first operation.
    strategy = enter_strategy(recipe.compute.distribute)
    inputs = find_inputs(recipe)
    find_teacher_size(recipe, inputs.image_size)  # Called for its errors alone.
    with (
        strategy,
        claim_run_directory(recipe) as claimed,
        share_directory(claimed) as path,
    ):
        check_alike("flags", recipe.to_dict())
        with keep_log(path):
            yield _build(recipe, inputs, path)


def _build(recipe: Recipe, inputs: Inputs, path: Path) -> Assembly:
    """Build the assembly of a recipe in a run directory, and of its teacher."""
    run_directory = open_run_directory(recipe, path)
    recipe = shrink(recipe)
    dataset = prepare_data(
        recipe,
        inputs.raw,
        inputs.image_size,
        path,
        recipe.data.train_examples,
    )
    recipe, left_out = limit_search(recipe, dataset)
    task = build_task(recipe, dataset)
    streams = list_streams(recipe, dataset)
    check_streams(recipe, streams, task.images_per_class)
    whole = Stream(dataset.train)
    recipe = lengthen(
        recipe,
        whole.count_steps(recipe.training.batch_size, task.images_per_class),
    )
    recipe, source, search_spaces = prepare_source(
        recipe, inputs, dataset, task, run_directory
    )
    assembly = Assembly(
        recipe,
        run_directory,
        source,
        path / SOURCE_STAGE,
        dataset,
        task,
        streams,
        search_spaces,
        left_out=left_out,
    )
    teacher = _find_teacher(assembly, inputs)
    return dataclasses.replace(assembly, teacher=teacher)


def _find_teacher(assembly: Assembly, inputs: Inputs) -> Assembly | None:
    """Return the assembly that trains the teacher of a run, if one does."""
    recipe = assembly.recipe
    if recipe.is_taught_by_baseline:
        return assembly.baseline
    size = find_teacher_size(recipe, inputs.image_size)
    if size is None:
        return None
    inputs = dataclasses.replace(inputs, image_size=size)
    try:
        return _build(make_teacher(recipe), inputs, assembly.path / TEACHER)
    except ValueError as error:
        raise ValueError(f"In --teacher_image_size: {error}") from error
