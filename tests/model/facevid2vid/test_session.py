import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.errors import BenchError, PredictionError
from bench.settings import Setting
from model.facevid2vid.geometry import Keypoints, rotation_matrix, transform_keypoints
from model.facevid2vid.motion import adapted_scale
from model.facevid2vid.networks import build
from model.interface import Driving
from tests.model.conftest import ARCHITECTURES
from tests.model.recipe import recipe_networks

ORIGINAL = Setting()
TURNED = Setting.parse("free-view:30,10,0")


def driving(frames, source=None, **more) -> Driving:
    return Driving("kitchen", frames[0] if source is None else source, 25.0, **more)


def run(talker, frames, settings=(ORIGINAL,), source=None, chunks=1, **more):
    session = talker.open(driving(frames, source, **more), settings)
    parts = [session.step(part) for part in frames.chunk(chunks)]
    report = session.close()
    return {setting: torch.cat([part[setting] for part in parts]) for setting in settings}, report


def slow(networks, frames, source, setting=ORIGINAL, motion="absolute", adapt_scale=False):
    """The public loop's order, frame by frame, nothing shared: what the session must agree with."""

    def image(frame):
        return frame[None].float() / 255

    def keypoints(frame, setting):
        pose = networks.he_estimator(image(frame))
        angles = {}
        for name in ("yaw", "pitch", "roll"):
            driven, wanted = getattr(pose, name), getattr(setting, name)
            if wanted is None:
                wanted = 0.0 if setting.mode == "relative" else driven
            angles[name] = driven + wanted if setting.mode == "relative" else torch.as_tensor(wanted).expand(1)
        canonical = networks.kp_detector(image(source))
        rotation = rotation_matrix(**angles, legacy=networks.architecture.legacy)
        return transform_keypoints(canonical, rotation, pose.translation, pose.expression)

    with torch.no_grad():
        generator = networks.generator
        for frame in frames:
            from_source = keypoints(source, ORIGINAL)
            moved = keypoints(frame, setting).value
            if motion == "relative":
                initial = keypoints(frames[0], ORIGINAL).value
                scale = adapted_scale(from_source.value[0], initial[0]) if adapt_scale else 1
                moved = (moved - initial) * scale + from_source.value
            generated = generator(image(source), from_source, Keypoints(moved))
            yield generated.image[0]


def assert_ties_only(one, other):
    """Equal but for values that float noise took over the border between two levels of 255."""
    difference = (one.int() - other.int()).abs()
    assert difference.max() <= 1
    assert (difference > 0).float().mean() < 2e-3


def assert_same_images(ours, floats):
    assert_ties_only(ours, torch.stack([(image * 255).round() for image in floats]))


class TestAgainstTheSlowLoop:
    @pytest.fixture(params=["vox-256", "vox-256-beta", "vox-256-beta-legacy"])
    def networks(self, request):
        return build(ARCHITECTURES[request.param], recipe_networks(ARCHITECTURES[request.param]))

    @pytest.mark.parametrize("text", ["original", "free-view:30,10,0", "free-view:-,-,-20@relative"])
    def test_absolute(self, talker, networks, frames, text):
        setting = Setting.parse(text)
        ours, _ = run(talker(networks), frames[:3], [setting])
        assert_same_images(ours[setting], slow(networks, frames[:3], frames[0], setting))

    @pytest.mark.parametrize("adapt_scale", [False, True])
    def test_relative_from_another_face(self, talker, networks, frames, adapt_scale):
        source = frames[2].flip(2)
        made = talker(networks, motion="relative", adapt_scale=adapt_scale)
        ours, _ = run(made, frames[:3], [TURNED], source)
        assert_same_images(ours[TURNED], slow(networks, frames[:3], source, TURNED, "relative", adapt_scale))


def test_streaming_in_pieces_changes_nothing(talker, frames):
    whole, _ = run(talker(), frames, [ORIGINAL, TURNED])
    pieces, _ = run(talker(), frames, [ORIGINAL, TURNED], chunks=2)
    for setting, prediction in whole.items():
        assert torch.equal(prediction, pieces[setting])


@pytest.mark.parametrize("batch_size", [2, 3])
def test_batch_size_changes_nothing(talker, frames, batch_size):
    one, _ = run(talker(batch_size=1), frames, [TURNED])
    many, _ = run(talker(batch_size=batch_size), frames, [TURNED])
    assert_ties_only(one[TURNED], many[TURNED])


