"""Names that are nearly those of predictions: accents in another form, and what other systems leave beside them."""

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


def test_what_other_systems_leave_is_no_second_prediction(tmp_path):
    for name in ("._seed1-clip.mp4", "seed1-clip.mp4", "seed1-clip.mp4.part", "clip.mp4", "._clip.mp4", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"")
    for chosen in (Predictions(tmp_path), Predictions(tmp_path, "*-{id}*"), Predictions(tmp_path, "{id}*")):
        assert chosen.find("clip", Setting(), SETTINGS).name.endswith("clip.mp4")
        assert not any("._" in path.name or path.suffix == ".part" for path in chosen.extra(set(), SETTINGS))
