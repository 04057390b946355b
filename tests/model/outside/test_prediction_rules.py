"""Finished predictions are read by the rules that the clip is read by."""

import numpy as np
import torch

from bench.frames import Frames
from bench.media.picture_rules import PictureRules
from bench.rows import Row
from bench.settings import Setting
from model.interface import Driving
from model.outside.predictions import Predictions
from tests.bench.media.test_picture_rules import combs, hdr_film, interlaced_film

SETTING = Setting()


def played(folder, frames, rules):
    """The prediction of clip `a` of these frames (T, 3, H, W), and what is reported of it."""
    driving = Driving("a", frames[0], 25.0, rules=rules)
    stream = Predictions(folder).begin(driving, (SETTING,))
    found = stream.step(Frames(frames, np.arange(len(frames)) / 25)).get(Row.of(SETTING))
    (report,) = stream.close().values()
    return found, report


def test_hdr_predictions_follow_the_rule(tmp_path):
    _, frames = hdr_film(tmp_path / "a.mov", "PQ")
    wanted = torch.from_numpy(np.stack(frames).transpose(0, 3, 1, 2).copy())
    off = {}
    for rule, carrier in (("tone-map", "file: hevc (PQ by rule 1)"), ("stored", "file: hevc")):
        found, report = played(tmp_path, wanted, PictureRules(hdr=rule))
        assert (report.error, report.carrier) == (None, carrier)
        off[rule] = float((found.pixels.double() - wanted).abs().mean())
    assert off["tone-map"] < 5 < off["stored"]
    found, report = played(tmp_path, wanted, PictureRules(hdr="refuse"))
    assert found is None
    assert "a.mov is PQ video (HDR): convert it to SDR" in report.error


def test_interlaced_predictions_follow_theirs(tmp_path):
    interlaced_film(tmp_path / "a.mp4")
    reference = torch.zeros(12, 3, 64, 256, dtype=torch.uint8)
    found = {
        rule: combs(played(tmp_path, reference, PictureRules(deinterlace=rule))[0].pixels.numpy())
        for rule in ("off", "bwdif")
    }
    assert found["bwdif"] < found["off"] / 4
