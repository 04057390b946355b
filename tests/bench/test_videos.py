import torch

from bench import videos as module
from bench.clips import Clip
from bench.errors import MediaError
from bench.plan import ModelPlan, Plan
from bench.settings import Setting
from bench.video import probe
from bench.videos import ClipVideos
from metrics.frames import Frames
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
            videos.write(frames, {"original": frames})
    assert list(videos.written) == ["reference"]
    assert videos.warnings == ["its video 'original' could not be written: no space left on the device"]
    left = [path.name for path in (tmp_path / "run" / "videos").rglob("*") if path.is_file()]
    assert left == ["one.mp4"]
