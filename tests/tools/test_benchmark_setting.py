import pytest
from benchmarks.setting import CLASSES
from benchmarks.setting import Setting


def test_a_setting_is_read_from_a_word():
    assert Setting.parse("vgg19:32:64") == Setting("vgg19", 32, 64)


def test_a_file_may_have_colons_and_is_named_without_its_path(source_file):
    setting = Setting.parse(f"{source_file}:8:4")
    assert setting.model == source_file
    assert str(setting) == "tiny, 8, 4"


@pytest.mark.parametrize("text", ["vgg19", "vgg19:32", "vgg19:32:many"])
def test_an_incomplete_setting_is_refused(text):
    with pytest.raises(ValueError, match=f"model:pixels:batch.*{text}"):
        Setting.parse(text)


def test_an_unknown_model_is_refused_before_it_is_measured():
    with pytest.raises(ValueError, match="vgg99"):
        Setting.parse("vgg99:32:64")


def test_a_step_trains_on_a_batch_of_the_setting(source_file):
    setting = Setting(source_file, 8, 4)
    model = setting.build_source()
    assert model.output_shape == (None, CLASSES)
    seen = []
    model.train_on_batch = lambda *batch: seen.append(batch)
    setting.make_step(model)()
    ((images, labels),) = seen
    assert images.shape == (4, 8, 8, 3)
    assert labels.shape == (4, CLASSES)
