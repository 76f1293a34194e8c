"""The `.keras` file gives the same outputs under Keras's other backends."""

import importlib.util

import pytest
from exported import OUTPUTS

from ntaa_tf.export import check_exports
from ntaa_tf.export import compute_reference
from ntaa_tf.export import list_failures


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_outputs_equal_those_of_tensorflow(
    backend, adapted, pictures, tmp_path, monkeypatch
):
    """The file contains every candidate."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: BUILD.md says how to try it")
    adapted.save(tmp_path / "adapted.keras")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    files = {"keras": tmp_path / "adapted.keras"}
    checked = check_exports(
        files, compute_reference(adapted, pictures, OUTPUTS)
    )
    assert list_failures(checked) == {}
    assert checked["keras"]["agreement"] == 1