def test_settings_together_are_settings_alone(talker, frames):
    together, _ = run(talker(), frames, [ORIGINAL, TURNED])
    for setting in (ORIGINAL, TURNED):
        alone, _ = run(talker(), frames, [setting])
        assert torch.equal(together[setting], alone[setting])


def test_source_work_is_done_once_and_the_pose_pass_is_shared(talker, frames, monkeypatch):
    made = talker(batch_size=2)
    calls = {"encode": 0, "detect": 0, "posed": 0}

    def count(owner, name, key, size=lambda image: 1):
        wrapped = getattr(owner, name)

        def counting(image):
            calls[key] += size(image)
            return wrapped(image)

        monkeypatch.setattr(owner, name, counting)

    count(made.animator.generator.resblocks_3d, "forward", "encode")
    count(made.animator.detector, "forward", "detect")
    count(made.animator.estimator, "forward", "posed", len)
    run(made, frames, [ORIGINAL, TURNED, Setting.parse("free-view:-30,-,-")], chunks=2)
    assert calls == {"encode": 1, "detect": 1, "posed": 1 + len(frames)}


def test_self_reenactment_is_the_same_in_relative_and_absolute_motion(talker, frames):
    absolute, _ = run(talker(), frames)
    relative, _ = run(talker(motion="relative", adapt_scale=True), frames)
    assert_ties_only(absolute[ORIGINAL], relative[ORIGINAL])


def test_motion_of_the_driver_reaches_another_face(talker, frames):
    source = frames[2].flip(2)
    ours, _ = run(talker(motion="relative"), frames, source=source)
    still, _ = run(talker(), source[None], source=source)
    assert_ties_only(ours[ORIGINAL][0], still[ORIGINAL][0])
    assert not torch.equal(ours[ORIGINAL][3], ours[ORIGINAL][0])


class TestReport:
    def test_absolute_free_view_measures_what_was_asked(self, talker, frames):
        _, report = run(talker(), frames, [TURNED])
        measured = report[TURNED].per_frame
        for name, degrees in (("model_yaw", 30), ("model_pitch", 10), ("model_roll", 0)):
            np.testing.assert_allclose(measured[name], np.full(4, degrees), atol=0.02)
        assert report[TURNED].error is None

    def test_original_measures_the_driving_pose(self, talker, stub_networks, frames):
        _, report = run(talker(), frames, [ORIGINAL])
        pose = stub_networks.he_estimator(frames.float() / 255)
        for name in ("yaw", "pitch", "roll"):
            np.testing.assert_allclose(
                report[ORIGINAL].per_frame[f"model_{name}"], getattr(pose, name).numpy(), atol=0.02
            )

    def test_one_given_angle_leaves_the_others_driven(self, talker, frames):
        setting = Setting.parse("free-view:20,-,-")
        _, report = run(talker(), frames, [ORIGINAL, setting])
        np.testing.assert_allclose(report[setting].per_frame["model_yaw"], np.full(4, 20), atol=0.02)
        for name in ("model_pitch", "model_roll"):
            np.testing.assert_allclose(report[setting].per_frame[name], report[ORIGINAL].per_frame[name], atol=0.02)

    def test_relative_angles_add_to_the_driving_ones(self, talker, frames):
        setting = Setting.parse("free-view:20,-,-@relative")
        _, report = run(talker(), frames, [ORIGINAL, setting])
        difference = report[setting].per_frame["model_yaw"] - report[ORIGINAL].per_frame["model_yaw"]
        np.testing.assert_allclose(difference, np.full(4, 20), atol=0.02)

    def test_a_free_view_that_does_not_turn_is_an_error(self, talker, frames):
        setting = Setting.parse("free-view:0,0,0@relative")
        _, report = run(talker(), frames, [setting, TURNED])
        assert "clip kitchen: setting free-view:0,0,0@relative left the head as it is driven" in report[setting].error
        assert report[TURNED].error is None

    def test_a_free_view_that_is_lost_on_the_way_is_noticed(self, talker, stub_networks, frames, monkeypatch):
        pose = stub_networks.he_estimator(frames[:1].float() / 255)
        made = talker()
        monkeypatch.setattr(made.animator, "rotation", lambda *angles: rotation_matrix(pose.yaw, pose.pitch, pose.roll))
        _, report = run(made, frames[:1], [TURNED])
        assert "left the head as it is driven" in report[TURNED].error


