"""Readers of published lists: their formats on made-up lists, their totals on the real ones."""

import hashlib

import pytest

from bench.clips import Box
from bench.errors import BenchError
from bench.suites.lists import hdtf, talkinghead_1kh, voxceleb, voxceleb2
from bench.suites.lists.listed import ListedBox, Span
from tests.material import SHARED, needs

LISTS = SHARED / "lists"
HEAD = "video_id,start,end,bbox,fps,width,height,partition,person_id\n"


def written(path, text, *, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)
    return path


class TestListed:
    def test_spans_of_a_reference_rate_are_times(self):
        assert Span(50, 75, 25).seconds(own_fps=30) == (2.0, 3.0)
        assert Span(80, 95, 1).seconds(own_fps=30) == (80.0, 95.0)

    @pytest.mark.parametrize("fps", [23.976023976, 25, 29.97002997, 59.94005994])
    def test_own_frames_are_taken_from_the_first_to_the_last(self, fps):
        for start, end in ((0, 7), (100, 101), (12345, 12399)):
            begin, stop = Span(start, end, None).seconds(fps)
            taken = [n for n in range(start - 2 if start else 0, end + 3) if begin <= n / fps < stop]
            assert taken == list(range(start, end))

    def test_boxes_are_scaled_truncated_and_kept_inside(self):
        box = ListedBox(92, 10, 361, 355, 640, 360)
        assert box.within(640, 360) == Box(92, 10, 361, 355)
        assert box.within(1280, 720) == Box(184, 20, 722, 710)
        assert box.within(320, 270) == Box(46, 7, 180, 266)
        assert ListedBox(-5, -5, 700, 400, 640, 360).within(640, 360) == Box(0, 0, 640, 360)

    def test_a_listed_height_scales_both_axes(self):
        assert ListedBox(100, 0, 300, 200, None, 720).within(1920, 1080) == Box(150, 0, 450, 300)
        assert ListedBox(100, 0, 300, 200).within(1920, 1080) == Box(100, 0, 300, 200)


class TestVoxCeleb:
    ROW = "aB-c_dEfG12,1093,1192,92-0-360-354,25,640,360,test,id10280\n"

    def test_a_row(self, tmp_path):
        other = self.ROW.replace("test", "train")
        path = written(tmp_path / "vox.csv", HEAD + other + self.ROW)
        (clip,) = voxceleb.read(path)
        assert clip.id == "id10280#aB-c_dEfG12#001093#001192"
        assert (clip.video, clip.person) == ("aB-c_dEfG12", "id10280")
        assert clip.span.seconds(25) == (1093 / 25, 1192 / 25)
        assert clip.box.within(640, 360) == Box(92, 0, 360, 354)
        assert len(voxceleb.read(path, partition=None)) == 2

    def test_a_clip_that_is_named_twice_is_told_apart(self, tmp_path):
        twice = HEAD + self.ROW + self.ROW.replace("92-0", "90-0")
        clips = voxceleb.read(written(tmp_path / "vox.csv", twice))
        assert [clip.id[-8:] for clip in clips] == ["3#001192", "001192#2"]

    @pytest.mark.parametrize("bad", ["x,y", "v,1,2,3-4-5,25,640,360,test,id1", "v,1,b,1-2-3-4,25,640,360,test,id1"])
    def test_a_wrong_row_is_named(self, tmp_path, bad):
        path = written(tmp_path / "vox.csv", HEAD + self.ROW + bad + "\n")
        with pytest.raises(BenchError, match=r"vox\.csv, line 3"):
            voxceleb.read(path, partition=None)

    @pytest.mark.parametrize("bad", ["garbage", ROW.strip() + ",more"])
    def test_a_damaged_row_is_not_taken_for_another_partitions(self, tmp_path, bad):
        path = written(tmp_path / "vox.csv", HEAD + self.ROW + bad + "\n")
        with pytest.raises(BenchError, match=r"vox\.csv, line 3"):
            voxceleb.read(path)

    def test_a_missing_or_other_file_says_what_to_put_there(self, tmp_path):
        with pytest.raises(BenchError, match=r"missing: put vox-metadata\.csv of github"):
            voxceleb.read(tmp_path / "vox.csv")
        with pytest.raises(BenchError, match=r"has not the columns .*put vox-metadata\.csv"):
            voxceleb.read(written(tmp_path / "vox.csv", "a,b\n1,2\n"))

    @pytest.mark.shared
    @needs(LISTS / "vox-metadata.csv")
    def test_the_published_list(self):
        path = LISTS / "vox-metadata.csv"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == voxceleb.SHA256
        clips = voxceleb.read(path)
        assert len({clip.id for clip in clips}) == len(clips) == 525
        assert len({clip.video for clip in clips}) == 90
        assert len({clip.person for clip in clips}) == 13
        assert sum(clip.span.end - clip.span.start for clip in clips) == 132_606
        everything = voxceleb.read(path, partition=None)
        assert len(everything) == 20_075
        assert len({clip.id for clip in everything}) == 20_075


