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
    callback.on_epoch_end(epoch)


def test_the_first_epoch_tells_without_what_its_first_batch_took(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 4, STEPS, clock=clock)
    callback.on_train_begin()
    assert lines() == ["search: 4 epochs of 5 batches"]
    train(callback, clock, 0, first_batch=56, batch=1)
    assert lines() == ["search: epoch 1 of 4 took 1 min; at least 15 s left"]


def test_later_epochs_tell_from_all_but_the_first(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 4, STEPS, clock=clock)
    train(callback, clock, 0, first_batch=56, batch=1)
    train(callback, clock, 1, first_batch=2, batch=2)
    train(callback, clock, 2, first_batch=4, batch=4)
    assert lines()[1:] == [
        "search: epoch 2 of 4 took 10 s; about 20 s left",
        "search: epoch 3 of 4 took 20 s; about 15 s left",
    ]


def test_the_last_epoch_logs_nothing(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 1, STEPS, clock=clock)
    train(callback, clock, 0, first_batch=1, batch=1)
    assert lines() == []


def test_later_trainings_are_included(lines):
    clock = Clock()
    callback = RemainingTime("search", 2, 4, STEPS, later_steps=20, clock=clock)
    callback.on_train_begin()
    train(callback, clock, 2, first_batch=9, batch=1)
    assert lines() == [
        "search: 4 epochs of 5 batches, 2 of them already done",
        "search: epoch 3 of 4 took 13 s; at least 5 s left, 25 s "
        "including the training that follows",
    ]


def test_a_first_epoch_in_one_call_tells_nothing_yet(lines):
    clock = Clock()
    callback = RemainingTime("search", 0, 3, STEPS, clock=clock)
    for epoch in range(2):
        train(callback, clock, epoch, first_batch=7, batch=0, at_once=STEPS)
    assert lines() == [
        "search: epoch 1 of 3 took 7 s",
        "search: epoch 2 of 3 took 7 s; about 7 s left",
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
