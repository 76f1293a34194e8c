"""Distributed training: every device computes a part of each batch."""

from ntaa_tf.distribute.cluster import write_cluster
from ntaa_tf.distribute.directory import share_directory
from ntaa_tf.distribute.keras_workers import DistributedModel
from ntaa_tf.distribute.replicas import count_replicas
from ntaa_tf.distribute.replicas import gather
from ntaa_tf.distribute.replicas import locate
from ntaa_tf.distribute.replicas import restore_loss
from ntaa_tf.distribute.replicas import run_alone
from ntaa_tf.distribute.replicas import run_once
from ntaa_tf.distribute.replicas import share_loss
from ntaa_tf.distribute.replicas import sum_over_replicas
from ntaa_tf.distribute.replicated import Replicated
from ntaa_tf.distribute.replicated import check_optimizer
from ntaa_tf.distribute.strategies import enter_strategy
from ntaa_tf.distribute.strategies import is_silent
from ntaa_tf.distribute.workers import LOST
from ntaa_tf.distribute.workers import LostWorkerError
from ntaa_tf.distribute.workers import agree
from ntaa_tf.distribute.workers import check_alike
from ntaa_tf.distribute.workers import is_follower

__all__ = [
    "LOST",
    "DistributedModel",
    "LostWorkerError",
    "Replicated",
    "agree",
    "check_alike",
    "check_optimizer",
    "count_replicas",
    "enter_strategy",
    "gather",
    "is_follower",
    "is_silent",
    "locate",
    "restore_loss",
    "run_alone",
    "run_once",
    "share_directory",
    "share_loss",
    "sum_over_replicas",
    "write_cluster",
]
