import subprocess
import sys
from pathlib import Path

COMMAND = Path(__file__).parents[3] / "tools" / "describe_dataset.py"


def run(*arguments):
    return subprocess.run(
        [sys.executable, COMMAND, *arguments], capture_output=True, text=True
    )


def test_a_data_set_is_described(market_folder):
    done = run("--dataset=market1501", f"--data_dir={market_folder}")
    assert done.returncode == 0, done.stderr
    heading, *splits = done.stdout.splitlines()
    assert heading.startswith("split    images  identities")
    assert [line.split()[:3] for line in splits] == [
        ["train", "5", "2"],
        ["query", "2", "2"],
        ["gallery", "3", "2"],
    ]
    assert "has 12936 images. Received: 5" in done.stderr


def test_what_can_not_be_followed_ends_with_a_line(tmp_path):
    done = run("--dataset=market1501", f"--data_dir={tmp_path}")
    assert done.returncode == 2
    (error,) = [
        line for line in done.stderr.splitlines() if line.startswith("error: ")
    ]
    assert "Expected Market-1501 (https://" in error
    assert "Traceback" not in done.stderr
