import torch

from bench.clips import Clip
from bench.errors import MediaError
from bench.frames import Frames
from bench.media.probe import probe
from bench.media.video_reader import VideoReader
from bench.rows import ORIGINAL, Row
from bench.run import kept_videos as module
from bench.run.kept_videos import ClipVideos
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from tests.films import portrait_film, portrait_frames


class Full(module.VideoWriter):
    """A writer whose disk is full for the video of the setting."""

    def write(self, frames, times=None):
        super().write(frames, times)
        if "original" in str(self.path):
            raise MediaError("no space left on the device")


def test_a_video_that_cannot_be_written_is_a_warning_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "VideoWriter", Full)
    film = portrait_film(tmp_path / "one.mp4", count=4)
    plan = Plan(out=tmp_path / "run", model=ModelPlan("copy"), settings=(Setting(),), metrics=(), size=(64, 64))
    frames = Frames.of(torch.from_numpy(portrait_frames(4)))
    with ClipVideos(Clip("one", film), plan, probe(film)) as videos:
        for _ in range(2):
            videos.write(frames, {ORIGINAL: frames})
    assert list(videos.written) == ["reference"]
    assert videos.warnings == ["its video 'original' could not be written: no space left on the device"]
    left = [path.name for path in (tmp_path / "run" / "videos").rglob("*") if path.is_file()]
    assert left == ["one.mp4"]


def test_a_rows_video_ends_where_its_predictions_end_and_its_panel_goes_black(tmp_path):
    film = portrait_film(tmp_path / "one.mp4", count=8)
    settings = (Setting(), Setting.parse("free-view:30,0,0"))
    plan = Plan(
        out=tmp_path / "run", model=ModelPlan("copy"), settings=settings, metrics=(), size=(64, 64), codec="ffv1",
        side_by_side=True,
    )  # fmt: skip
    frames = Frames.of(torch.from_numpy(portrait_frames(8)))
    short, view = map(Row.of, settings)
    with ClipVideos(Clip("one", film), plan, probe(film)) as videos:
        videos.write(frames.head(4), {short: frames.head(3), view: frames.head(4)})
        videos.write(Frames(frames.pixels[4:], frames.times[4:]), {view: Frames(frames.pixels[4:], frames.times[4:])})
    assert (videos.warnings, set(videos.written)) == ([], {"reference", str(short), str(view), "side-by-side"})

    def shown(name):
        with VideoReader(tmp_path / "run" / videos.written[name]) as reader:
            return torch.cat([batch.pixels for batch in reader])

    black = torch.zeros_like(frames.pixels[3:])
    assert torch.equal(shown(str(short)), frames.pixels[:3])
    assert torch.equal(shown(str(view)), frames.pixels)
    _, reference, panel, whole = shown("side-by-side").split(64, dim=3)
    assert torch.equal(panel, torch.cat([frames.pixels[:3], black]))
    assert torch.equal(reference, frames.pixels)
    assert torch.equal(whole, frames.pixels)
