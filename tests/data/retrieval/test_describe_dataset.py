import subprocess
import sys
import types

import describe_dataset
from absl import flags


def test_a_data_set_is_described(market_folder, monkeypatch, capsys, caplog):
    """In this process, which has imported TensorFlow already."""
    chosen = types.SimpleNamespace(
        dataset="market1501", data_dir=str(market_folder)
    )
    monkeypatch.setattr(flags, "FLAGS", chosen)
    describe_dataset.follow([])
    heading, *splits = capsys.readouterr().out.splitlines()
    assert heading.startswith("split    images  identities")
    assert [line.split()[:3] for line in splits] == [
        ["train", "5", "2"],
        ["query", "2", "2"],
        ["gallery", "3", "2"],
    ]
    assert "has 12936 images. Received: 5" in caplog.text


def test_an_error_of_the_command_is_one_line(tmp_path):
    command = [sys.executable, describe_dataset.__file__]
    choices = ["--dataset=market1501", f"--data_dir={tmp_path}"]
    done = subprocess.run(command + choices, capture_output=True, text=True)
    assert done.returncode == 2
    (error,) = [
        line for line in done.stderr.splitlines() if line.startswith("error: ")
    ]
    assert "Expected Market-1501 (https://" in error
    assert "Traceback" not in done.stderr
