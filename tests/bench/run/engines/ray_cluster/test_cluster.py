"""Real Ray: a cluster of several machines, as far as Ray can tell, one of which is taken away in the middle of a run.

Machines are Ray's own processes on this computer, each with a core to lend.
"""

import os
import signal
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bench.clips import Clip
from bench.report.brief import write_brief
from bench.results.clip_parts import Parts
from bench.results.run_folder import PARTS
from bench.run import suite_run
from bench.run.clip_task import ClipTask
from bench.run.engines import choice
from bench.run.engines.choice import Cluster
from bench.run.plan import ModelPlan, Plan
from bench.settings import Setting
from bench.suites.from_paths import of_videos
from metrics import registry
from tests.bench.run.engines.ray_cluster.faulty import FaultyPlan, tried
from tests.bench.run.engines.test_orphans import alive
from tests.bench.run.resuming import StubPlan
from tests.films import portrait_film

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'talking-head-benchmark[cluster]'")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[5]
CLIPS = ("clip0", "clip1", "lost", "unlucky")


@pytest.fixture(scope="module")
def machines():
    """A cluster whose head lends nothing, and two machines of one core."""
    from ray.cluster_utils import Cluster as Machines

    # Not the test's folder: names of sockets are limited to some hundred characters.
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        patch.setenv("PYTHONPATH", str(ROOT))  # `tests`, with its models, is not among what goes along
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        Path(folder, "ray").mkdir()  # for the address of the cluster, beside the files of its workers
        patch.setenv("TMPDIR", folder)
        found = Machines(initialize_head=True, head_node_args={"num_cpus": 0, "temp_dir": folder})
        for _ in range(2):
            found.add_node(num_cpus=1, wait=False)
        found.wait_for_nodes()
        yield found
        found.shutdown()


def take_away(machines, notes):
    """Kill the machine on which the clip `lost` is at work, as soon as it is."""
    while not (tries := tried(notes, "lost")):
        time.sleep(0.05)
    lost = next(node for node in machines.worker_nodes if node.node_id == tries[0][0])
    machines.remove_node(lost, allow_graceful=False)


def files(run):
    """All that a run says but for times, which run.json tells: its tables and its videos."""
    names = ("clips.csv", "summary.csv", "details.csv", "frames.parquet", "table.md")
    videos = [path.relative_to(run).as_posix() for path in sorted(run.glob("videos/*/*"))]
    return {name: (run / name).read_bytes() for name in (*names, *videos)}


def pools(run, clip):
    found = Parts(run / PARTS).pools(clip, {"fid": registry.get("fid").pool})
    return {(row, name): array for row, each in found.items() for name, array in each["fid"].to_arrays().items()}


def test_a_run_that_loses_a_machine_and_a_worker_is_the_local_run(machines, tmp_path):
    """Bit for bit: tables, videos, and what FID pools; a clip is shipped."""
    for number, name in enumerate(CLIPS):
        portrait_film(tmp_path / "films" / f"{name}.mp4", count=2 + number % 2, seed=number)
    unseen = tmp_path / "unseen"
    (tmp_path / "films" / "clip1.mp4").rename(portrait_film(unseen / "clip1.mp4", count=1))
    suite = of_videos([str(tmp_path / "films"), str(unseen / "clip1.mp4")])
    assert [clip.id for clip in suite.clips] == ["clip0", "lost", "unlucky", "clip1"]

    def run(out, model, **where):
        plan = StubPlan(out, model, (Setting(),), ("l1", "fid"), size=(64, 64))
        return suite_run.run(suite, plan, console=Console(quiet=True), at_end=write_brief, **where)

    notes = tmp_path / "notes"
    notes.mkdir()
    taking = threading.Thread(target=take_away, args=(machines, notes))
    taking.start()
    faulty = FaultyPlan("copy", notes=notes, unseen=unseen)
    there = run(tmp_path / "there", faulty, cluster=Cluster(machines.address))
    taking.join()
    here = run(tmp_path / "here", ModelPlan("copy"))

    assert there.failures == here.failures == ()
    tries = {clip.id: [tried.transient for tried in clip.attempts] for clip in there.manifest.clips}
    assert tries == {"clip0": [None], "clip1": [None], "lost": ["lost node", None], "unlucky": ["killed", None]}
    assert len(list(Path(os.environ["TMPDIR"]).glob("talking-head-*"))) == 1  # of the machine that is no more
    assert {clip: len(tried(notes, clip)) for clip in CLIPS} == {"clip0": 1, "clip1": 1, "lost": 2, "unlucky": 2}
    found, expected = files(tmp_path / "there"), files(tmp_path / "here")
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert len([name for name in expected if name.startswith("videos/original/")]) == len(CLIPS)
    for clip in CLIPS:
        mine, theirs = pools(tmp_path / "there", clip), pools(tmp_path / "here", clip)
        assert mine.keys() == theirs.keys() != set()
        assert all(np.array_equal(mine[name], theirs[name]) for name in mine)
    assert not any(alive(process) for clip in CLIPS for _, process, _ in tried(notes, clip))


def test_an_interruption_ends_what_is_at_work_with_all_that_it_has_started(machines, tmp_path):
    film = portrait_film(tmp_path / "film.mp4", count=2)
    plan = Plan(tmp_path / "run", FaultyPlan("copy", notes=tmp_path), (Setting(),), ("l1",), size=(64, 64))
    tasks = {place: ClipTask.whole(Clip(name, film), plan) for place, name in enumerate(("first", "endless", "never"))}

    def interrupt():
        while not tried(tmp_path, "endless"):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    engine = choice.begin(plan, jobs=1, cluster=Cluster(machines.address))
    assert machines.address in engine.where
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt), closing(engine.run(tasks, lambda count: None)) as ended:
        assert next(ended)[1].record.id == "first"
        next(ended)
    ((_, process, child),) = tried(tmp_path, "endless")
    assert not alive(process)
    assert not alive(child)
    assert not ray.is_initialized()
