"""Choices of the source model."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import WITH_SITES
from ntaa_tf.recipe.values import CELLS_MODEL
from ntaa_tf.recipe.values import EMBEDDED_MODEL


@dataclass(frozen=True)
class Source(Section):
    """The pretrained network, and its changes before training."""

    title = "Source model"

    model: str = choice(
        EMBEDDED_MODEL,
        "Source model: a name of keras.applications in lower case, alexnet, "
        "inception_v2, a .keras file, hub:PRESET for a preset of KerasHub, "
        "package.module:function for a builder of your own, the embedded "
        "digits0to4, or autoreid for an untrained network of cells.",
        "name in keras.applications, or a .keras file",
    )
    weights: str = choice(
        "imagenet",
        "Weights of a named model or of a builder: imagenet, none for random "
        "weights, or a weights file.",
    )
    preprocessing: str | None = choice(
        None,
        "Preprocessing that the source model was trained with: none (pixels "
        "from 0 to 255), tf, torch or caffe. Needed for a .keras file that "
        "does not begin with a Rescaling layer, and for a builder.",
        "preprocessing of a file's images: none, tf, torch, caffe",
    )
    last_stride: int = choice(
        2,
        "Stride of the last downsampling stage, 1 or 2; 1 doubles the size of "
        "the final feature map.",
        options=(1, 2),
        used_with=WITH_SITES,
    )
    squeeze_excitation: bool = choice(
        False,
        "Squeeze-and-excitation gate at the end of every residual branch, "
        "added before finetuning.",
        used_with=WITH_SITES,
    )

    @property
    def has_cells(self) -> bool:
        """Whether the model is built of searched cells and has no sites."""
        return self.model == CELLS_MODEL
