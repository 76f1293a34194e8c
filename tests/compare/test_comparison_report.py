import json

from matplotlib.figure import Figure

from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import format_table


def test_a_table_is_markdown_with_three_digits():
    rows = [("a", 0.123456, None), ("b", 12345.6, 7)]
    assert format_table(("step", "s", "n"), rows).splitlines() == [
        "| step | s | n |",
        "|---|---:|---:|",
        "| a | 0.123 | - |",
        "| b | 12,346 | 7 |",
    ]


def test_a_report_is_written_with_the_machine(tmp_path):
    Report("speed", {"seconds": 1.5}, "a table").write(tmp_path)
    kept = json.loads((tmp_path / "speed.json").read_text())
    assert kept["results"] == {"seconds": 1.5}
    named = {"cpu", "cores", "memory_gib", "threads", "keras"}
    assert named <= kept["machine"].keys()
    text = (tmp_path / "speed.md").read_text()
    assert "a table" in text
    assert f"keras: {kept['machine']['keras']}" in text
    assert not list(tmp_path.glob("*.png"))


def test_a_figure_is_written_and_shown(tmp_path):
    Report("speed", {}, "a table", Figure()).write(tmp_path / "new")
    assert (tmp_path / "new" / "speed.png").stat().st_size > 0
    assert "(speed.png)" in (tmp_path / "new" / "speed.md").read_text()
