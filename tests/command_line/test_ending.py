"""Every end of a command has its status, and at most one message."""

import os
import signal

import pytest

from ntaa_tf.command_line import RESUMABLE
from ntaa_tf.command_line import end


def fail(error):
    def act():
        raise error

    return act


def test_what_went_well_says_nothing(capsys):
    assert end(lambda: None) == 0
    assert end(lambda: 7) == 7
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("no such thing"), 2),
        (FileNotFoundError("no such thing"), 2),
        (PermissionError("no such thing"), 2),
        (RuntimeError("no such thing"), 1),
        (OSError(28, "no such thing"), 1),  # The disk is full.
        (MemoryError("no such thing"), 1),
    ],
)
def test_what_went_wrong_is_one_message(error, status, capsys):
    assert end(fail(error)) == status
    output, message = capsys.readouterr()
    assert output == ""
    assert message.startswith("error: ")
    assert message.endswith("no such thing\n")


def test_a_command_lists_its_other_expected_errors(capsys):
    error = LookupError("nothing there\nand a long trace")
    assert end(fail(error), failures=(LookupError,)) == 1
    assert capsys.readouterr().err == "error: nothing there\n"
    with pytest.raises(LookupError):
        end(fail(error))


def test_expected_errors_can_be_listed_after_the_command_has_failed(capsys):
    """A command imports its libraries late, and with them their errors."""
    imported = []

    def act():
        imported.append(LookupError)
        raise LookupError("nothing there")

    assert end(act, failures=lambda: tuple(imported)) == 1
    assert capsys.readouterr().err == "error: nothing there\n"


def test_signals_end_with_what_shells_expect(capsys):
    def be_killed():
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    before = signal.getsignal(signal.SIGTERM)
    assert end(be_killed, stopped=RESUMABLE) == 143
    assert end(fail(KeyboardInterrupt()), stopped=RESUMABLE) == 130
    assert signal.getsignal(signal.SIGTERM) == before
    assert capsys.readouterr().err == 2 * f"error: {RESUMABLE}\n"
