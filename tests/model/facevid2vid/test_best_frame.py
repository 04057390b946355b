import json

import numpy as np
import pytest
import torch
from PIL import Image

from bench.commands.main import main
from bench.errors import BenchError
from bench.media.video_writer import VideoWriter
from bench.results.run_folder import read_manifest
from model.facevid2vid import load
from model.facevid2vid.best_frame import (
    FaceMeshLandmarks,
    face_mesh_landmarks,
    find_best_frame,
    frame_at,
    normalised_landmarks,
)
from tests.material import GOLDEN, needs
from tests.metrics.faces import demo

FILE = GOLDEN / "facevid2vid" / "tools.json"

SQUARE = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4], [1, 2]])


def numbered(values) -> torch.Tensor:
    """Frames that carry a number each."""
    return torch.tensor(values, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def lookup(points: dict[int, np.ndarray]):
    """A landmark detector that knows frames by the number they carry."""
    return lambda frames: np.stack([points[int(frame[0, 0, 0])] for frame in frames])


def test_normalised_landmarks_forget_place_and_size():
    np.testing.assert_allclose(normalised_landmarks(7 + 3 * SQUARE), normalised_landmarks(SQUARE))


def test_the_nearest_face_wins_and_the_first_of_equals():
    wide = SQUARE * [2, 1]
    points = {0: SQUARE, 1: wide, 2: SQUARE, 3: SQUARE}
    batches = [numbered([1]), numbered([2, 3])]
    index, frame = find_best_frame("clip", numbered([0])[0], batches, lookup(points))
    assert index == 1
    assert frame[0, 0, 0] == 2


def test_frames_without_a_face_are_passed_over():
    points = {0: SQUARE, 1: np.full_like(SQUARE, np.nan), 2: SQUARE * [2, 1]}
    index, _ = find_best_frame("clip", numbered([0])[0], [numbered([1, 2])], lookup(points))
    assert index == 1


@pytest.mark.parametrize("faceless", [0, 1])
def test_no_face_is_a_sentence_that_names_the_clip(faceless):
    points = {0: SQUARE, 1: SQUARE} | {faceless: np.full_like(SQUARE, np.nan)}
    with pytest.raises(BenchError, match=r"clip kitchen: no face was found in"):
        find_best_frame("kitchen", numbered([0])[0], [numbered([1])], lookup(points))


def test_a_frame_by_its_number():
    assert frame_at("clip", [numbered([5, 6]), numbered([7])], 2)[0, 0, 0] == 7
    with pytest.raises(BenchError, match="clip kitchen has 2 frames"):
        frame_at("kitchen", [numbered([5, 6])], 2)


class TestFaceMesh:
    """The default detector."""

    def test_a_checkpoint_searches_by_it(self, stub_checkpoint):
        talker = load(stub_checkpoint, motion="relative", best_frame="search")
        assert isinstance(talker.animator.options.landmarks, FaceMeshLandmarks)
        assert "MediaPipe face mesh" in talker.describe()["landmarks"]
        assert load(stub_checkpoint, motion="relative", best_frame=3).animator.options.landmarks is None

    def test_the_command_starts_from_the_frame_that_it_finds(self, stub_checkpoint, tmp_path):
        frames, _ = demo("ada_01", count=6, step=4)
        with VideoWriter(tmp_path / "clip.mkv", size=(256, 256), codec="ffv1") as writer:
            writer.write(frames)
        Image.fromarray(frames[4].permute(1, 2, 0).numpy()).save(tmp_path / "source.png")
        words = ["--videos", str(tmp_path / "clip.mkv"), "--source", str(tmp_path / "source.png"), "--size", "64"]
        words += ["--checkpoint", str(stub_checkpoint), "--keypoint-motion", "relative", "--settings", "original"]
        words += ["--metrics", "l1", "--video-codec", "png", "--no-cache"]
        found = {}
        for start in ("search", "4", "0"):
            assert main([*words, "--best-frame", start, "--out", str(tmp_path / start)]) == 0
            assert read_manifest(tmp_path / start).protocol.best_frame == start
            pictures = sorted((tmp_path / start / "videos" / "original").rglob("*.png"))
            found[start] = [picture.read_bytes() for picture in pictures]
        assert len(found["search"]) == 6
        assert found["search"] == found["4"] != found["0"]

    def test_the_source_itself_is_the_best_frame(self):
        frames, _ = demo("ada_01")
        blank = torch.full_like(frames[:2], 128)
        find = face_mesh_landmarks(torch.device("cpu"))
        index, frame = find_best_frame("clip", frames[0], [blank, frames.flip(0)], find)
        assert index == 2 + len(frames) - 1
        assert torch.equal(frame, frames[0])

    def test_a_source_without_a_face_is_a_sentence(self):
        frames, _ = demo("ada_01")
        find = face_mesh_landmarks(torch.device("cpu"))
        with pytest.raises(BenchError, match="clip kitchen: no face was found in the source frame"):
            find_best_frame("kitchen", torch.full_like(frames[0], 128), [frames], find)


@pytest.mark.shared
@needs(FILE)
def test_golden_search():
    case = json.loads(FILE.read_text())["find_best_frame"]
    source = np.array(case["source_landmarks"])
    driving = np.array(case["driving_landmarks"])
    target = normalised_landmarks(source)
    distances = [((normalised_landmarks(points) - target) ** 2).sum() for points in driving]
    np.testing.assert_allclose(distances, case["derived_squared_distances"], rtol=1e-4)
    points = dict(enumerate(driving)) | {255: source}
    frames = numbered(list(range(len(driving))))
    assert find_best_frame("clip", numbered([255])[0], [frames], lookup(points))[0] == case["best_index"]
