"""The commands and examples of the guides run, and the site is built."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags

from ntaa_tf.commands.adapt import define_flags
from ntaa_tf.commands.adapt import read_recipe

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "docs" / "index.md", *(ROOT / "docs/guides").glob("*.md")]
PAGES = [ROOT / "README.md", *GUIDES]
WITH_CODE = [page for page in GUIDES if "```python" in page.read_text()]


def name(page):
    return str(page.relative_to(ROOT))


def list_commands(page):
    """List the `ntaa_tf.adapt` commands of a page, each as its flags."""
    text = page.read_text("utf-8").replace("\\\n", " ")
    found = re.findall(r"^ +python -m ntaa_tf\.adapt( .*)?$", text, re.M)
    return [shlex.split(words, comments=True) for words in found]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_is_a_valid_recipe(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    for words in list_commands(page):
        values = flags.FlagValues()
        define_flags(values)
        for word in ("--help", "--helpfull"):
            words = [other for other in words if other != word]
        assert values(["adapt", *words]) == ["adapt"]
        read_recipe(values)


def test_commands_are_found():
    assert len(list_commands(ROOT / "README.md")) > 10
    assert all(list_commands(page) for page in GUIDES if page.stem != "report")


@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_python_examples_run_one_after_the_other(
    page, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    names = {}
    for example in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        exec(example, names)
    if page.stem == "limits":
        *_, chosen, refused = capsys.readouterr().out.splitlines()
        assert re.fullmatch(r"\w+ \{'macs': \d+\}", chosen)
        assert "6,912" in refused  # The smallest MACs that can be reached.
    else:
        assert (tmp_path / "adapted.keras").exists()


@pytest.mark.skipif(
    shutil.which("mkdocs", path=str(Path(sys.executable).parent)) is None,
    reason="The extra `docs` is not installed.",
)
def test_the_site_is_built_without_a_warning(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", tmp_path],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert result.returncode == 0, result.stderr
    reference = (tmp_path / "reference" / "index.html").read_text()
    for shown in ("insert_mixed_ops", "Examples:", "&gt;&gt;&gt; ", "Raises:"):
        assert shown in reference
    # The pages load nothing from other hosts.
    pages = [page.read_text() for page in tmp_path.rglob("*.html")]
    assert len(pages) >= 7
    for page in pages:
        assert not re.search(r'(src|<link[^>]* href)="(https?:)?//', page)
