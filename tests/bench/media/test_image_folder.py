from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from PIL import Image

from bench.errors import MediaError
from bench.media.image import read_source
from bench.media.image_folder import PictureFolder


def write(folder, names, *, size=8):
    folder.mkdir(exist_ok=True)
    for value, name in enumerate(names):
        Image.fromarray(np.full((size, size, 3), value, np.uint8)).save(folder / name)
    return folder


def test_frames_come_in_the_order_of_their_numbers(tmp_path):
    folder = write(tmp_path / "x", [f"frame{number}.png" for number in range(40)])
    batches = list(PictureFolder(folder, 25.0))
    pixels = torch.cat([frames.pixels for frames in batches])
    assert pixels[:, 0, 0, 0].tolist() == list(range(40))
    assert np.concatenate([frames.times for frames in batches]) == pytest.approx(np.arange(40) / 25)


@pytest.mark.parametrize("names", [[], ["a.jpg"]])
def test_a_folder_without_lossless_pictures_is_an_error(tmp_path, names):
    with pytest.raises(MediaError, match="no pictures"):
        list(PictureFolder(write(tmp_path / "x", names), 25.0))


def test_a_broken_picture_is_named(tmp_path):
    folder = write(tmp_path / "x", ["a.png"])
    (folder / "b.png").write_bytes(b"no")
    with pytest.raises(MediaError, match=r"b\.png"):
        list(PictureFolder(folder, 25.0))


def test_sizes_must_agree(tmp_path):
    folder = write(tmp_path / "x", ["a.png"])
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder / "b.png")
    with pytest.raises(MediaError, match="differ in size"):
        list(PictureFolder(folder, 25.0))


def values(folder):
    return torch.cat([frames.pixels for frames in PictureFolder(folder, 25.0)])[:, 0, 0, 0].tolist()


@pytest.mark.parametrize(
    "names, missing",
    [
        (["f_000.png", "f_001.png", "f_002.png", "f_004.png"], 3),
        (["clip2_9_v1.png", "clip2_12_v1.png"], 10),
        (["7.png", "9.tif", "notes.png"], 8),
    ],
)
def test_a_missing_number_is_named(tmp_path, names, missing):
    with pytest.raises(MediaError, match=f"lack number {missing}: "):
        values(write(tmp_path / "x", names))


@pytest.mark.parametrize(
    "names",
    [["f7.png", "f8.png", "f9.png", "f10.png"], ["a.png", "b.png", "d.png"], ["s1_5.png", "s2_9.png"], ["f²3.png"]],
)
def test_numbers_begin_anywhere_and_other_names_have_no_gaps(tmp_path, names):
    assert values(write(tmp_path / "x", names)) == list(range(len(names)))


def test_hidden_files_are_no_frames(tmp_path):
    folder = write(tmp_path / "x", ["0.png", "1.png"])
    (folder / "._0.png").write_bytes(b"AppleDouble")
    assert values(folder) == [0, 1]


WIDE = np.array([[0, 255, 256, 32767, 32768, 65535]], np.uint16)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_grey_is_what_sixteen_bit_rgb_is(tmp_path, suffix):
    folder = tmp_path / "x"
    folder.mkdir()
    Image.fromarray(WIDE).save(folder / f"0{suffix}")
    frame = next(iter(PictureFolder(folder, 25.0))).pixels[0]
    assert frame[:, 0].tolist() == [[0, 0, 1, 127, 128, 255]] * 3
    assert torch.equal(read_source(folder / f"0{suffix}", size=(1, 6)), frame)
    coded = av.VideoFrame.from_ndarray(np.repeat(WIDE[:, :, None], 3, axis=2), format="rgb48be")
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 6, 1, "rgb48be", Fraction(1, 25)
    (folder / "1.png").write_bytes(b"".join(bytes(packet) for packet in encoder.encode(coded)))
    assert torch.equal(read_source(folder / "1.png", size=(1, 6)), frame)


@pytest.mark.parametrize("kind, words", [(np.float32, "holds floats"), (np.int32, "holds 32-bit integers")])
def test_pictures_of_no_known_range_are_an_error(tmp_path, kind, words):
    folder = tmp_path / "x"
    folder.mkdir()
    Image.fromarray(np.zeros((4, 4), kind)).save(folder / "0.tif")
    with pytest.raises(MediaError, match=words):
        values(folder)
    with pytest.raises(MediaError, match=words):
        read_source(folder / "0.tif", size=(4, 4))
