import numpy as np
import pytest
import torch
from PIL import Image

from bench.errors import MediaError
from bench.picture_folder import PictureFolder


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
