import os

import numpy as np
import pytest

# TensorFlow, which is imported later, reads them once. The tests have two
# workers, whose threads would only wait for each other on two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")


@pytest.fixture
def rng():
    return np.random.default_rng(0)
