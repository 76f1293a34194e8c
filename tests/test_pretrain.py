"""The command that trains a supernet refuses what is not of it."""

import subprocess
import sys

import pytest
from absl import flags

from ntaa_tf import adapt
from ntaa_tf.pretrain import HEADINGS


@pytest.mark.parametrize(
    ("words", "received"),
    [
        ([], "--out=None, none of those"),
        (["--out=super", "--inspect", "--method=ntaa"], "inspect, method"),
    ],
)
def test_what_is_of_adapt_is_refused_at_once(words, received, tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "ntaa_tf.pretrain", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert result.returncode == 2
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: Invalid command line. Expected --out=DIR")
    assert received in last
    assert list(tmp_path.iterdir()) == []


def test_help_has_every_flag_once():
    values = flags.FlagValues()
    adapt.define_flags(values)
    shown = [name for heading in HEADINGS for name in heading.names]
    assert sorted(shown) == sorted(["out", *values])
