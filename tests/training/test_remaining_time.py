"""The remaining time in the log follows from the measured epochs."""

import pytest

from ntaa_tf.training.remaining_time import RemainingTime
from ntaa_tf.training.remaining_time import say_duration

STEPS = 5


@pytest.fixture
def lines(caplog):
    """Return a function that reads the log lines since its last call."""
    caplog.set_level("INFO")

    def read():
        messages = list(caplog.messages)
        caplog.clear()
        return messages

    return read


class Clock:
    """Clock that a test sets."""

    now = 100.0

    def __call__(self):
        return self.now


def train(callback, clock, epoch, first_batch, batch, at_once=1):
    """Simulate an epoch, by the seconds of its first and of later batches."""
    callback.on_epoch_begin(epoch)
    for end in range(at_once, STEPS + 1, at_once):
        clock.now += first_batch if end == at_once else batch
        callback.on_train_batch_end(end - 1)
    callback.on_epoch_end(epoch, {"loss": 0.5})


def test_the_first_epoch_tells_without_what_its_first_batch_took(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 4, STEPS, clock=clock)
    callback.on_train_begin()
    assert lines() == [
        "search: 4 epochs of 5 batches; compiling the network, once"
    ]
    train(callback, clock, 0, first_batch=56, batch=1)
    assert lines() == ["search  1/4  loss 0.5  at least 15 s left"]


def test_later_epochs_tell_from_all_but_the_first(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 4, STEPS, clock=clock)
    train(callback, clock, 0, first_batch=56, batch=1)
    train(callback, clock, 1, first_batch=12, batch=12)
    train(callback, clock, 2, first_batch=24, batch=24)
    assert lines()[1:] == [
        "search  2/4  loss 0.5  about 2 min left",
        "search  3/4  loss 0.5  about 1 min 30 s left",
    ]


def test_many_short_epochs_have_few_lines(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 30, STEPS, clock=clock)
    for epoch in range(30):
        train(callback, clock, epoch, first_batch=0.1, batch=0.1)
    logged = [line.split()[1] for line in lines()]
    assert logged == ["1/30", "11/30", "21/30", "30/30"]


def test_the_last_epoch_has_a_line_without_a_time(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 1, STEPS, clock=clock)
    train(callback, clock, 0, first_batch=1, batch=1)
    assert lines() == ["search  1/1  loss 0.5"]


def test_later_trainings_are_included(lines):
    clock = Clock()
    callback = RemainingTime("search", 2, 4, STEPS, later_steps=20, clock=clock)
    callback.on_train_begin()
    train(callback, clock, 2, first_batch=9, batch=1)
    assert lines() == [
        "search: 4 epochs of 5 batches, 2 of them already done; compiling the "
        "network, once",
        "search  3/4  loss 0.5  at least 5 s left, 25 s including the training "
        "that follows",
    ]


def test_a_first_epoch_in_one_call_tells_nothing_yet(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 3, STEPS, clock=clock)
    for epoch in range(2):
        train(callback, clock, epoch, first_batch=7, batch=0, at_once=STEPS)
    assert lines() == [
        "search  1/3  loss 0.5",
        "search  2/3  loss 0.5  about 7 s left",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 s"),
        (59.6, "1 min"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
    ],
)
def test_durations_have_two_units_at_most(seconds, text):
    assert say_duration(seconds) == text