class TestVoxCeleb2:
    TRACK = (
        "Identity  : \tid00015\nReference : \taB-c_dEfG12\nOffset    : \t-3\nFV Conf   : \t20.3\t(1)\n\n"
        "FRAME \tX \tY \tW \tH \n000096 \t0.400 \t0.200 \t0.200 \t0.400 \n000097 \t0.380 \t0.210 \t0.200 \t0.400 \n"
    )

    def test_a_track(self, tmp_path):
        written(tmp_path / "id00015" / "aB-c_dEfG12" / "00003.txt", self.TRACK)
        (clip,) = voxceleb2.read(tmp_path)
        assert clip.id == "id00015#aB-c_dEfG12#00003"
        assert clip.span == Span(96, 98, 25)
        # around both boxes (0.38–0.60, 0.20–0.61), grown by a tenth
        assert clip.box.within(1000, 1000) == Box(358, 159, 622, 651)

    def test_files_of_another_kind_are_named(self, tmp_path):
        written(tmp_path / "00001.txt", "hello\n")
        with pytest.raises(BenchError, match=r"00001\.txt is no VoxCeleb2 track file"):
            voxceleb2.read(tmp_path)
        written(tmp_path / "00001.txt", self.TRACK + "000098 0.1 0.2\n")
        with pytest.raises(BenchError, match="line 9"):
            voxceleb2.read(tmp_path)

    def test_no_files_says_what_to_put_there(self, tmp_path):
        with pytest.raises(BenchError, match="holds no track files: put the folder"):
            voxceleb2.read(tmp_path / "nowhere")


class TestHdtf:
    def group(self, folder, *, crops="Ann1_0.mp4 483 390 10 390\nAnn1_2.mp4 100 200 0 200"):
        written(folder / "WDA_annotion_time.txt", "Ann1.mp4 00:20-01:35 02:00-02:10 10:05-11:00 \nBob.mp4 00:05-00:10")
        written(folder / "WDA_resolution.txt", "Ann1.mp4 720\nBob.mp4 1080\n", encoding="utf-8-sig")
        written(folder / "WDA_crop_wh.txt", crops)
        return folder

    def test_clips_are_the_spans_with_a_crop(self, tmp_path):
        first, last = hdtf.read(self.group(tmp_path), groups=("WDA",))
        assert (first.id, first.video, first.person) == ("WDA_Ann1_0", "Ann1", "Ann")
        assert first.span.seconds(30) == (20, 95)
        assert first.box.within(1280, 720) == Box(483, 10, 873, 400)
        assert first.box.within(1920, 1080) == Box(724, 15, 1309, 600)
        assert (last.id, last.span.seconds(25)) == ("WDA_Ann1_2", (605, 660))

    @pytest.mark.parametrize(
        ("crop", "message"),
        [
            ("Ann1_0.mp4 1 2 3", "is not 'NAME_INDEX"),
            ("Ann1_3.mp4 1 2 3 4", "has no span"),
            ("Cid_0.mp4 1 2 3 4", "has no span"),
        ],
    )
    def test_a_wrong_line_is_named(self, tmp_path, crop, message):
        with pytest.raises(BenchError, match=f"line 1: .*{message}"):
            hdtf.read(self.group(tmp_path, crops=crop), groups=("WDA",))

    def test_a_missing_file_says_what_to_put_there(self, tmp_path):
        with pytest.raises(BenchError, match=r"RD_annotion_time\.txt is missing: put the files of HDTF_dataset"):
            hdtf.read(tmp_path)

    @pytest.mark.shared
    @needs(LISTS / "hdtf")
    def test_the_published_lists(self):
        folder = LISTS / "hdtf"
        for name, digest in hdtf.SHA256.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        counts = {group: len(hdtf.read(folder, groups=(group,))) for group in hdtf.GROUPS}
        assert counts == {"RD": 64, "WDA": 189, "WRA": 168}
        clips = hdtf.read(folder)
        assert len({clip.id for clip in clips}) == len(clips)


class TestTalkingHead1KH:
    def test_a_line(self, tmp_path):
        path = written(tmp_path / "val.txt", "1lSejjfNHpw_0075,1080,1920,0,1000,568,0,1312,744\n\n")
        (clip,) = talkinghead_1kh.read(path)
        assert clip.id == "1lSejjfNHpw_0075_S0_E1000_L568_T0_R1312_B744"
        assert clip.span == Span(0, 1001, None)  # the last frame is inside
        assert clip.box.within(1280, 720) == Box(378, 0, 874, 496)

    @pytest.mark.parametrize("bad", ["video,1,2,3", "video,a,1,1,1,1,1,1,1", "nothing"])
    def test_a_wrong_line_is_named(self, tmp_path, bad):
        path = written(tmp_path / "val.txt", f"v,1,1,1,1,1,1,1,1\n{bad}\n")
        with pytest.raises(BenchError, match=r"val\.txt, line 2: .* is not 'video,H,W,S,E,L,T,R,B'"):
            talkinghead_1kh.read(path)

    def test_a_missing_file_says_what_to_put_there(self, tmp_path):
        with pytest.raises(BenchError, match=r"missing: put the tube list .*data_list\.zip"):
            talkinghead_1kh.read(tmp_path / "val.txt")
