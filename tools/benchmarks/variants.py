"""The networks whose training steps are compared, each from its source."""

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
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.tasks.classification import Classification
from ntaa_tf.training.optimizers import make_optimizer

TOTAL_STEPS = 10_000
MIDDLE = 0.5  # Of the search, where every candidate has a share.
LARGEST_KERNEL = 5

VARIANTS: dict[str, Callable[[keras.Model], keras.Model]] = {
    # (a) The source, finetuned.
    "source": lambda source: compile_plainly(rewrite(source)),
    # (b) The supernet: every site, default candidates.
    "all_sites": lambda source: compile_search(insert_mixed_ops(source)),
    # (c) The same, only at sites with kernels larger than 1×1.
    "spatial_sites": lambda source: compile_search(
        insert_mixed_ops(source, sites="spatial")
    ),
    # (d) The network of (b), its mixtures summed candidate by candidate.
    "literal": lambda source: compile_search(
        mix_literally(insert_mixed_ops(source))
    ),
    # (e) The network of (b), one candidate sampled at each site and step.
    "single_path": lambda source: compile_search(
        insert_mixed_ops(source), relaxation="single_path"
    ),
    # (f) The floor: the source with 5×5 kernels at the sites of (c), finetuned.
    "floor": lambda source: compile_plainly(enlarge_kernels(source)),
}


def mix_literally(supernet: Supernet) -> Supernet:
    """Let every mixed op compute each candidate by itself, and add them."""
    for choice in supernet.choices:
        choice.call = choice.call_literally
    return supernet


def enlarge_kernels(source: keras.Model) -> keras.Model:
    """Copy a source, its spatial kernels below 5×5 enlarged to 5×5.

    All of them, also where the new taps only ever meet the zeros around a
    small image; a search leaves such kernels out. Separable convolutions stay
    as they are.
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
    """Compile a plain model as a run finetunes it."""
    model.compile(
        optimizer=_make_optimizer(model), **Classification().compile_options()
    )
    return model


def compile_search(supernet: Supernet, **options: Any) -> Supernet:
    """Compile a supernet as a run searches it, half-way through the search."""
    supernet.compile(
        optimizer=_make_optimizer(supernet),
        architecture_optimizer=keras.optimizers.SGD(
            Recipe().architecture_learning_rate, momentum=0.9
        ),
        source_penalty=Recipe().source_penalty,
        **Classification().compile_options(),
        **options,
    )
    supernet.progress.assign(MIDDLE)
    return supernet


def _make_optimizer(model: keras.Model) -> keras.optimizers.Optimizer:
    recipe = Recipe()
    return make_optimizer(
        model, recipe.learning_rate, recipe.weight_decay, TOTAL_STEPS
    )
