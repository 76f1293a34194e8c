from ntaa_tf.data.retrieval import summarize_retrieval

EXPECTED = """\
split    images  identities  cameras  images per identity  distractors  junk
train     1,202           2        3       2 / 601 / 1200            0     0
query         1           1        1            1 / 1 / 1            0     0
gallery       6           2        3          1 / 1.5 / 2            2     1
"""


def test_splits_are_counted(make_retrieval):
    raw = make_retrieval(
        train=[(7, 1)] * 1200 + [(8, 2), (8, 3)],
        query=[(1, 1)],
        gallery=[(1, 1), (2, 1), (2, 2), (-1, 3), (0, 1), (0, 2)],
    )
    assert f"{summarize_retrieval(raw)}\n" == EXPECTED


def test_gallery_of_distractors_only(make_retrieval):
    raw = make_retrieval(gallery=[(0, 1), (-1, 1)])
    assert summarize_retrieval(raw).splitlines()[1].split() == (
        ["gallery", "2", "0", "1", "-", "1", "1"]
    )
