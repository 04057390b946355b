"""Names whose accents are written in two ways: the same way is the better match."""

import unicodedata

from bench.settings import Setting
from model.outside.predictions import Predictions

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Zoé") for form in ("NFC", "NFD"))
SETTINGS = (Setting(),)


def test_each_clip_finds_its_own_file(tmp_path):
    for name in (COMPOSED, DECOMPOSED):
        (tmp_path / f"{name}.mp4").write_bytes(b"")
    for name in (COMPOSED, DECOMPOSED):
        assert Predictions(tmp_path).find(name, Setting(), SETTINGS).name == f"{name}.mp4"


def test_the_other_form_is_taken_where_it_is_the_only_one(tmp_path):
    (tmp_path / f"{DECOMPOSED}.mp4").write_bytes(b"")
    (tmp_path / "list.csv").write_text(f"clip,file\n{DECOMPOSED},{DECOMPOSED}.mp4\nother,x.mp4\n", "utf-8")
    for chosen in (Predictions(tmp_path), Predictions(tmp_path, table=tmp_path / "list.csv")):
        assert chosen.find(COMPOSED, Setting(), SETTINGS).name == f"{DECOMPOSED}.mp4"
