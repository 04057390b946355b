"""Our numbers against the peers' on the suite `demo`: a clone alone proves them."""

from functools import cache

import pytest
import torch

from tests.parity import clips, damage, golden, ours
from tests.parity.clips import POOL
from tests.parity.comparison import TABLE

COMPARED = [compared for compared in TABLE if compared.stated and not compared.row]
VIDEOS = [compared for compared in COMPARED if compared.kind in ("pair", "single")]
POOLED = [compared for compared in COMPARED if compared.kind == "set"]
SYNC = [compared for compared in COMPARED if compared.kind == "sync"]
PLACES = [clip.stem for clip in golden.CLIPS]


@cache
def sets(clip):
    if clip == POOL:
        return clips.pooled([sets(place) for place in PLACES])
    made = clips.sets(clips.DEMO / f"{clip}.mp4", golden.FRAMES)
    return {name: golden.checked(f"{clip}.{name}", pixels) for name, pixels in made.items()}


@cache
def found(clip):
    return ours.values(POOLED if clip == POOL else VIDEOS, sets(clip))


@cache
def found_sync():
    crops = golden.checked(f"{golden.SOUND}.sync", clips.crops(clips.DEMO / f"{golden.SOUND}.mp4"))
    return ours.sync(crops, golden.arrays()["sound"])


def hold(compared, mine, place):
    theirs = golden.values(compared.name, place)
    assert mine.shape == theirs.shape
    excess = compared.excess(mine, theirs)
    worst = int(excess.argmax())
    assert excess.max() <= 1, f"{place}: value {worst} is {mine[worst]!r}, {compared.package} says {theirs[worst]!r}"


@pytest.mark.parametrize("clip", PLACES)
@pytest.mark.parametrize("compared", VIDEOS, ids=lambda compared: f"{compared.metric} {compared.name}")
def test_video(compared, clip):
    for name in compared.sets:
        hold(compared, found(clip)[compared.metric, name], f"{clip}.{name}")


@pytest.mark.parametrize("compared", POOLED, ids=lambda compared: f"{compared.metric} {compared.name}")
def test_pooled(compared):
    for name in compared.sets:
        hold(compared, found(POOL)[compared.metric, name], f"{POOL}.{name}")


@pytest.mark.parametrize("compared", SYNC, ids=lambda compared: compared.metric)
def test_sync(compared):
    hold(compared, found_sync()[compared.metric, "sync"], f"{golden.SOUND}.sync")


@pytest.mark.parametrize("compared", VIDEOS, ids=lambda compared: f"{compared.metric} {compared.name}")
def test_tolerances_tell_clips_apart(compared):
    """The values of one clip would not pass for another's."""
    one, other = (golden.values(compared.name, f"{clip}.{compared.sets[0]}") for clip in PLACES[:2])
    assert compared.excess(one, other).max() > 1


@pytest.mark.parametrize("name", ["blur", "noise8"])
def test_damage_is_what_it_says(name):
    """σ 2 of a Gaussian, σ 8 of noise, measured."""
    if name == "blur":
        point = torch.zeros(1, 3, 41, 41, dtype=torch.uint8)
        point[..., 20, :] = 255  # a line: its blur is the kernel across it
        profile = damage.blur(point, "")[0, 0, :, 20].double()
        rows = torch.arange(41) - 20
        assert (profile * rows**2).sum() / profile.sum() == pytest.approx(4, rel=0.06)  # 8 bit lose the tails
    else:
        grey = torch.full((2, 3, 64, 64), 128, dtype=torch.uint8)
        noise = damage.noise8(grey, "a").double() - 128
        assert noise.std() == pytest.approx(8, rel=0.02)
        assert noise.mean() == pytest.approx(0, abs=0.2)
        assert damage.digest(damage.noise8(grey, "b")) != damage.digest(damage.noise8(grey, "a"))
