"""The full-size networks against numbers of the public implementation (recipe weights).

Relative error is the largest difference over the largest value of the array, and has to be within 1e-4. Stored images
are held to what their storage allows: float16 has a step of 5e-4 below one; 8-bit levels may differ by one.
"""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.settings import Setting
from model.facevid2vid.animator import Animator, Options
from model.facevid2vid.architecture import VOX_256, VOX_256_BETA, VOX_256_BETA_LEGACY
from model.facevid2vid.discriminator import Discriminator
from model.facevid2vid.fast.generator import FastGenerator
from model.facevid2vid.fast.layers import Algorithms
from model.facevid2vid.geometry import transform_keypoints
from model.facevid2vid.motion import adapted_scale, hull_volume, relative_keypoints
from model.facevid2vid.networks import NETWORKS, build
from model.facevid2vid.talker import FaceVid2Vid
from model.interface import Driving
from tests.material import GOLDEN, needs
from tests.model.recipe import fill, recipe_networks

FOLDER = GOLDEN / "facevid2vid"
ARCHITECTURES = {
    "vox-256": VOX_256,
    "vox-256-beta": VOX_256_BETA,
    "vox-256-beta-legacy": VOX_256_BETA_LEGACY,
    "vox-256-jacobian": replace(VOX_256, jacobian=True),
}
IMAGES = ("clip0", "clip1", "clip2", "clip3", "other0", "other1")
FREE_VIEW = Setting.parse("free-view:30,10,0")

pytestmark = [pytest.mark.shared, pytest.mark.timeout(1200), needs(FOLDER)]


def assert_close(ours, theirs, relative=1e-4):
    ours, theirs = (np.asarray(values, np.float64).squeeze() for values in (ours, theirs))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= relative * np.abs(theirs).max()


def assert_same_levels(ours, theirs):
    assert np.abs(np.asarray(ours, int) - np.asarray(theirs, int)).max() <= 1


@pytest.fixture(scope="module")
def inputs():
    with np.load(FOLDER / "inputs.npz") as file:
        clip, other = (torch.from_numpy(file[name]).permute(0, 3, 1, 2).contiguous() for name in ("clip", "other"))
    return {f"clip{i}": frame for i, frame in enumerate(clip)} | {f"other{i}": frame for i, frame in enumerate(other)}


