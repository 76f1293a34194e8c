"""The `.keras` file answers under Keras's other backends as it does here."""

import importlib.util

import pytest
from exported import OUTPUTS

from ntaa_tf.export import ask
from ntaa_tf.export import check_exports
from ntaa_tf.export import list_failures


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_backend_answers_as_tensorflow(
    backend, adapted, pictures, tmp_path, monkeypatch
):
    """Every candidate is in the file."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: BUILD.md says how to try it")
    adapted.save(tmp_path / "adapted.keras")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    files = {"keras": tmp_path / "adapted.keras"}
    checked = check_exports(files, ask(adapted, pictures, OUTPUTS))
    assert list_failures(checked) == {}
    assert checked["keras"]["agreement"] == 1
