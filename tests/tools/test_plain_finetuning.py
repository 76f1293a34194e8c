import runpy
from pathlib import Path

import keras

SCRIPT = Path(__file__).parents[2] / "tools" / "plain_finetuning.py"


def test_the_script_needs_keras_alone_and_writes_a_classifier(
    source_file, tmp_path, monkeypatch
):
    target = tmp_path / "finetuned.keras"
    words = [str(SCRIPT), source_file, str(target), "1"]
    monkeypatch.setattr("sys.argv", words)
    runpy.run_path(str(SCRIPT))
    model = keras.models.load_model(target)
    assert model.output_shape == (None, 5)
    assert "ntaa_tf" not in SCRIPT.read_text()
