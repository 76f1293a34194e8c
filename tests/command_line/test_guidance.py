"""Help shows the flags of everyday use, or all, by what they are about."""

import pytest
from absl import flags

from ntaa_tf.command_line import Heading
from ntaa_tf.command_line.guidance import list_others
from ntaa_tf.command_line.guidance import show_all
from ntaa_tf.command_line.guidance import show_everyday

ABOUT = """Do something.

    command --speed=3
"""
HEADINGS = [
    Heading("Pace", {"speed": "how fast"}, ("gear",)),
    Heading("Rare", others=("colour", "loud")),
]


@pytest.fixture
def values():
    made = flags.FlagValues()
    flags.DEFINE_integer("speed", 5, "How fast it goes.", flag_values=made)
    flags.DEFINE_enum(
        "gear", "low", ["low", "high"], "Which gear.", flag_values=made
    )
    flags.DEFINE_string("colour", None, "Which colour.", flag_values=made)
    flags.DEFINE_boolean("loud", True, "Whether heard.", flag_values=made)
    flags.DEFINE_list("others", [], "more", short_name="o", flag_values=made)
    return made


def test_the_short_help_is_a_line_for_each_everyday_flag(values):
    assert show_everyday(ABOUT, values, HEADINGS).splitlines() == [
        "Do something.",
        "",
        "    command --speed=3",
        "",
        "Pace",
        "  --speed  how fast (5)",
        "",
        "More with --helpfull.",
    ]


def test_the_full_help_says_what_each_may_be_and_is(values):
    text = show_all(ABOUT, values, HEADINGS)
    assert text.startswith("Do something.\n\n    command --speed=3\n\nPace\n")
    assert "--speed\n      How fast it goes. Default: 5." in text
    assert "--gear\n      Which gear. One of low, high. Default: low." in text
    assert "--colour\n      Which colour.\n" in text
    assert "--[no]loud\n      Whether heard. Default: true." in text


def test_what_is_under_no_heading_is_listed_once(values):
    others = list_others(values, HEADINGS)
    assert others.names == ("others",)
    assert "--others\n      more. Default: none." in show_all(
        ABOUT, values, [others]
    )
