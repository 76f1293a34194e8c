"""Failures of the machine are one line that says what to do."""

import errno
import subprocess
import sys

import pytest
import tensorflow as tf

from ntaa_tf.command_line.machine_failures import explain
from ntaa_tf.command_line.machine_failures import list_runtime_errors

WITHOUT_TENSORFLOW = """
import sys
import ntaa_tf.command_line
from ntaa_tf.command_line import machine_failures

print(machine_failures.explain(OSError(28, "No space left on device")))
assert machine_failures.list_runtime_errors() == ()
assert not {"tensorflow", "keras"} & set(sys.modules)
"""


def test_command_lines_do_not_import_tensorflow():
    """Help and wrong flags are answered before its seconds of import."""
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("No space left on device. Free some space")


def test_the_errors_of_tensorflow_are_known_once_it_is_imported():
    assert list_runtime_errors() == (tf.errors.OpError,)


def test_a_full_disk_names_the_file_and_what_to_do():
    error = OSError(errno.ENOSPC, "No space left on device", "run/a.keras")
    assert explain(error).startswith(
        "No space left on device (run/a.keras). Free some space; the same"
    )


def test_a_full_disk_under_tensorflow_is_the_same_message():
    """The text is TensorFlow's own, met on a full file system."""
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


def test_a_read_only_place_names_the_flag():
    error = OSError(errno.EROFS, "Read-only file system", "/run")
    assert "'/run'. Choose a writable directory by --workdir" in explain(error)


def test_memory_that_runs_out_names_the_flags_that_need_less():
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
