"""The console has plain lines, and the run directory has all of them."""

import logging

import pytest

from ntaa_tf.command_line.log import keep_log
from ntaa_tf.command_line.log import log_plainly


@pytest.fixture
def logger(monkeypatch):
    """The package's logger, as a command sets it up."""
    logger = logging.getLogger("ntaa_tf")
    for name in ("handlers", "level", "propagate"):
        monkeypatch.setattr(logger, name, getattr(logger, name))
    log_plainly()
    return logger


def test_the_console_has_messages_alone(logger, capsys):
    logging.getLogger("ntaa_tf.stages").info("a stage")
    logger.warning("a doubt")
    logger.debug("a detail")
    shown = capsys.readouterr()
    assert shown.out == "a stage\nWarning: a doubt\n"
    assert shown.err == ""


def test_the_file_has_details_too_and_keeps_what_was_there(logger, tmp_path):
    for text in ("first", "second"):
        with keep_log(tmp_path):
            logger.debug(text)
    logger.debug("behind the run")
    lines = (tmp_path / "run.log").read_text().splitlines()
    assert [line.rsplit(maxsplit=1)[-1] for line in lines] == [
        *("first", "second")
    ]
    assert "DEBUG ntaa_tf: first" in lines[0]


def test_nothing_to_log_is_no_file(logger, tmp_path):
    with keep_log(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
