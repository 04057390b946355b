import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.settings import Setting, degrees

ANGLES = st.one_of(st.none(), st.floats(-180, 180).map(lambda angle: float(f"{angle:g}")))


def test_original_has_no_angles():
    setting = Setting.parse("original")
    assert setting.is_original
    assert str(setting) == "original"


def test_free_view_reads_yaw_pitch_roll_in_this_order():
    assert Setting.parse("free-view:30,10,0") == Setting(30.0, 10.0, 0.0)


def test_a_dash_leaves_the_angle_driven():
    assert Setting.parse("free-view:30,-,-") == Setting(yaw=30.0)
    assert Setting.parse("free-view:-,-5,-") == Setting(pitch=-5.0)


def test_relative_is_another_setting():
    absolute, relative = Setting.parse("free-view:30,10,0"), Setting.parse("free-view:30,10,0@relative")
    assert absolute != relative
    assert relative.mode == "relative"


@given(yaw=ANGLES, pitch=ANGLES, roll=ANGLES, mode=st.sampled_from(["absolute", "relative"]))
def test_text_and_setting_are_each_others_inverse(yaw, pitch, roll, mode):
    setting = Setting(yaw, pitch, roll, mode)
    if not setting.is_original:
        assert Setting.parse(str(setting)) == setting


@pytest.mark.parametrize(
    "text",
    ["", "Original", "free-view", "free-view:30,10", "free-view:30,10,0,0", "free-view:x,10,0", "free-view:-,-,-"]
    + ["free-view:nan,0,0", "free-view:inf,0,0", "free-view:181,0,0", "free-view:30,10,0@sideways"],
)
def test_anything_else_is_a_mistake_that_names_the_text(text):
    with pytest.raises(BenchError, match="setting '"):
        Setting.parse(text)


def test_minus_zero_is_zero():
    assert math.copysign(1, Setting.parse("free-view:-0,1,1").yaw) == 1


@given(angle=st.floats(-180, 180))
def test_texts_are_exact_and_as_short_as_that_allows(angle):
    text = str(Setting(angle, angle, 0.0))
    assert Setting.parse(text) == Setting(angle, angle, 0.0)
    assert str(Setting.parse(text)) == text
    assert ".0," not in text
    assert "-0," not in text


def test_angles_that_agree_to_six_digits_are_two_settings():
    texts = ["free-view:30.12345678,0,0", "free-view:30.1234999,0,0"]
    settings = [Setting.parse(text) for text in texts]
    assert [str(setting) for setting in settings] == texts
    assert len({setting.folder for setting in settings}) == 2


@pytest.mark.parametrize("angle, text", [(30, "30"), (30.0, "30"), (-7.5, "-7.5"), (-0.0, "0"), (None, "-")])
def test_degrees_are_written_as_people_write_them(angle, text):
    assert degrees(angle) == text


def test_folder_names_hold_no_colon():
    assert ":" not in Setting.parse("free-view:30,-,0@relative").folder
