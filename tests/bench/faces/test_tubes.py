"""The public crop rule against its own commands, for synthetic detections."""

import json

import numpy as np
import pytest
import skimage.data
import torch

from bench.clips import Box
from bench.faces.boxes import iou
from bench.faces.detection import Faces
from bench.faces.tubes import CROP_VIDEO, Crop, Cropper, CropRule, crops, join, shrunk, squared
from bench.faces.yunet import YuNetDetector
from bench.weights.resources import Resources
from tests.material import DATA

CASES = json.loads((DATA / "crop_video.json").read_text())


@pytest.mark.parametrize("case", CASES["compute_bbox"], ids=lambda case: str(case["start"]))
def test_golden_boxes(case):
    height, width, _ = case["frame_shape"]
    box = squared(np.array(case["tube_bbox"], float), case["increase_area"], height, width)
    command = Crop(case["start"], case["end"], box).command(case["inp"], case["fps"], tuple(case["image_shape"]))
    assert command == case["command"]


def test_golden_overlaps_and_unions():
    for one, other, expected in CASES["iou"]:
        assert iou(np.array(one, float), np.array([other], float), pixel=1)[0] == pytest.approx(expected, abs=1e-12)
    for one, other, expected in CASES["join"]:
        assert join(np.array(one, float), np.array(other, float)).tolist() == expected


class Recorded:
    """Gives the recorded boxes of a scenario, frame by frame."""

    name = "recorded"

    def __init__(self, detections):
        self.detections = iter(detections)

    def detect(self, pixels):
        rows = [np.array(next(self.detections), float).reshape(-1, 5) for _ in pixels]
        return [Faces(row[:, :4], row[:, 4]) for row in rows]


@pytest.mark.parametrize("batch", [1, 64])
@pytest.mark.parametrize("case", CASES["process_video"], ids=lambda case: case["name"])
def test_golden_videos(case, batch):
    height, width, _ = case["frame_shape"]
    args = case["args"]
    rule = CropRule(
        min_frames=args["min_frames"],
        increase=args["increase"],
        min_iou=args["iou_with_initial"],
        longest=640,
    )
    count = len(case["detections"])
    # Only the size of the frames matters: one frame in memory stands for all.
    frame = torch.zeros(1, 3, height, width, dtype=torch.uint8)
    batches = (frame.expand(min(batch, count - start), -1, -1, -1) for start in range(0, count, batch))
    found = crops(batches, Recorded(case["detections"]), rule)
    commands = [crop.command(args["inp"], case["fps"], tuple(args["image_shape"])) for crop in found]
    assert commands == case["commands"]


def test_detection_size():
    pixels = torch.zeros(1, 3, 720, 1280, dtype=torch.uint8)
    small, factor = shrunk(pixels, CROP_VIDEO)
    assert (small.shape[-2:], factor) == ((360, 640), 2.0)
    small, factor = shrunk(pixels.transpose(2, 3), CROP_VIDEO)
    assert (small.shape[-2:], factor) == ((640, 360), 2.0)
    assert shrunk(pixels[..., :300, :400], CROP_VIDEO)[1] == 1.0


def test_tube_with_two_faces_ends_one_by_one():
    cropper = Cropper(CropRule(min_frames=3), 100, 300)
    left, right = [10.0, 20.0, 40.0, 60.0], [200.0, 20.0, 240.0, 60.0]
    found = []
    for number in range(20):
        found += cropper.push(np.array([left, right] if number < 10 else [right]))
    found += cropper.close()
    assert [(crop.first, crop.last) for crop in found] == [(0, 9), (0, 19)]
    assert found[0].box.right < 100 < found[1].box.left


def test_real_face_is_in_the_crop():
    frame = torch.from_numpy(skimage.data.astronaut()).permute(2, 0, 1)[None]
    rule = CropRule(min_frames=6)
    (crop,) = crops([frame.expand(8, -1, -1, -1)], YuNetDetector(Resources()), rule)
    left, top, right, bottom = crop.box
    assert right - left == pytest.approx(bottom - top, abs=1)
    assert left < 180
    assert right > 265
    assert top < 70
    assert bottom > 180
    assert isinstance(crop.box, Box)


def test_a_name_that_a_shell_would_read_otherwise_is_quoted():
    command = Crop(0, 25, Box(0, 0, 8, 8)).command("a; rm $(b) 视频.mp4", 25.0)
    assert command.startswith("ffmpeg -i 'a; rm $(b) 视频.mp4' -ss 0.0 -t 1.0 ")
