"""Variants of a source model whose training steps are compared."""

from collections.abc import Callable
from typing import Any
from typing import cast

import keras

from ntaa_tf.geometry import Geometry
from ntaa_tf.graph.geometry import absorb_padding
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.select import FoundConvolution
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.select import select_sites
from ntaa_tf.layers.search_space import make_candidate
from ntaa_tf.recipe import make_recipe
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.tasks.classification import ClassificationTask
from ntaa_tf.training.optimizers import make_optimizer

TOTAL_STEPS = 10_000
# Share of the search that has passed. Half-way, neither the start nor the end
# pulls at the mixture: every candidate has a coefficient above zero.
MIDDLE = 0.5
LARGEST_KERNEL = 5

VARIANTS: dict[str, Callable[[keras.Model], keras.Model]] = {
    # (a) Plain finetuning of the source.
    "source": lambda source: compile_plainly(rewrite(source)),
    # (b) The supernet with all sites and the default candidates.
    "all_sites": lambda source: compile_search(insert_mixed_ops(source)),
    # (c) The supernet with only the sites whose kernels are larger than 1×1.
    "spatial_sites": lambda source: compile_search(
        insert_mixed_ops(source, sites="spatial")
    ),
    # (d) Supernet (b), with each candidate computed by itself and then summed.
    "literal": lambda source: compile_search(
        mix_literally(insert_mixed_ops(source))
    ),
    # (e) Supernet (b), with one sampled candidate at each site in each step.
    "single_path": lambda source: compile_search(
        insert_mixed_ops(source), relaxation="single_path"
    ),
    # (f) The floor, about the least that (c) can cost: finetuning of the source
    # with 5×5 kernels at the sites of (c).
    "floor": lambda source: compile_plainly(enlarge_kernels(source)),
}


def mix_literally(supernet: Supernet) -> Supernet:
    """Make every mixed op compute each candidate by itself, and sum them."""
    for choice in supernet.choices:
        choice.call = choice.call_literally
    return supernet


def enlarge_kernels(source: keras.Model) -> keras.Model:
    """Copy a source and enlarge its spatial kernels below 5×5 to 5×5.

    A search leaves out a larger kernel if its new taps only meet the padding
    of a small image. Here such kernels are enlarged as well. Separable
    convolutions are not changed.
    """
    flat = flatten(source)
    smaller = [
        site
        for site in select_sites(find_convolutions(flat), "spatial")
        if max(site.layer.kernel_size) < LARGEST_KERNEL
        and not isinstance(site.layer, keras.layers.SeparableConv2D)
    ]
    return rewrite(flat, {site.name: _enlarge(site) for site in smaller})


def _enlarge(site: FoundConvolution) -> Callable[..., Any]:
    geometry = cast(Geometry, site.geometry)
    candidate = make_candidate("conv5x5", geometry, site.layer.use_bias)
    candidate.build((None, *geometry.input_size, geometry.in_channels))
    kernel, *biases = site.layer.get_weights()
    cast(Any, candidate).inherit(kernel, biases[0] if biases else None)
    layers: list[Any] = candidate.plain_layers(site.name)
    layers[-1].activation = site.layer.activation

    def call(tensor: Any, **_: Any) -> Any:
        tensor, _padding = absorb_padding(tensor)
        for layer in layers:
            tensor = layer(tensor)
        return tensor

    return call


def compile_plainly(model: keras.Model) -> keras.Model:
    """Compile a plain model as in the finetuning of a run."""
    model.compile(
        optimizer=_make_optimizer(model),
        **ClassificationTask().compile_options(),
    )
    return model


def compile_search(supernet: Supernet, **options: Any) -> Supernet:
    """Compile a supernet as in a run, half-way through the search."""
    supernet.compile(
        optimizer=_make_optimizer(supernet),
        architecture_optimizer=keras.optimizers.SGD(
            make_recipe().search.architecture_learning_rate, momentum=0.9
        ),
        source_penalty=make_recipe().search.source_penalty,
        **ClassificationTask().compile_options(),
        **options,
    )
    supernet.progress.assign(MIDDLE)
    return supernet


def _make_optimizer(model: keras.Model) -> keras.optimizers.Optimizer:
    training = make_recipe().training
    return make_optimizer(
        model, training.learning_rate, training.weight_decay, TOTAL_STEPS
    )
