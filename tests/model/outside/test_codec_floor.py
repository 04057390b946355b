from functools import partial

import numpy as np
import pytest
from rich.console import Console

from bench.report.brief import write_brief
from bench.results.run_folder import read_clips
from bench.rows import CODEC_FLOOR
from bench.run import suite_run
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from tests.films import portrait_film

run = partial(suite_run.run, at_end=write_brief)


@pytest.mark.parametrize("size", [(64, 64), (65, 67)], ids=["even", "odd"])
def test_the_codec_floor_lies_between_copy_and_static(tmp_path, size):
    film = portrait_film(tmp_path / "one.mp4", count=8)
    plan = Plan(
        out=tmp_path / "run",
        model=ModelPlan("copy"),
        settings=(Setting(),),
        metrics=("l1", "psnr"),
        size=size,
        codec=None,
        codec_floor=True,
    )
    run(of_videos([str(film)]), plan, console=Console(quiet=True))
    l1 = read_clips(tmp_path / "run").query("metric == 'l1'").set_index("setting")["value"]
    assert l1["original"] == 0 < l1[CODEC_FLOOR.name] < l1["static"]
    psnr = read_clips(tmp_path / "run").query("metric == 'psnr'").set_index("setting")["value"]
    assert np.isfinite(psnr[CODEC_FLOOR.name])
    assert psnr[CODEC_FLOOR.name] > 25
