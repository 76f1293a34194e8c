"""The bar follows a training, and gives the terminal back."""

import io
import logging
import sys

import keras
import numpy as np
import pytest
from rich.console import Console

from ntaa_tf.command_line.log import log_plainly
from ntaa_tf.training.progress_bar import draw_progress


class Terminal(io.StringIO):
    """A terminal that remembers what is written to it."""

    def isatty(self):
        return True


def draw(epochs, *, first_epoch=0):
    """Train a toy with a bar, and return the lines with its name."""
    name = "search"
    terminal = Terminal()
    console = Console(file=terminal, force_terminal=True, width=100)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    ones = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    with draw_progress(name, first_epoch, epochs, 2, console) as bar:
        model.fit(
            *ones,
            batch_size=4,
            validation_data=ones,
            epochs=epochs,
            initial_epoch=first_epoch,
            callbacks=[bar],
            verbose=0,
        )
    return [line for line in terminal.getvalue().splitlines() if name in line]


def test_the_last_line_shows_epochs_and_losses():
    last = draw(3)[-1]
    assert "3/3" in last
    assert "loss" in last


def test_a_resumed_bar_begins_where_it_stopped():
    lines = draw(3, first_epoch=2)
    assert "2/3" in lines[0]
    assert not any("1/3" in line for line in lines)


def test_the_compilation_is_told_before_the_first_batch():
    first, *_, last = draw(2)
    assert "compiling" in first
    assert "compiling" not in last


def test_a_failed_training_gives_cursor_and_streams_back():
    streams = sys.stdout, sys.stderr
    terminal = Terminal()
    console = Console(file=terminal, force_terminal=True)
    with (
        pytest.raises(ArithmeticError),
        draw_progress("search", 0, 1, 1, console) as bar,
    ):
        bar.on_train_batch_end(0)
        raise ArithmeticError
    assert terminal.getvalue().rstrip("\n").endswith("\x1b[?25h")
    assert (sys.stdout, sys.stderr) == streams


def test_log_lines_stand_above_the_bar(monkeypatch):
    logger = logging.getLogger("ntaa_tf")
    for name in ("handlers", "level", "propagate"):
        monkeypatch.setattr(logger, name, getattr(logger, name))
    log_plainly()
    terminal = Terminal()
    console = Console(file=terminal, force_terminal=True, width=80)
    with draw_progress("search", 0, 1, 1, console):
        logger.info("a line of the log")
    lines = terminal.getvalue().splitlines()
    (logged,) = (i for i, line in enumerate(lines) if "of the log" in line)
    assert "search" in lines[logged + 1]
