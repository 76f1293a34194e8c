"""The choices of a run as the help of the command shows them."""

from ntaa_tf.command_line import Heading

GROUPS = (
    Heading(
        "Model and data",
        {
            "model": "of keras.applications, or a .keras file",
            "preprocessing": "of a file's images: none, tf, torch or caffe",
            "dataset": "of tensorflow-datasets, or folder:PATH",
            "data_dir": "where tensorflow-datasets are kept",
            "task": "classification, retrieval or attributes",
            "image_size": "pixels, as 224 or 256x128",
        },
        (
            *("weights", "resize", "train_examples", "validation_share"),
            *("augment", "flip", "last_stride", "squeeze_excitation"),
        ),
    ),
    Heading(
        "Method",
        {
            "method": "ntaa, or finetune, random, darts and more",
            "sites": "what is searched: all, spatial, last:N",
            "baseline": "also finetune plainly, and compare",
            "guard": "return the baseline if it validates better",
            "tune": "how many learning rates are tried",
        },
        (
            *("candidates", "skip_inputs", "candidate_weights", "calibrate"),
            *("start", "end", "source_lead", "warm_up", "source_penalty"),
            *("validated_end", "confidence", "relaxation", "unrolled"),
            *("evolution_population", "evolution_generations"),
            *("derived_weights", "architecture", "trainable_from"),
            *("transfer_dataset", "transfer_epochs"),
        ),
    ),
    Heading(
        "Limits",
        {
            "max_macs": "most multiply-adds, as 3e8 or 0.5x of the source's",
            "max_params": "most parameters, as 2e6 or 0.5x",
            "max_latency_ms": "most milliseconds for an image, as 5 or 0.8x",
        },
        ("max_depth", "max_weight_free", "cost_weight"),
    ),
    Heading(
        "Training",
        {
            "search_epochs": "epochs of the search",
            "finetune_epochs": "epochs of finetuning after it",
            "batch_size": "images in a batch",
            "learning_rate": "of the weights, at first",
        },
        (
            *("weight_decay", "schedule"),
            *("architecture_learning_rate", "architecture_optimizer"),
        ),
    ),
    Heading(
        "Compute",
        {
            "mixed_precision": "float16 or bfloat16",
            "remat": "less memory, more time",
            "distribute": "mirrored: on all GPUs here; multiworker; tpu",
        },
        (
            *("accumulation_steps", "steps_per_execution", "sync_batch_norm"),
            "deterministic",
        ),
    ),
    Heading(
        "Output",
        {
            "workdir": "where the run is kept; by default below runs/",
            "export": "saved_model, onnx, litert, openvino, …",
            "seed": "of everything random",
            "smoke": "try all stages, on little data",
        },
    ),
    Heading(
        "Retrieval",
        others=(
            *("head", "embedding_size", "stripes", "images_per_identity"),
            *("cross_entropy_weight", "triplet_margin", "label_smoothing"),
            "average_precision",
        ),
    ),
    Heading("Attributes", others=("target", "ordinal", "fold")),
    Heading(
        "Two domains",
        others=(
            *("source_dataset", "source_data_dir"),
            *("target_images_per_class", "target_head"),
        ),
    ),
    Heading(
        "Without labels",
        others=(
            *("supernet", "supernet_dataset", "supernet_epochs"),
            *("queue_length", "key_size", "key_temperature"),
        ),
    ),
    Heading("Cells", others=("search_space", "channels", "cells_per_block")),
)
