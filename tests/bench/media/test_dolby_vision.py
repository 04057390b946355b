"""Colours that cannot be shown right are told: Dolby Vision in IPT, and P3 primaries."""

import struct

import av
import pytest

from bench.errors import MediaError
from bench.media._pictures.dolby_vision import is_ipt
from bench.media.picture_rules import PictureRules
from bench.media.probe import probe
from bench.media.video_reader import VideoReader
from tests.bench.footage import pictures, write
from tests.bench.media.test_picture_rules import hdr_film


def record(profile, compatible, *, major=1):
    """A configuration record of 24 bytes (Dolby Vision streams within ISO media, 3.2): with RPU and base layer."""
    bits = profile << 25 | 6 << 19 | 0b101 << 16 | compatible << 12
    return bytes([major, 0]) + struct.pack(">I", bits) + bytes(18)


def with_record(source, path, contents, *, kind=b"dvcC"):
    """An MP4, its index at the end, with one more box behind the sample entry's last."""
    data = bytearray(source.read_bytes())
    box = struct.pack(">I4s", 8 + len(contents), kind) + contents
    entry = max(data.rfind(name) for name in (b"hvc1", b"hev1", b"avc1")) - 4
    end = entry + struct.unpack_from(">I", data, entry)[0]
    data[end:end] = box
    assert data.find(b"mdat") < entry  # or samples would have moved
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
        at = data.find(name, data.find(b"moov")) - 4
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + len(box))
    struct.pack_into(">I", data, entry, end - entry + len(box))
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def phone(tmp_path_factory):
    return hdr_film(tmp_path_factory.mktemp("phone") / "phone.mp4", "PQ")[0]


@pytest.mark.parametrize(
    "profile, compatible, kind, expected",
    [
        (5, 0, b"dvcC", True),
        (10, 0, b"dvvC", True),
        (8, 1, b"dvvC", False),  # shown as HDR10
        (8, 4, b"dvvC", False),  # a phone's: shown as HLG
        (7, 6, b"dvcC", False),
    ],
)
def test_profiles_of_ipt_are_told(phone, tmp_path, profile, compatible, kind, expected):
    path = with_record(phone, tmp_path / "film.mp4", record(profile, compatible), kind=kind)
    assert probe(path).ipt == is_ipt(path) == expected
    with VideoReader(path) as reader:
        assert sum(len(frames) for frames in reader) == 3
    assert any("IPT, which cannot be shown right" in told for told in reader.warnings) == expected
    if expected:
        with pytest.raises(MediaError, match=r"film\.mp4 is Dolby Vision .*libplacebo\), or leave --hdr refuse out"):
            VideoReader(path, rules=PictureRules(hdr="refuse"))


def test_no_other_file_is(phone, tmp_path):
    assert not probe(phone).ipt
    plain = write(tmp_path / "plain.mp4", pictures(3))
    assert not probe(with_record(plain, tmp_path / "avc.mp4", record(5, 0))).ipt  # H.264 has no such profile
    (tmp_path / "matroska.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(40) + b"dvcC\x41\xed\x98" + record(5, 0))
    assert is_ipt(tmp_path / "matroska.mkv")
    for cut in (b"", b"\0\0\0\x08ftyp", b"\0\0\0\x01ftyp\0\0", b"\0\0\0\x10moovdvcC\x01"):
        (tmp_path / "cut.mp4").write_bytes(cut)
        assert not is_ipt(tmp_path / "cut.mp4")


@pytest.mark.parametrize("primaries, expected", [(1, False), (11, True), (12, True)])
def test_p3_is_told(tmp_path, primaries, expected):
    with av.open(str(tmp_path / "film.mp4"), "w") as output:
        track = output.add_stream("libx264", rate=25)
        track.height, track.width, track.pix_fmt = 64, 96, "yuv420p"
        track.codec_context.color_primaries = primaries
        for rgb in pictures(3):
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            picture.color_primaries = primaries
            output.mux(track.encode(picture))
        output.mux(track.encode(None))
    told = probe(tmp_path / "film.mp4").warnings
    assert any("P3 primaries" in sentence for sentence in told) == expected