class TestMemory:
    @pytest.mark.parametrize("failure", [torch.OutOfMemoryError("CUDA"), RuntimeError("MPS backend out of memory")])
    def test_running_out_halves_the_batch_and_goes_on(self, talker, frames, monkeypatch, failure):
        expected, _ = run(talker(), frames)
        made = talker(batch_size=4)
        estimate = made.animator.estimator.forward

        def limited(image):
            if len(image) > 1:
                raise failure
            return estimate(image)

        monkeypatch.setattr(made.animator.estimator, "forward", limited)
        ours, report = run(made, frames)
        assert_ties_only(ours[ORIGINAL], expected[ORIGINAL])
        assert made.animator.batch_size == 1
        assert len(report[ORIGINAL].per_frame["model_yaw"]) == len(frames)

    def test_no_memory_for_one_frame_is_a_sentence(self, talker, frames, monkeypatch):
        made = talker(batch_size=4)
        session = made.open(driving(frames), [ORIGINAL])

        def never(image):
            raise torch.OutOfMemoryError("CUDA")

        monkeypatch.setattr(made.animator.estimator, "forward", never)
        with pytest.raises(BenchError, match="clip kitchen: the memory of cpu does not suffice"):
            session.step(frames)

    def test_other_faults_pass_through(self, talker, frames, monkeypatch):
        made = talker()
        session = made.open(driving(frames), [ORIGINAL])

        def broken(image):
            raise RuntimeError("shapes differ")

        monkeypatch.setattr(made.animator.estimator, "forward", broken)
        with pytest.raises(RuntimeError, match="shapes differ"):
            session.step(frames)


def test_nan_is_refused_with_the_setting(talker, frames):
    architecture = ARCHITECTURES["vox-256"]
    networks = build(architecture, recipe_networks(architecture))
    networks.generator.fourth.bias[0] = torch.nan
    with pytest.raises(PredictionError, match="clip kitchen, setting original: the model predicted NaN"):
        run(talker(networks), frames)


class TestBestFrame:
    def test_search_starts_from_the_frame_like_the_source(self, talker, frames):
        square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
        looks = {bytes(frame.numpy()): square * [1 + abs(index - 2), 1] for index, frame in enumerate(frames)}
        source = frames[2]
        made = talker(
            motion="relative",
            best_frame="search",
            landmarks=lambda batch: np.stack([looks[bytes(frame.numpy())] for frame in batch]),
        )
        searched, _ = run(made, frames, source=source, reopen=lambda: iter(frames.split(3)))
        by_hand, _ = run(
            talker(motion="relative", best_frame=2), frames, source=source, reopen=lambda: iter(frames.split(3))
        )
        assert torch.equal(searched[ORIGINAL], by_hand[ORIGINAL])
        from_start, _ = run(talker(motion="relative"), frames, source=source)
        assert not torch.equal(searched[ORIGINAL], from_start[ORIGINAL])

    def test_a_stream_that_cannot_be_read_twice(self, talker, frames):
        with pytest.raises(BenchError, match="cannot be read twice"):
            talker(motion="relative", best_frame=1).open(driving(frames), [ORIGINAL])

    def test_search_without_a_detector(self, talker, frames):
        made = talker(motion="relative", best_frame="search")
        with pytest.raises(BenchError, match="landmark detector"):
            made.open(driving(frames, reopen=lambda: iter([frames])), [ORIGINAL])


def test_reconstruct_is_a_session_of_one_setting(talker, frames):
    ours, _ = run(talker(), frames, [TURNED])
    assert torch.equal(talker().reconstruct(frames, setting=TURNED), ours[TURNED])


def test_describe_names_every_option_that_changes_a_number(talker):
    plain = talker().describe()
    for change in ({"motion": "relative"}, {"adapt_scale": True}, {"best_frame": 3}, {"precision": "bf16"}):
        assert talker(**change).describe() != plain
    assert talker(batch_size=7).describe() == plain


def test_jacobians_move_with_the_keypoints(talker, frames):
    architecture = ARCHITECTURES["vox-256-jacobian"]
    networks = build(architecture, recipe_networks(architecture))
    without = build(replace(architecture, jacobian=False), recipe_networks(replace(architecture, jacobian=False)))
    turned, _ = run(talker(networks), frames, [TURNED])
    plain, _ = run(talker(without), frames, [TURNED])
    assert not torch.equal(turned[TURNED], plain[TURNED])


def test_nothing_of_the_frames_is_kept(talker, frames):
    session = talker().open(driving(frames.clone()), [ORIGINAL, TURNED])
    batch = frames.clone()
    predicted = session.step(batch)
    kept = [weakref.ref(tensor) for tensor in (batch, *predicted.values())]
    del batch, predicted
    gc.collect()
    assert [reference() for reference in kept] == [None] * 3
    session.close()
