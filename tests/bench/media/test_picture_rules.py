"""How pictures become frames: HDR, interlaced material, other shapes, transparency, and what is told of each."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from bench.errors import MediaError
from bench.media._pictures.fit import fitted, inside, middle, squeeze
from bench.media._pictures.tone_map import to_sdr
from bench.media.image import blank, read_source, transparency
from bench.media.picture_rules import PictureRules
from bench.media.resize import DEFAULT, resize
from bench.media.video_reader import VideoReader
from tests.bench.footage import pictures, write

BT2020_OF_BT709 = np.array(
    [[0.627404, 0.329283, 0.043313], [0.069097, 0.919540, 0.011362], [0.016391, 0.088013, 0.895595]]
)


def pq_code(light: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084: code values in 0 … 1 of light in cd/m²."""
    power = (light / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg_code(light: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100: code values of light (…, 3) in cd/m² on a display of 1,000 cd/m²."""
    luminance = (light / 1000) @ np.array([0.2627, 0.6780, 0.0593])
    scene = light / 1000 * np.maximum(luminance, 1e-9)[..., None] ** (1 / 1.2 - 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


CODES = {"PQ": pq_code, "HLG": hlg_code}


def as_hdr(rgb: np.ndarray, kind: str) -> np.ndarray:
    """SDR (H, W, 3) uint8 put into HDR as BT.2408 says: white at 203 cd/m²."""
    light = 203 * (rgb / 255) ** 2.4 @ BT2020_OF_BT709.T
    return np.rint(65535 * CODES[kind](light)).astype(np.uint16)


@pytest.mark.parametrize("kind", ["PQ", "HLG"])
def test_sdr_in_an_hdr_file_comes_back(kind):
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    back = to_sdr(as_hdr(rgb, kind), kind, wide=True)
    off = np.abs(back.astype(int) - rgb)
    assert off.mean() < 0.02
    assert off[rgb >= 32].max() <= 1  # in darker channels, the steps of the brighter ones show


@pytest.mark.parametrize(("kind", "white"), [("PQ", 0.58068888), ("HLG", 0.75)])
def test_reference_white_is_white_and_brighter_is_clipped(kind, white):
    code = np.full((1, 1, 3), round(65535 * white), np.uint16)
    assert to_sdr(code, kind, wide=True).min() >= 254
    assert to_sdr(np.full((1, 1, 3), 65535, np.uint16), kind, wide=True).tolist() == [[[255, 255, 255]]]
    assert to_sdr(np.zeros((1, 1, 3), np.uint16), kind, wide=True).tolist() == [[[0, 0, 0]]]


def hdr_film(path: Path, kind: str, count: int = 3) -> tuple[Path, list[np.ndarray]]:
    """HEVC of 10 bits with its flags, the frames beside it."""
    if "libx265" not in av.codecs_available:
        pytest.skip("this FFmpeg has no libx265")
    frames = [np.ascontiguousarray(frame[8:]) for frame in pictures(count, height=136, width=128)]
    transfer = {"PQ": "smpte2084", "HLG": "arib-std-b67"}[kind]
    flags = f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    with av.open(str(path), "w") as output:
        track = output.add_stream("libx265", rate=25, options={"crf": "5", "x265-params": flags})
        track.height, track.width, track.pix_fmt = 128, 128, "yuv420p10le"
        track.codec_context.color_trc = {"PQ": 16, "HLG": 18}[kind]
        track.codec_context.color_primaries = 9
        track.codec_context.colorspace = 9
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(as_hdr(frame, kind), format="rgb48le")
            picture = picture.reformat(format="yuv420p10le", dst_colorspace=av.video.reformatter.Colorspace.BT2020)
            picture.color_trc, picture.color_primaries, picture.colorspace = track.codec_context.color_trc, 9, 9
            output.mux(track.encode(picture))
        output.mux(track.encode(None))
    return path, frames


@pytest.mark.parametrize("kind", ["PQ", "HLG"])
def test_hdr_is_tone_mapped_and_always_told(tmp_path, kind):
    path, frames = hdr_film(tmp_path / "phone.mov", kind)
    wanted = np.stack(frames).transpose(0, 3, 1, 2).astype(float)
    found = {}
    for rule in ("tone-map", "stored"):
        with VideoReader(path, rules=PictureRules(hdr=rule)) as reader:
            pixels = torch.cat([batch.pixels for batch in reader]).numpy()
        found[rule] = 10 * np.log10(255**2 / ((pixels - wanted) ** 2).mean())
        assert any(f"{kind} video (HDR)" in told for told in reader.warnings)
    assert found["tone-map"] > max(32, found["stored"] + 10)
    with pytest.raises(MediaError, match=rf"phone\.mov is {kind} video \(HDR\): convert it to SDR"):
        VideoReader(path, rules=PictureRules(hdr="refuse"))


def interlaced_film(path: Path) -> Path:
    """Fifty moments a second, two a frame, upper lines first: a bright bar that moves by 8 pixels a moment."""
    with av.open(str(path), "w") as output:
        track = output.add_stream(
            "libx264", rate=25, options={"crf": "4", "flags": "+ilme+ildct", "x264-params": "tff=1:log-level=none"}
        )
        track.height, track.width, track.pix_fmt = 64, 256, "yuv420p"
        for number in range(12):
            rgb = np.full((64, 256, 3), 40, np.uint8)
            for field in (0, 1):
                left = 8 * (2 * number + field)
                rgb[field::2, left : left + 48] = 220
            output.mux(track.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        output.mux(track.encode(None))
    return path


def combs(pixels: np.ndarray) -> float:
    """How much each line differs from the mean of its neighbours."""
    lines = pixels.astype(float)
    return float(np.abs(2 * lines[:, :, 1:-1] - lines[:, :, :-2] - lines[:, :, 2:]).mean())


def test_interlaced_video_is_told_and_made_whole_on_request(tmp_path):
    path = interlaced_film(tmp_path / "camera.mp4")
    found, times = {}, {}
    for rule in ("off", "bwdif"):
        with VideoReader(path, rules=PictureRules(deinterlace=rule)) as reader:
            batches = list(reader)
        assert any("interlaced" in told for told in reader.warnings)
        found[rule] = torch.cat([batch.pixels for batch in batches]).numpy()
        times[rule] = np.concatenate([batch.times for batch in batches])
    assert found["off"].shape == found["bwdif"].shape
    np.testing.assert_array_equal(times["off"], times["bwdif"])
    assert combs(found["bwdif"]) < combs(found["off"]) / 4


def test_progressive_video_is_left_alone(tmp_path):
    path = write(tmp_path / "plain.mp4", pictures(4))
    ways = [PictureRules(), PictureRules(deinterlace="bwdif"), PictureRules(hdr="stored"), PictureRules(hdr="refuse")]
    readings = []
    for rules in ways:
        with VideoReader(path, rules=rules) as reader:
            readings.append(torch.cat([batch.pixels for batch in reader]))
        assert reader.warnings == ()
    assert all(torch.equal(readings[0], reading) for reading in readings[1:])


def test_fits_of_a_wide_picture():
    pixels = torch.from_numpy(np.stack(pictures(2, height=90, width=160)).transpose(0, 3, 1, 2).copy())
    size = (64, 64)
    stretched = fitted(pixels, size, fit="stretch", kernel=DEFAULT)
    assert torch.equal(stretched, resize(pixels, size))
    cropped = fitted(pixels, size, fit="crop", kernel=DEFAULT)
    assert torch.equal(cropped, resize(pixels[..., 35:125].contiguous(), size))
    padded = fitted(pixels, size, fit="pad", kernel=DEFAULT)
    assert torch.equal(padded[:, :, 14:50], resize(pixels, (36, 64)))
    assert not padded[:, :, :14].any()
    assert not padded[:, :, 50:].any()


@pytest.mark.parametrize(
    ("picture", "size", "box", "inner", "by"),
    [
        ((360, 640), (256, 256), (140, 0, 500, 360), (144, 256), 16 / 9),
        ((640, 360), (256, 256), (0, 140, 360, 500), (256, 144), 16 / 9),
        ((256, 256), (256, 256), (0, 0, 256, 256), (256, 256), 1.0),
        ((100, 200), (128, 256), (0, 0, 200, 100), (128, 256), 1.0),
        ((1, 1000), (16, 16), (499, 0, 500, 1), (1, 16), 1000.0),
    ],
)
def test_boxes_of_fits(picture, size, box, inner, by):
    assert tuple(middle(*picture, size)) == box
    assert inside(*picture, size) == inner
    assert squeeze(*picture, size) == pytest.approx(by)


def test_a_reader_knows_by_how_much_it_squeezes(tmp_path):
    path = write(tmp_path / "wide.mp4", pictures(2, height=72, width=128))
    assert VideoReader(path, size=(64, 64)).squeeze == pytest.approx(16 / 9)
    assert VideoReader(path, size=(72, 128)).squeeze == 1
    assert VideoReader(path, size=(64, 64), rules=PictureRules(fit="crop")).squeeze == 1
    assert VideoReader(path).squeeze == 1


def see_through(path: Path) -> Path:
    rgba = np.dstack([pictures(1, height=64, width=64)[0], np.full((64, 64), 255, np.uint8)])
    rgba[:, :16] = (255, 0, 255, 0)
    Image.fromarray(rgba).save(path)
    return path


def test_a_source_picture_with_hidden_colours_is_told(tmp_path):
    path = see_through(tmp_path / "hidden.png")
    assert transparency(path) == (
        "source 'hidden.png' is transparent in 25% of its pixels: the colours hidden there are used",
    )
    assert read_source(path, size=(64, 64))[:, :, 0].float().mean(1).tolist() == [255, 0, 255]
    opaque = tmp_path / "opaque.png"
    Image.open(path).convert("RGB").save(opaque)
    assert transparency(opaque) == ()


def test_a_video_with_hidden_colours_is_told(tmp_path):
    path = tmp_path / "hidden.mkv"
    rgba = np.asarray(Image.open(see_through(tmp_path / "hidden.png")))
    with av.open(str(path), "w") as output:
        track = output.add_stream("ffv1", rate=25)
        track.height, track.width, track.pix_fmt = 64, 64, "bgra"
        output.mux(track.encode(av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="bgra")))
        output.mux(track.encode(None))
    with VideoReader(path) as reader:
        assert sum(map(len, reader)) == 1
    assert any("transparent in 25%" in told for told in reader.warnings)
    assert "source 'hidden.mkv' is transparent in 25%" in transparency(path)[0]


def test_a_source_that_shows_nothing_is_told():
    black = torch.full((3, 32, 32), 3, dtype=torch.uint8)
    assert "its source frame, the first, is black" in blank(black, own=True)[0]
    assert "--source" in blank(black, own=True)[0]
    assert "its source is black" in blank(black, own=False)[0]
    assert "is blank" in blank(torch.full((3, 32, 32), 180, dtype=torch.uint8), own=True)[0]
    portrait = torch.from_numpy(pictures(1)[0].transpose(2, 0, 1).copy())
    assert blank(portrait, own=True) == ()
    assert blank(portrait // 8, own=True) == ()  # dark, and something is there
