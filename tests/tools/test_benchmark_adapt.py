import subprocess

import pytest
from benchmarks import adapt


def test_a_command_that_fails_is_an_error():
    with pytest.raises(subprocess.CalledProcessError):
        adapt.time_command("-c", "raise SystemExit(3)")


def test_a_command_is_timed_to_its_end():
    assert adapt.time_command("-c", "import time; time.sleep(0.3)") >= 0.3


def test_all_commands_begin_with_the_same_file_and_train_as_long(
    monkeypatch, source_file
):
    commands = []

    class Source:
        def save(self, path):
            self.path = path

    def answer(*arguments):
        commands.append([str(argument) for argument in arguments])
        return 10.0 * len(commands)

    source = Source()
    monkeypatch.setattr(adapt.zoo, "pretrain_digits", lambda _: source)
    monkeypatch.setattr(adapt, "time_command", answer)
    monkeypatch.setattr(adapt, "read_json", lambda _: {"seconds": {"a": 5.0}})
    results = adapt.measure(search_epochs=2, finetune_epochs=3)
    plain, *runs = commands
    assert plain[1] == str(source.path)
    assert plain[3] == "5"
    for run, method in zip(runs, ("finetune", "ntaa"), strict=True):
        assert f"--method={method}" in run
        assert {f"--model={source.path}", "--baseline=false"} <= set(run)
        assert {"--search_epochs=2", "--finetune_epochs=3"} <= set(run)
    assert results["ratios"] == {"finetune": 2, "ntaa": 3}
    text = adapt.describe(results)
    assert "| finetune | 20 | 2 |" in text
    assert "| ntaa: a | 5 | 0.5 |" in text
