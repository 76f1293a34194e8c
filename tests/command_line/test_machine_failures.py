"""Failures of the machine are told in a line that says what to do."""

import errno

import pytest
import tensorflow as tf

from ntaa_tf.command_line.machine_failures import explain


def test_a_full_disk_names_the_file_and_what_to_do():
    error = OSError(errno.ENOSPC, "No space left on device", "run/a.keras")
    assert explain(error).startswith(
        "No space left on device (run/a.keras). Free some: the same command"
    )


def test_a_full_disk_under_tensorflow_is_told_alike(tmp_path):
    """The text is what TensorFlow says of a file system that is full."""
    error = tf.errors.ResourceExhaustedError(
        None,
        None,
        "{{function_node __wrapped__SaveV2_dtypes_79_device_/task:0/CPU:0}} "
        "/run/epoch-1_temp/part.tempstate17; No space left on device "
        "[Op:SaveV2]",
    )
    assert explain(error).startswith(
        "No space left on device (/run/epoch-1_temp/part.tempstate17). Free"
    )


def test_a_place_that_can_not_be_written_is_told_with_the_flag():
    error = OSError(errno.EROFS, "Read-only file system", "/run")
    assert "'/run'. Give a directory" in explain(error)


def test_memory_that_runs_out_is_told_with_what_needs_less():
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")
    assert "OOM when allocating" in explain(error)
    assert "smaller --batch_size" in explain(error)


@pytest.mark.parametrize(
    "error, text",
    [
        (PermissionError(13, "Permission denied", "/run"), "'/run'"),
        (tf.errors.DataLossError(None, None, "{{node a}} torn"), "torn"),
        (OSError(), "OSError"),
    ],
)
def test_others_keep_their_text_without_the_name_of_a_node(error, text):
    assert text in explain(error)
    assert "{{" not in explain(error)
