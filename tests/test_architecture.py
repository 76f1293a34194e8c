"""An architecture survives JSON and prints as a table."""

import json

import pytest

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice

ARCHITECTURE = Architecture(
    {
        "conv2_block1_conv": SiteChoice("source"),
        "conv10": SiteChoice("average_pooling3x3", reads=2),
        "a": SiteChoice("source", reads=1),
        "identical": SiteChoice("identity"),
    }
)


def test_json_round_trip():
    text = ARCHITECTURE.to_json()
    assert Architecture.from_json(text) == ARCHITECTURE
    assert Architecture.from_json(text).to_json() == text


def test_the_order_of_sites_is_kept():
    """Inputs first, whatever their names."""
    read = Architecture.from_json(ARCHITECTURE.to_json())
    assert list(read.sites) == ["conv2_block1_conv", "conv10", "a", "identical"]


def test_json_is_plain_data():
    assert json.loads(ARCHITECTURE.to_json())["sites"]["conv10"] == {
        "candidate": "average_pooling3x3",
        "reads": 2,
    }


def test_printed_table():
    expected = (
        "site               candidate           reads\n"
        "conv2_block1_conv  source              0\n"
        "conv10             average_pooling3x3  2\n"
        "a                  source              1\n"
        "identical          identity            0"
    )
    assert str(ARCHITECTURE) == expected


def test_an_architecture_without_sites_prints_its_header():
    assert str(Architecture({})) == "site  candidate  reads"


def test_changed_sites_took_another_operation_or_input():
    assert list(ARCHITECTURE.changed()) == ["conv10", "a", "identical"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "JSONDecodeError"),
        ("[1, 2]", "TypeError"),
        ("null", "TypeError"),
        ('{"sites": {}}', "KeyError: 'format'"),
        ('{"format": 2, "sites": {}}', "ValueError: format 2"),
        ('{"format": 1}', "KeyError: 'sites'"),
        ('{"format": 1, "sites": ["conv"]}', "AttributeError"),
        ('{"format": 1, "sites": {"conv": "identity"}}', "TypeError"),
        ('{"format": 1, "sites": {"conv": {"reads": 0}}}', "'candidate'"),
        (
            '{"format": 1, "sites": {"conv": {"candidate": "a"}}}',
            "KeyError: 'reads'",
        ),
        (
            '{"format": 1, "sites": {"c": {"candidate": "a", "reads": "b"}}}',
            "ValueError: invalid literal",
        ),
    ],
)
def test_other_text_is_an_error(text, reason):
    expected = f"(?s)Expected JSON with 'format': 1 and 'sites'.*{reason}"
    with pytest.raises(ValueError, match=expected):
        Architecture.from_json(text)
