import numpy as np
import pytest
import torch

from bench.faces.detection import Faces
from bench.faces.tubes import squared
from bench.prepare.only_face import Rejected, only_face


class Told:
    """A detector that finds what it is told: frame → boxes."""

    name = "told"

    def __init__(self, frames):
        self.frames = frames
        self.seen = 0

    def detect(self, pixels):
        found = []
        for _ in range(len(pixels)):
            boxes = np.array(self.frames[self.seen], dtype=np.float64).reshape(-1, 4)
            found.append(Faces(boxes, np.ones(len(boxes))))
            self.seen += 1
        return found


def crop(frames):
    batches = [
        torch.zeros(min(16, len(frames) - start), 3, 200, 300, dtype=torch.uint8) for start in range(0, len(frames), 16)
    ]
    return only_face(batches, Told(frames))


FACE = (100.0, 50.0, 160.0, 130.0)
MOVED = (110.0, 55.0, 170.0, 135.0)
FAR = (10.0, 20.0, 65.0, 95.0)
SMALL = (10.0, 20.0, 30.0, 45.0)


def test_the_crop_is_the_public_square_around_all_places_of_the_face():
    box = crop([[FACE]] * 20 + [[MOVED]] * 20)
    assert box == squared(np.array([100.0, 50, 170, 135]), 0.1, 200, 300)


def test_frames_in_which_the_detector_misses_the_face_do_not_matter():
    assert crop([[FACE]] * 20 + [[]] * 3 + [[FACE]] * 17) == crop([[FACE]] * 40)


def test_no_face_is_rejected():
    with pytest.raises(Rejected, match="no face"):
        crop([[]] * 40)


def test_a_face_that_is_there_for_a_part_only_is_rejected():
    with pytest.raises(Rejected, match="in 30 of 40 frames only"):
        crop([[FACE]] * 30 + [[]] * 10)


def test_two_faces_are_rejected_in_any_order():
    for frame in ([FACE, FAR], [FAR, FACE]):
        with pytest.raises(Rejected, match="2 faces"):
            crop([frame] * 40)


def test_small_and_brief_faces_beside_it_are_not_counted():
    alone = crop([[FACE]] * 40)
    assert crop([[FACE, SMALL]] * 40) == alone
    assert crop([[FACE, FAR]] * 8 + [[FACE]] * 32) == alone