@pytest.mark.parametrize("config", ["vox-256", "vox-256-beta"])
@pytest.mark.parametrize("network", NETWORKS)
def test_names_shapes_and_recipe_are_those_of_the_manifest(config, network):
    rows = json.loads((FOLDER / f"manifest_{config}.json").read_text())["networks"][network]
    with torch.device("meta"):
        state = NETWORKS[network](ARCHITECTURES[config]).state_dict()
    assert {name: list(tensor.shape) for name, tensor in state.items()} == {name: shape for name, shape, *_ in rows}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def config(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def golden(config):
    with np.load(FOLDER / f"{config}.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def networks(config):
    torch.set_num_threads(2)
    states = recipe_networks(ARCHITECTURES[config])
    if "down.weight" in states["kp_detector"]:
        with np.load(FOLDER / "geometry.npz") as file:
            states["kp_detector"]["down.weight"] = torch.from_numpy(file["antialias/0.25/weight"]).expand(3, 1, -1, -1)
    return build(ARCHITECTURES[config], states)


@pytest.fixture(scope="module")
def animator(networks):
    return Animator(networks, Options(), device=torch.device("cpu"))


@pytest.fixture(scope="module")
def poses(animator, inputs):
    return {name: animator.estimator(inputs[name][None].float() / 255) for name in IMAGES}


@pytest.fixture(scope="module")
def canonical(animator, inputs):
    return {name: animator.detector(inputs[name][None].float() / 255) for name in ("clip0", "other0")}


@pytest.fixture(scope="module")
def keypoints(animator, canonical, poses):
    def make(text, yaw=None, pitch=None, roll=None):
        """Keypoints `canonical@pose`, with the angles that are given in place of the pose's."""
        name, _, pose_name = text.partition("@")
        pose = poses[pose_name]
        given = ((yaw, pose.yaw), (pitch, pose.pitch), (roll, pose.roll))
        angles = [driven if angle is None else torch.full_like(driven, angle) for angle, driven in given]
        rotation = animator.rotation(*angles)
        return transform_keypoints(canonical[name], rotation, pose.translation, pose.expression)

    return make


@pytest.mark.full_size
def test_pose_and_expression(animator, golden, poses):
    stored = [name for name in IMAGES if f"he/{name}/t" in golden]
    assert len(stored) >= 2
    for part, ours in {
        "t": lambda pose: pose.translation,
        "exp": lambda pose: pose.expression.flatten(1),
        "rot": lambda pose: animator.rotation(pose.yaw, pose.pitch, pose.roll),
        "yaw_logits": lambda pose: pose.logits[0],
        "pitch_logits": lambda pose: pose.logits[1],
        "roll_logits": lambda pose: pose.logits[2],
        "yaw_deg": lambda pose: pose.yaw,
        "pitch_deg": lambda pose: pose.pitch,
        "roll_deg": lambda pose: pose.roll,
    }.items():
        assert_close([ours(poses[name]) for name in stored], [golden[f"he/{name}/{part}"] for name in stored])


@pytest.mark.full_size
def test_canonical_keypoints(golden, canonical):
    for name, ours in canonical.items():
        assert_close(ours.value, golden[f"kp_canonical/{name}/value"])
        if ours.jacobian is not None:
            assert_close(ours.jacobian, golden[f"kp_canonical/{name}/jacobian"])


@pytest.mark.full_size
def test_transformed_keypoints(golden, keypoints):
    angles = {
        "": (),
        "_freeview": (30, 10, 0),
        "_freeview_yaw20_only": (20,),
        "_freeview_pitch-15_roll12": (None, -15, 12),
    }
    checked = 0
    for kind, given in angles.items():
        prefix = f"kp_transformed{kind}/"
        for name in (name for name in golden if name.startswith(prefix)):
            case, _, part = name.removeprefix(prefix).partition("/")
            assert_close(getattr(keypoints(case, *given), part), golden[name])
            checked += 1
    assert checked >= 16


@pytest.mark.parametrize("free_view", ["", "_freeview"])
@pytest.mark.full_size
def test_normalised_keypoints(golden, keypoints, free_view):
    source, initial = keypoints("other0@other0"), keypoints("other0@clip0")
    driving = keypoints("other0@clip1", *((30, 10, 0) if free_view else ()))
    volumes = [hull_volume(points.value[0]) for points in (source, initial)]
    assert_close(volumes, golden["normalize_kp/hull_volumes"])
    scale = adapted_scale(source.value[0], initial.value[0])
    assert_close(scale, golden["normalize_kp/adapt_scale"])
    for relative in (0, 1):
        for adapt in (0, 1):
            ours = relative_keypoints(driving, initial, source, scale if adapt else 1) if relative else driving
            prefix = f"normalize_kp/relative{relative}_adapt{adapt}{free_view}"
            assert_close(ours.value, golden[f"{prefix}/value"])
            if ours.jacobian is not None:
                assert_close(ours.jacobian, golden[f"{prefix}/jacobian"])


@pytest.mark.parametrize("kind", ["plain", "direct", "minimal"])
@pytest.mark.full_size
def test_generator(config, kind, networks, animator, golden, inputs, keypoints):
    source, driving = keypoints("clip0@clip0"), keypoints("clip0@clip2")
    image = inputs["clip0"][None].float() / 255
    if kind == "plain":
        volume, generated = networks.generator.encode(image), networks.generator(image, source, driving)
    else:
        generator = animator.generator
        if kind == "direct":
            generator = FastGenerator(networks.generator, ARCHITECTURES[config], Algorithms(minimal=False))
        appearance = generator.source(image, source)
        volume, generated = appearance.volume, generator.animate(appearance, driving)
    check(golden, "P1", volume, generated)


@pytest.mark.full_size
def test_generator_across_identities(animator, golden, inputs, keypoints):
    if "P2/mask_s" not in golden:
        pytest.skip("not stored for this configuration")
    source, initial = keypoints("other0@other0"), keypoints("other0@clip0")
    driving = keypoints("other0@clip1", 30, 10, 0)
    scale = adapted_scale(source.value[0], initial.value[0])
    moved = relative_keypoints(driving, initial, source, scale)
    appearance = animator.generator.source(inputs["other0"][None].float() / 255, source)
    check(golden, "P2", appearance.volume, animator.generator.animate(appearance, moved))


def check(golden, case, volume, generated):
    assert_close(volume[0, ::4, ::5, ::8, ::8], golden[f"{case}/feature_3d_s"])
    assert_close(generated.motion.mask[0, :, ::5, ::8, ::8], golden[f"{case}/mask_s"])
    assert_close(generated.motion.deformation[0, ::5, ::4, ::4], golden[f"{case}/deformation_s"])
    assert_close(generated.motion.occlusion, golden[f"{case}/occlusion_map"])
    prediction = generated.image[0].permute(1, 2, 0).numpy()
    assert_close(prediction[::4, ::4], golden[f"{case}/prediction_s4"])
    assert_same_levels((prediction * 255).round(), golden[f"{case}/prediction_u8"])
    if f"{case}/prediction" in golden:
        assert_close(prediction, golden[f"{case}/prediction"])
    if f"{case}/prediction_f16" in golden:
        assert_close(prediction, golden[f"{case}/prediction_f16"], relative=6e-4)
    for part, values in {
        "feature_3d": volume,
        "mask": generated.motion.mask,
        "deformation": generated.motion.deformation,
        "occlusion_map": generated.motion.occlusion,
        "prediction": generated.image,
    }.items():
        whole = values.double()
        assert_close([whole.mean(), whole.std()], golden[f"{case}/{part}.meanstd"])


@pytest.mark.parametrize(
    ("options", "source", "driving", "modes"),
    [
        (
            {"motion": "relative", "adapt_scale": True},
            "clip0",
            range(4),
            {Setting(): "relative_adapt", FREE_VIEW: "relative_adapt_freeview"},
        ),
        ({}, "clip0", range(4), {Setting(): "absolute", FREE_VIEW: "absolute_freeview"}),
        ({"motion": "relative", "adapt_scale": True}, "other0", (0, 2), {Setting(): "cross_relative_adapt"}),
        ({}, "other0", (1,), {Setting(): "cross_absolute"}),
        (
            {"motion": "relative"},
            "other0",
            (0, 2),
            {Setting.parse("free-view:20,-,-"): "cross_relative_noadapt_yaw20"},
        ),
    ],
    ids=["relative", "absolute", "cross-relative", "cross-absolute", "cross-yaw20"],
)
@pytest.mark.full_size
def test_end_to_end(config, animator, golden, inputs, options, source, driving, modes):
    if config == "vox-256-jacobian" and source == "other0" and "cross_relative_adapt" in modes.values():
        modes = {Setting(): "relative_adapt"}
    elif config == "vox-256-jacobian":
        modes = {setting: mode for setting, mode in modes.items() if mode == "absolute_freeview"}
    modes = {setting: mode for setting, mode in modes.items() if f"e2e/{mode}/kp_norm" in golden}
    if not modes:
        pytest.skip("not stored for this configuration")
    if config in ("vox-256-jacobian", "vox-256-beta-legacy") and "absolute" in "".join(modes.values()):
        driving = (1,)
    count = len(golden[f"e2e/{next(iter(modes.values()))}/kp_norm"])
    frames = torch.stack([inputs[f"clip{index}"] for index in list(driving)[:count]])
    animator = copy.copy(animator)
    animator.options = Options(**options)
    animate, seen = animator.animate, []
    animator.animate = lambda appearance, moved: (seen.append(moved), animate(appearance, moved))[1]
    session = FaceVid2Vid(animator, {}).open(Driving(config, inputs[source], 25.0), list(modes))
    predicted = session.step(frames)
    for index, (setting, mode) in enumerate(modes.items()):
        moved = torch.cat([points.value for points in seen[index :: len(modes)]])
        assert_close(moved, golden[f"e2e/{mode}/kp_norm"])
        ours = predicted[setting].permute(0, 2, 3, 1)
        assert_same_levels(ours, golden[f"e2e/{mode}/prediction_u8"])
        assert_same_levels(ours[:, ::4, ::4], 255 * golden[f"e2e/{mode}/prediction_s4"])


@pytest.mark.parametrize("config", ["vox-256", "vox-256-beta"])
def test_discriminator(config, inputs):
    discriminator = fill("discriminator", Discriminator(ARCHITECTURES[config]))
    with np.load(FOLDER / f"{config}.npz") as file:
        golden = {name: file[name] for name in file.files if name.startswith("disc/") or name == "P1/prediction"}
    images = {
        "real": inputs["clip2"][None].float() / 255,
        "fake": torch.from_numpy(golden["P1/prediction"]).permute(2, 0, 1)[None],
    }
    for name, image in images.items():
        with torch.no_grad():
            judged = discriminator(image)
        for level, feature in enumerate(judged.features):
            assert list(feature.shape) == list(golden[f"disc/{name}/feature{level}_shape"])
            assert_close(feature[0, ::8, ::8, ::8], golden[f"disc/{name}/feature{level}_s"])
            whole = feature.double()
            assert_close([whole.mean(), whole.std()], golden[f"disc/{name}/feature{level}.meanstd"])
        assert_close(judged.prediction, golden[f"disc/{name}/prediction_map"])
