"""Numbers of HDR clips say that they were tone-mapped, and none of SDR clips changes by that."""

import json

import pytest

from bench.commands.main import main
from bench.results.run_folder import read_manifest
from tests.bench.media.test_picture_rules import hdr_film
from tests.films import portrait_film


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    hdr_film(folder / "phone.mov", "PQ")
    portrait_film(folder / "plain.mp4", count=3, size=128, sounding=False)
    return folder


def run(films, out, *more):
    words = ["--videos", str(films), "--metrics", "l1", "--size", "64", "--video-codec", "none", "--model", "static"]
    return main([*words, "--no-cache", "--out", str(out), *more])


def test_an_hdr_clip_is_no_longer_what_it_was_before_it_was_tone_mapped(films, tmp_path, capsys):
    base = tmp_path / "base.json"
    assert run(films, tmp_path / "first", "--check", str(base), "--update-baseline") == 0
    first = read_manifest(tmp_path / "first")
    assert {clip.id: clip.tone_mapped for clip in first.clips} == {"phone": "PQ by rule 1", "plain": ""}
    assert "tone_mapped" not in first.protocol.model_dump()
    assert run(films, tmp_path / "again", "--check", str(base)) == 0
    data = json.loads(base.read_text("utf-8"))
    data["digests"]["phone"] = data["digests"]["phone"].removesuffix(" PQ by rule 1")  # one of before
    base.write_text(json.dumps(data), "utf-8")
    capsys.readouterr()
    assert run(films, tmp_path / "later", "--check", str(base)) == 2
    said = capsys.readouterr().err
    assert "or how HDR is shown): clip 'phone' is another video in" in said
    assert "plain" not in said
    assert run(films / "plain.mp4", tmp_path / "part", "--check", str(base)) == 3  # of the same video: one clip is lost


def test_as_stored_it_is_another_protocol(films, tmp_path, capsys):
    base = tmp_path / "base.json"
    assert run(films, tmp_path / "first", "--check", str(base), "--update-baseline") == 0
    capsys.readouterr()
    assert run(films, tmp_path / "other", "--hdr", "stored", "--check", str(base)) == 2
    assert "hdr was 'tone-map' and is 'stored'" in capsys.readouterr().err
    assert run(films, tmp_path / "other", "--hdr", "stored") == 0
    assert {clip.tone_mapped for clip in read_manifest(tmp_path / "other").clips} == {""}
