"""HDR and wide-gamut pictures brought to SDR, by a rule that stands in docs/media.md.

Code values become light on the display (PQ: SMPTE ST 2084; HLG: ITU-R BT.2100 with its system gamma of 1.2 for a peak
of 1,000 cd/m²; else gamma 2.4), 203 cd/m² (the reference white of ITU-R BT.2408) become 1, BT.2020 primaries become
those of BT.709 (ITU-R BT.2087), what is brighter than white or outside the gamut is clipped channel by channel, and
light becomes code values again by ITU-R BT.1886 (gamma 2.4, black at 0). No curve bends what an SDR display can show,
so SDR that was put into an HDR file comes back as it was.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from bench.media.picture_rules import Hdr

RULE = 1
"""Raised whenever the same picture would become another."""

Range = Literal["SDR", "PQ", "HLG", "BT.2020"]
"""What a picture's code values mean; BT.2020: SDR with wide-gamut primaries."""

WHITE = 203.0
"""cd/m² that become SDR's white."""

_PEAK = 1000.0  # cd/m² of the display that HLG is shown on
_SYSTEM_GAMMA = 1.2
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)  # BT.2020
_TO_BT709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]], np.float32
)
_TRANSFERS: dict[int, Range] = {16: "PQ", 18: "HLG"}  # ITU-T H.273
_BT2020 = 9
_P3 = (11, 12)
_UNKNOWN = 2


def dynamic_range(picture: av.VideoFrame | av.VideoCodecContext) -> Range:
    """What the picture, or a whole stream, is flagged as."""
    found = _TRANSFERS.get(picture.color_trc)
    return found or ("BT.2020" if picture.color_primaries == _BT2020 else "SDR")


def tone_mapped(kind: Range, hdr: Hdr) -> str:
    """What pictures are brought to SDR from, and by which rule; empty where they are used as stored."""
    return "" if kind == "SDR" or hdr != "tone-map" else f"{kind} by rule {RULE}"


def is_p3(picture: av.VideoFrame) -> bool:
    """Whether its primaries are those of P3, as cinema and some screens have them."""
    return picture.color_primaries in _P3


def is_wide(picture: av.VideoFrame) -> bool:
    """Whether its primaries are those of BT.2020; HDR that does not say is."""
    return picture.color_primaries in (_BT2020, _UNKNOWN)


def to_sdr(rgb: NDArray[np.uint16], kind: Range, *, wide: bool) -> NDArray[np.uint8]:
    """(H, W, 3) full-range R'G'B' of 16 bits → (H, W, 3) uint8 of SDR with BT.709 primaries."""
    light = _light(kind)[rgb]
    if kind == "HLG":
        light *= (_PEAK / WHITE) * np.power(light @ _LUMINANCE, np.float32(_SYSTEM_GAMMA - 1))[..., None]
    if wide:
        light = light @ _TO_BT709.T
    np.clip(light, 0, 1, out=light)
    return np.asarray(np.rint(np.power(light, np.float32(1 / 2.4)) * 255), np.uint8)


@lru_cache(maxsize=4)
def _light(kind: Range) -> NDArray[np.float32]:
    """(65536,): the light of every code value, white as 1; of HLG that of the scene."""
    code = np.arange(65536) / 65535
    if kind == "PQ":
        root = np.power(code, 32 / 2523)
        light = (
            10000 / WHITE * np.power(np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root), 8192 / 1305)
        )
    elif kind == "HLG":
        a = 0.17883277
        b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    else:
        light = np.power(code, 2.4)
    return light.astype(np.float32)
