"""The command that trains a supernet refuses the flags of adapt."""

import subprocess
import sys

import pytest
from absl import flags

from ntaa_tf.commands import adapt
from ntaa_tf.commands.pretrain import HEADINGS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "error: --out=DIRECTORY is needed."),
        (
            ["--out=super", "--inspect", "--method=ntaa"],
            "error: --inspect, --method can't be used here.",
        ),
    ],
)
def test_flags_of_adapt_are_refused_at_once(words, message, tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "ntaa_tf.pretrain", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_help_has_every_flag_once():
    values = flags.FlagValues()
    adapt.define_flags(values)
    shown = [name for heading in HEADINGS for name in heading.names]
    assert sorted(shown) == sorted(["out", *values])
