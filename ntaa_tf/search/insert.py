"""Insert mixed ops into a source model: the result is a supernet."""

from typing import cast

import keras

from ntaa_tf.architecture import Architecture
from ntaa_tf.geometry import Geometry
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.graph.select import FoundConvolution
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.select import select_sites
from ntaa_tf.layers.search_space import check_candidates
from ntaa_tf.layers.search_space import list_candidates
from ntaa_tf.search.apply import apply_architecture
from ntaa_tf.search.replacements import Replacements
from ntaa_tf.search.schedule import STARTS
from ntaa_tf.search.schedule import check_known
from ntaa_tf.search.supernet import Supernet

MAX_SKIP_INPUTS = 3
# Initial lead of the source operation's logit, by `start`.
LEADS = {"exact": 3.0, "paper": 1.0}


def insert_mixed_ops(
    source: keras.Model,
    candidates: str = "ntaa",
    sites: str = "all",
    skip_inputs: int = 1,
    inherit: bool = True,
    seed: int = 0,
    architecture: Architecture | None = None,
    has_gains: bool = False,
    start: str = "exact",
    source_lead: float | None = None,
) -> Supernet:
    """Replace convolutions of a source model by mixed ops.

    The supernet initially computes the same outputs as the source model. The
    source model is not modified.

    Args:
        source: a functional or Sequential model with a fixed image size.
        candidates: a search space (`ntaa`, `ntaa_dense`, `ntaa_depthwise`), or
            names of candidates separated by commas.
        sites: which convolutions become sites; see
            `graph.select.select_sites`.
        skip_inputs: number of inputs that a site chooses from: 1 is the site's
            own input only, 3 is the paper's skip connections.
        inherit: whether new candidates start with the source's kernel;
            otherwise their kernels are random.
        seed: random seed of kernels and of noise.
        architecture: a stored architecture. Its sites and its choices replace
            `sites` and `candidates`, and the supernet computes the
            architecture instead of the source model.
        has_gains: whether weight-free candidates have a scale, which
            `calibrate` sets.
        start: `exact`: larger kernels consist of the source's kernel and new
            taps around it, and their logits have the same lead as the
            source's. `paper`: every candidate has its own kernel, and only the
            source's logit has a lead. `compile` takes a `start` as well, for
            the mixture.
        source_lead: initial difference between the logit of the source's
            operation and the other logits. The default is 3, or 1 with
            `start="paper"`.

    Returns:
        A Keras model with the same inputs and outputs.

    Raises:
        ValueError: if an argument is invalid, the model's graph can't be read,
            no convolution is a site, or the architecture belongs to another
            model.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    >>> conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> supernet = insert_mixed_ops(keras.Model(inputs, conv(hidden)))
    >>> [choice.name for choice in supernet.choices]
    ['conv']
    """
    check_known("start", start, STARTS)
    flat = flatten(source)
    if architecture is None:
        chosen = choose_sites(flat, candidates, sites, skip_inputs)
        spaces = {site.name: candidates for site in chosen}
    else:
        chosen = _select_named(flat, architecture)
        spaces = {
            name: choice.candidate
            for name, choice in architecture.sites.items()
        }
        reads = [choice.reads for choice in architecture.sites.values()]
        skip_inputs = max(skip_inputs, 1 + max(reads))
    _check_skip_inputs(skip_inputs)
    replacements = Replacements(
        chosen,
        spaces,
        skip_inputs,
        inherit,
        seed,
        has_gains,
        lead=LEADS[start] if source_lead is None else source_lead,
        nests=inherit and start == "exact",
    )
    network = rewrite(flat, replacements.by_site())
    inputs, outputs = single_or_list(network)
    supernet = Supernet(inputs, outputs, name=flat.name)
    # The new layers have variables only now that the graph has called them.
    replacements.copy_weights()
    if architecture is not None:
        apply_architecture(supernet, architecture)
    return supernet


def choose_sites(
    source: keras.Model, candidates: str, sites: str, skip_inputs: int
) -> list[FoundConvolution]:
    """List the sites of a search, after checking the arguments.

    A convolution is a site only if at least one candidate differs from the
    source's own operation.

    Args:
        source: a flat functional model.
        candidates: see `insert_mixed_ops`.
        sites: see `insert_mixed_ops`.
        skip_inputs: see `insert_mixed_ops`.

    Raises:
        ValueError: if an argument is invalid or no convolution is a site.
    """
    check_candidates(candidates)
    _check_skip_inputs(skip_inputs)
    chosen = [
        site
        for site in select_sites(find_convolutions(source), sites)
        if len(list_candidates(candidates, cast(Geometry, site.geometry))) > 1
    ]
    if not chosen:
        raise ValueError(
            f"No site has another operation than the source's own with the "
            f"`candidates` {candidates!r}. Add candidates, or select other "
            "`sites`."
        )
    return chosen


def _check_skip_inputs(skip_inputs: int) -> None:
    if not 1 <= skip_inputs <= MAX_SKIP_INPUTS:
        raise ValueError(
            "Invalid value for `skip_inputs`. Expected 1 to "
            f"{MAX_SKIP_INPUTS}. Received: {skip_inputs}."
        )


def _select_named(
    source: keras.Model, architecture: Architecture
) -> list[FoundConvolution]:
    """List the convolutions that are the sites of an architecture."""
    supported = {
        conv.name: conv
        for conv in find_convolutions(source)
        if conv.geometry is not None
    }
    unknown = sorted(set(architecture.sites) - set(supported))
    if unknown or not architecture.sites:
        raise ValueError(
            f"The `architecture` has {unknown or 'no sites'}, but its sites "
            f"must be convolutions of the source: {list(supported)}. Use the "
            "architecture of a search of this source."
        )
    return [
        conv for name, conv in supported.items() if name in architecture.sites
    ]
