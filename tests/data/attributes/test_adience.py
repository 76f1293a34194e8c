"""Adience is read in its distributed form, with unusual faces."""

import pytest
from data.attributes.faces import FACES
from data.attributes.faces import IMAGES
from data.attributes.faces import write_faces
from stand_ins import AGES

from ntaa_tf.data.attributes import MISSING
from ntaa_tf.data.attributes import open_adience
from ntaa_tf.data.attributes.adience import PUBLISHED
from ntaa_tf.data.attributes.holding_out import split_attributes


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_faces(tmp_path_factory.mktemp("adience"))


def count(raw, column=0):
    """Count the faces of a known attribute in each split."""
    return {
        name: int((raw.table.rows[split.labels, column] != MISSING).sum())
        for name, split in raw.splits.items()
    }


def test_published_numbers_of_faces_add_up():
    assert sum(PUBLISHED["age"]) == 17424
    assert sum(PUBLISHED["gender"]) == 17603


@pytest.mark.parametrize("fold", [0, 4])
def test_other_ages_and_unknown_genders_do_not_count(root, fold):
    usual = FACES * IMAGES
    ages = open_adience(str(root), "age", fold)
    assert count(ages) == {"train": 4 * usual, "test": usual}
    assert ages.table.attributes[0].classes == AGES
    genders = open_adience(str(root), "gender", fold)
    # Of age 35, and of the swapped (25, 23), the gender is known.
    assert count(genders) == {"train": 4 * (usual + 2), "test": usual + 2}


def test_both_keep_a_face_of_which_either_is_known(root):
    raw = open_adience(str(root), "both", 0)
    assert raw.table.names == ("age", "gender")
    assert len(raw.splits["test"]) == FACES * IMAGES + 2
    assert count(raw, column=0)["test"] == FACES * IMAGES
    assert count(raw, column=1)["test"] == FACES * IMAGES + 2
    assert [a.is_ordinal for a in raw.table.attributes] == [True, False]


def test_validation_shares_no_face_with_training(root):
    raw = open_adience(str(root), "both", 1)
    splits = split_attributes(raw, 0.2, seed=0)
    faces = {
        name: {path.name.split(".")[1] for path in split.images}
        for name, split in splits.items()
    }
    assert all(faces.values())
    assert not faces["train"] & faces["validation"]
    assert not faces["train"] & faces["test"]
    assert {int(face) // 100 for face in faces["test"]} == {1}


def test_numbers_other_than_published_are_logged(root, caplog):
    open_adience(str(root), "age", 0)
    (message,) = [record.getMessage() for record in caplog.records]
    assert "faces of known age. Received: (16, 16, 16, 16, 16)" in message


def test_the_folder_above_is_accepted(root, tmp_path):
    (tmp_path / "adience").symlink_to(root)
    raw = open_adience(str(tmp_path), "gender", 2)
    assert len(raw.splits["test"]) == FACES * IMAGES + 2


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"target": "hat"}, r"`target`. Expected one of \['age'"),
        ({"fold": 5}, r"`fold`. Expected 0 to 4"),
        ({"data_dir": None}, r"`data_dir`. Expected the folder of adience"),
        ({"data_dir": "nowhere"}, r"`data_dir`.*Received: nowhere"),
    ],
)
def test_bad_choices_are_refused(root, choices, message):
    with pytest.raises(ValueError, match=message):
        open_adience(**{"data_dir": str(root), **choices})


def test_missing_faces_and_columns_are_errors(tmp_path):
    root = write_faces(tmp_path)
    face = next((root / "aligned").rglob("*.100.0.jpg"))
    face.unlink()
    with pytest.raises(ValueError, match=rf"1 of 90 missing.*{face.name}"):
        open_adience(str(root))
    (root / "fold_3_data.txt").write_text("user_id,age\n")
    with pytest.raises(ValueError, match="Expected the columns"):
        open_adience(str(root))
