from .architecture import Architecture as Architecture
from .architecture import SiteChoice as SiteChoice
from .export.prediction import Prediction as Prediction
from .export.prediction import predict as predict
from .python_interface import Adaptation as Adaptation
from .python_interface import adapt as adapt
from .graph.channel_groups import ChannelGroup as ChannelGroup
from .graph.channel_groups import (
    list_channel_groups as list_channel_groups,
)
from .graph.slim import slim as slim
from .layers.mixed_input import MixedInput as MixedInput
from .layers.mixed_op import MixedOp as MixedOp
from .search.budget import Budget as Budget
from .search.derive import collapse as collapse
from .search.derive import derive as derive
from .search.insert import insert_mixed_ops as insert_mixed_ops
from .search.spreading import (
    list_spreading_kernels as list_spreading_kernels,
)
from .search.supernet import Supernet as Supernet
from .training.optimizers import CarefulSGD as CarefulSGD
