"""The README and the pages beside it show only what exists."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from absl import flags

from ntaa_tf.commands.adapt import define_flags

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COMMANDS = ROOT / "ntaa_tf/commands"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
# Flags of other programs that the pages name.
FOREIGN = {"constraint", "editable", "logdir", "rm", "model_config_file"}

# The one tool whose flags are not absl's.
SCRIPT = ROOT / "tools/plain_finetuning.py"


def name(page):
    return str(page.relative_to(ROOT))


def list_headings(page):
    """List the anchors of a page's headings, as GitHub and MkDocs name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    kept = [re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings]
    return {re.sub(r"\s", "-", heading) for heading in kept}


def list_flags():
    """List the names of all flags of the package and of its tools."""
    values = flags.FlagValues()
    define_flags(values)
    names = {*values, "flagfile", "help", "helpfull", "out"}
    files = [*(ROOT / "tools").rglob("*.py"), *COMMANDS.glob("*.py")]
    for file in files:
        names |= set(re.findall(r'"([a-z_]+)"', file.read_text("utf-8")))
    return names


def test_python_example_runs_and_keeps_its_promises(rng):
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    assert len(example.strip().splitlines()) <= 14
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    hidden = keras.layers.Conv2D(4, 3, padding="same", name="site")(hidden)
    pooled = keras.layers.GlobalAveragePooling2D()(hidden)
    source = keras.Model(inputs, keras.layers.Dense(2)(pooled))
    images = rng.normal(size=(16, 8, 8, 3)).astype("float32")
    train = tf.data.Dataset.from_tensor_slices(
        (images, rng.integers(2, size=16))
    ).batch(8)
    names = {"source": source, "train": train}
    exec(example, names)
    np.testing.assert_allclose(
        names["adapted"](images), names["supernet"](images), atol=1e-5
    )
    assert names["architecture"].sites.keys() == {"site"}


def test_make_targets_exist():
    targets = re.findall(r"^    make (\w+)", README.read_text(), re.M)
    makefile = (README.parent / "Makefile").read_text()
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_and_headings(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if link.startswith(("http:", "https:")):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in list_headings(target), link


def test_pages_name_no_flag_that_is_gone():
    of_script = re.findall(r'"--(\w+)"', SCRIPT.read_text("utf-8"))
    known = list_flags() | FOREIGN | {*of_script}
    for page in PAGES:
        for flag in re.findall(r"--([a-z]\w*)", page.read_text("utf-8")):
            is_known = flag in known or flag.removeprefix("no") in known
            assert is_known, f"{name(page)}: --{flag}"
