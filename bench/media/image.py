"""Still pictures: the source of a cross-identity clip, and what becomes of pictures that are not 8-bit RGB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from bench.errors import MediaError
from bench.media._pictures.fit import fitted
from bench.media._pictures.limits import check_size
from bench.media.picture_rules import DEFAULT as DEFAULT_RULES
from bench.media.picture_rules import PictureRules
from bench.media.probe import probe
from bench.media.resize import DEFAULT
from bench.media.video_reader import VideoReader

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})

_DARK, _FLAT = 16.0, 4.0  # mean level of a black frame, and the spread of levels in a blank one


def read_source(
    path: Path, *, size: tuple[int, int], kernel: str = DEFAULT, rules: PictureRules = DEFAULT_RULES
) -> Tensor:
    """(3, H, W) uint8 RGB at `size` (height, width), by the same kernel that prepares driving frames.

    Raises:
        MediaError: the file is neither a picture nor a video that can be read.
    """
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        with VideoReader(path, size=size, batch=1, kernel=kernel, rules=rules) as reader:
            return next(iter(reader)).pixels[0]
    with picture(path, "the source picture", "give a PNG or JPEG file") as image:
        upright = to_rgb(ImageOps.exif_transpose(image), path)
    pixels = torch.from_numpy(upright).permute(2, 0, 1)[None].contiguous()
    return fitted(pixels, size, fit=rules.fit, kernel=kernel)[0]


def tone_mapped_source(path: Path, *, rules: PictureRules) -> str:
    """What a source video is brought to SDR from, and by which rule; empty for SDR and for pictures.

    Raises:
        MediaError: the video cannot be read, or is HDR that is to be refused.
    """
    return "" if path.suffix.lower() in IMAGE_SUFFIXES else VideoReader(path, rules=rules).tone_mapped


@contextmanager
def picture(path: Path, what: str, remedy: str) -> Iterator[Image.Image]:
    """A picture file opened; `what` it is and the `remedy` stand in the sentence where it cannot be read.

    Raises:
        MediaError: it cannot be read, or is larger than any picture that is made.
    """
    try:
        with Image.open(path) as image:
            check_size(*image.size, path)
            yield image
    except MediaError:
        raise
    except Exception as error:  # every format of Pillow has errors of its own
        raise MediaError(f"{what} '{path}' cannot be read ({error}): {remedy}") from None


def transparency(path: Path) -> tuple[str, ...]:
    """A sentence for a source with transparent pixels, whose hidden colours are used.

    Raises:
        MediaError: a source video cannot be read.
    """
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        return _transparent(path, probe(path).transparent)
    try:
        with picture(path, "the source picture", "give a PNG or JPEG file") as image:
            if not image.has_transparency_data:
                return ()
            hidden = float((np.array(image.convert("RGBA"))[..., 3] < 255).mean())
    except MediaError:
        return ()  # reading it says why
    return _transparent(path, hidden)


def _transparent(path: Path, share: float) -> tuple[str, ...]:
    told = f"source '{path.name}' is transparent in {share:.0%} of its pixels: the colours hidden there are used"
    return (told,) if share else ()


def blank(source: Tensor, *, own: bool) -> tuple[str, ...]:
    """A sentence for a source (3, H, W) uint8 that shows nothing; `own`: the clip's first frame."""
    level, spread = float(source.double().mean()), float(source.double().std())
    if spread > _FLAT or (level > _DARK and spread > 1):
        return ()
    what = "black" if level <= _DARK else "blank"
    remedy = ": name a picture with --source, or cut the clip's beginning off" if own else ""
    return (f"its source {'frame, the first, ' if own else ''}is {what}, and every setting animates it{remedy}",)


def to_rgb(image: Image.Image, path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) of a picture of any mode, opened from `path`; transparency is dropped.

    Of 16 bits the upper 8 are taken, of grey as Pillow itself does of RGB.

    Raises:
        MediaError: its values are of no known range (floats, 32-bit integers).
    """
    if image.mode in ("I", "F"):
        kind = "32-bit integers" if image.mode == "I" else "floats"
        raise MediaError(f"the picture '{path}' holds {kind}, whose white is not known: write it with 8 or 16 bits")
    if image.mode.startswith("I;16"):
        grey = (np.array(image) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.array(image.convert("RGB"))
