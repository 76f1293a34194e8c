import numpy as np
import pytest
from exported import make_adapted
from exported import make_model
from exported import write


@pytest.fixture(scope="session")
def images():
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (6, 8, 8, 3), "uint8")


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A model and its exports by format."""
    model = make_model()
    return model, write(model, tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="session")
def adapted():
    """A model of all candidates with two outputs, for 16×16 images."""
    return make_adapted()


@pytest.fixture(scope="session")
def pictures():
    generator = np.random.default_rng(1)
    return generator.integers(0, 256, (8, 16, 16, 3), "uint8")
