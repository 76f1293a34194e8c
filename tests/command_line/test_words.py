"""Words are flags, a request for help, or a mistake that is told."""

import pytest
from absl import flags

from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import check_no_words
from ntaa_tf.command_line import make_parser


@pytest.fixture
def parse():
    values = flags.FlagValues()
    flags.DEFINE_integer("speed", 5, "How fast it goes.", flag_values=values)
    flags.DEFINE_integer("gear", 1, "Which gear.", flag_values=values)
    headings = [Heading("Pace", {"speed": "how fast"}, ("gear",))]
    return make_parser("Do something.", headings, values)


def test_flags_are_taken_and_other_words_given_back(parse):
    assert parse(["command", "--speed=3", "word"]) == ["command", "word"]


@pytest.mark.parametrize("word", ["--help", "-h", "-?", "--helpshort"])
def test_short_help_is_no_error(word, parse, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["command", word])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert "--speed  how fast (5)" in output
    assert "--gear" not in output


def test_full_help_has_the_others_too(parse, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["command", "--helpfull"])
    assert ended.value.code == 0
    assert "--gear\n      Which gear. Default: 1." in capsys.readouterr().out


@pytest.mark.parametrize("word", ["--speed=fast", "--sped=3", "--flagfile=no"])
def test_a_wrong_flag_is_one_message(word, parse, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["command", word])
    assert ended.value.code == 2
    output, message = capsys.readouterr()
    assert output == ""
    assert message.startswith("error: ")
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("--fast=maybe", "error: flag --fast=maybe: expected true or false\n"),
        ("--flagfile=no", "error: Unable to open flagfile: [Errno 2]"),
    ],
)
def test_messages_are_without_the_parser_s_own_marks(word, message, capsys):
    values = flags.FlagValues()
    flags.DEFINE_boolean("fast", False, "Whether.", flag_values=values)
    with pytest.raises(SystemExit):
        make_parser("Do something.", values=values)(["command", word])
    assert capsys.readouterr().err.startswith(message)


def test_words_are_refused_where_flags_alone_are_expected():
    with pytest.raises(ValueError, match="command line: stray words"):
        check_no_words(["stray", "words"])


def test_without_headings_help_has_the_flags_of_the_script(monkeypatch, capsys):
    values = flags.FlagValues()
    flags.DEFINE_integer("speed", 5, "How fast it goes.", flag_values=values)
    # absl knows the script that runs by this.
    monkeypatch.setattr("sys.argv", [values.find_module_defining_flag("speed")])
    with pytest.raises(SystemExit) as ended:
        make_parser("Do something.", values=values)(["command", "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == (
        "Do something.\n\nFlags\n  --speed\n      How fast it goes. Default: "
        "5.\n"
    )
