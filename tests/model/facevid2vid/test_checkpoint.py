import os
import pickle
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open

import model.facevid2vid as facevid2vid
from bench.errors import WeightsError
from bench.settings import Setting
from model.facevid2vid.architecture import STUB
from model.facevid2vid.checkpoint import convert, read_checkpoint
from tests.model.conftest import ARCHITECTURES
from tests.model.recipe import recipe_networks, write_checkpoint

PLAIN = ARCHITECTURES["vox-256-beta"]
OLD_GROUP = {"optimizer_generator": {"state": {}, "param_groups": [{"lr": 2e-4, "betas": (0.5, 0.999)}]}}
NEW_GROUP = {"optimizer_generator": {"state": {}, "param_groups": [{"lr": 2e-4, "maximize": False}]}}


def save(path, **entries):
    torch.save(entries, path)
    return path


@pytest.mark.parametrize(("name", "architecture"), ARCHITECTURES.items())
def test_the_architecture_is_read_off_the_tensors(tmp_path, name, architecture):
    variant = "vox-256" if architecture.decoder == "spade" else name
    read = read_checkpoint(write_checkpoint(tmp_path / "a.pth.tar", architecture), variant=variant)
    assert read.architecture == architecture
    assert read.variant == variant
    assert read.epoch == 9


def test_prefixes_of_parallel_training_are_stripped(tmp_path):
    networks = {
        network: {f"module.{name}": tensor for name, tensor in state.items()}
        for network, state in recipe_networks(STUB).items()
    }
    assert read_checkpoint(save(tmp_path / "a.pth.tar", **networks)).networks.keys() == networks.keys()


def test_old_file_format_loads(tmp_path):
    path = tmp_path / "a.pth.tar"
    torch.save(recipe_networks(STUB), path, _use_new_zipfile_serialization=False)
    assert read_checkpoint(path).architecture == replace(STUB, discriminator=(64, 128, 256, 512))


class TestVariantRule:
    def variant(self, tmp_path, architecture=PLAIN, wanted=None, **entries):
        return read_checkpoint(write_checkpoint(tmp_path / "a.pth.tar", architecture, **entries), variant=wanted)

    def test_spade_is_current(self, tmp_path):
        assert self.variant(tmp_path, STUB).variant == "vox-256"

    def test_plain_with_a_shrunk_input_is_current(self, tmp_path):
        assert self.variant(tmp_path, replace(PLAIN, shrink=4)).variant == "vox-256-beta"

    @pytest.mark.parametrize("entries", [{}, OLD_GROUP])
    def test_plain_is_legacy_where_nothing_says_otherwise(self, tmp_path, entries):
        read = self.variant(tmp_path, **entries)
        assert read.variant == "vox-256-beta-legacy"
        assert read.architecture.legacy

    def test_an_optimizer_of_later_years_tells_current(self, tmp_path):
        assert self.variant(tmp_path, **NEW_GROUP).variant == "vox-256-beta"

    def test_the_user_decides(self, tmp_path):
        read = self.variant(tmp_path, wanted="vox-256-beta")
        assert not read.architecture.legacy
        assert read.reason == "asked for"

    def test_the_choice_is_logged(self, tmp_path, caplog):
        caplog.set_level("INFO")
        self.variant(tmp_path)
        assert "variant vox-256-beta-legacy, the plain generator's released checkpoint is older" in caplog.text

    @pytest.mark.parametrize(("architecture", "wanted"), [(STUB, "vox-256-beta"), (PLAIN, "vox-256")])
    def test_a_variant_against_the_tensors_is_refused(self, tmp_path, architecture, wanted):
        with pytest.raises(WeightsError, match=f"variant '{wanted}', asked for, does not go with checkpoint"):
            self.variant(tmp_path, architecture, wanted)

    def test_semantics_change_the_output(self, tmp_path, frames):
        path = write_checkpoint(tmp_path / "a.pth.tar", PLAIN)
        one, other = (
            facevid2vid.load(path, variant=variant).animator.detector(frames[:1].float() / 255).value
            for variant in ("vox-256-beta", "vox-256-beta-legacy")
        )
        assert (one - other).abs().max() > 1e-3


class TestRefusals:
    @pytest.fixture
    def networks(self):
        return recipe_networks(STUB)

    def refused(self, tmp_path, networks, words, **entries):
        path = save(tmp_path / "face.pth.tar", **networks, **entries)
        with pytest.raises(WeightsError, match=words) as caught:
            read_checkpoint(path)
        assert "face.pth.tar" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_missing_tensor(self, tmp_path, networks):
        del networks["generator"]["third.conv.bias"]
        self.refused(tmp_path, networks, r"misses tensor 'generator.third.conv.bias'")

    def test_missing_tensor_that_fixes_a_width(self, tmp_path, networks):
        del networks["kp_detector"]["kp.weight"]
        self.refused(tmp_path, networks, r"misses tensor 'kp_detector.kp.weight'")

    def test_unexpected_tensors(self, tmp_path, networks):
        networks["he_estimator"] |= {"extra.weight": torch.zeros(1), "extra.bias": torch.zeros(1)}
        self.refused(tmp_path, networks, r"has the unexpected tensor 'he_estimator.extra.weight' and 1 more")

    def test_wrong_shape(self, tmp_path, networks):
        networks["generator"]["fourth.weight"] = torch.zeros(16, 15, 1, 1)
        self.refused(tmp_path, networks, r"'generator.fourth.weight' has shape 16×15×1×1 where .* has 16×16×1×1")

    def test_missing_network(self, tmp_path, networks):
        del networks["he_estimator"]
        self.refused(tmp_path, networks, r"has no network 'he_estimator' \(found: generator, kp_detector\)")

    def test_another_checkpoint(self, tmp_path):
        self.refused(tmp_path, {"state_dict": {"conv.weight": torch.zeros(1)}}, "has no network 'generator'")

    def test_networks_that_are_no_mappings(self, tmp_path, networks):
        networks["generator"] = [1, 2]
        self.refused(tmp_path, networks, "'generator' is a list, not tensors by name")

    def test_scalars_where_widths_are_read(self, tmp_path, networks):
        networks["generator"]["second.weight"] = torch.tensor(1.0)
        self.refused(tmp_path, networks, "shapes fit no face-vid2vid network")

    def test_no_such_file(self, tmp_path):
        with pytest.raises(WeightsError, match=r"'.*gone.pth.tar' does not exist"):
            read_checkpoint(tmp_path / "gone.pth.tar")

    @pytest.mark.parametrize("suffix", [".pth.tar", ".safetensors"])
    def test_other_bytes(self, tmp_path, suffix):
        path = tmp_path / f"face{suffix}"
        path.write_bytes(b"not weights at all" * 10)
        with pytest.raises(WeightsError, match="face"):
            read_checkpoint(path)

    @pytest.mark.parametrize("suffix", [".pth.tar", ".safetensors"])
    def test_half_a_file(self, tmp_path, stub_checkpoint, suffix):
        whole = tmp_path / f"whole{suffix}"
        if suffix == ".safetensors":
            convert(stub_checkpoint, whole)
        else:
            whole.write_bytes(stub_checkpoint.read_bytes())
        half = tmp_path / f"half{suffix}"
        half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        with pytest.raises(WeightsError, match="half"):
            read_checkpoint(half)


class Malicious:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_that_a_checkpoint_carries_is_executed(tmp_path, zipped):
    mark, path = tmp_path / "executed", tmp_path / "face.pth.tar"
    torch.save({**recipe_networks(STUB), "epoch": Malicious(mark)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match="holds more than tensors"):
        read_checkpoint(path)
    assert not mark.exists()


def test_nor_a_bare_pickle(tmp_path):
    mark, path = tmp_path / "executed", tmp_path / "face.pth.tar"
    path.write_bytes(pickle.dumps(Malicious(mark), protocol=2))
    with pytest.raises(WeightsError):
        read_checkpoint(path)
    assert not mark.exists()


class TestConvert:
    def test_round_trip_keeps_every_tensor(self, tmp_path, stub_checkpoint):
        before = read_checkpoint(stub_checkpoint)
        convert(stub_checkpoint, tmp_path / "a.safetensors")
        after = read_checkpoint(tmp_path / "a.safetensors")
        assert (after.architecture, after.variant, after.epoch) == (before.architecture, before.variant, 9)
        for network, state in before.networks.items():
            assert state.keys() == after.networks[network].keys()
            for name, tensor in state.items():
                assert torch.equal(tensor, after.networks[network][name]), name

    def test_the_decided_variant_survives_the_loss_of_the_optimizer(self, tmp_path):
        source = write_checkpoint(tmp_path / "a.pth.tar", PLAIN, **NEW_GROUP)
        convert(source, tmp_path / "a.safetensors")
        assert read_checkpoint(tmp_path / "a.safetensors").variant == "vox-256-beta"

    def test_only_tensors_of_the_networks_are_written(self, tmp_path, stub_checkpoint):
        convert(stub_checkpoint, tmp_path / "a.safetensors")
        with safe_open(tmp_path / "a.safetensors", framework="pt") as file:
            networks = {key.partition(".")[0] for key in file.keys()}  # noqa: SIM118
        assert networks == {"generator", "kp_detector", "he_estimator", "discriminator"}

    def test_another_ending_is_refused(self, tmp_path, stub_checkpoint):
        with pytest.raises(WeightsError, match=r"does not end in \.safetensors"):
            convert(stub_checkpoint, tmp_path / "a.bin")


def test_loaded_models_of_both_formats_agree(tmp_path, stub_checkpoint, frames):
    convert(stub_checkpoint, tmp_path / "a.safetensors")
    one = facevid2vid.load(stub_checkpoint).reconstruct(frames, setting=Setting())
    other = facevid2vid.load(tmp_path / "a.safetensors").reconstruct(frames, setting=Setting())
    assert torch.equal(one, other)


def test_the_file_may_change_after_loading(tmp_path, stub_checkpoint, frames):
    path = tmp_path / "a.pth.tar"
    path.write_bytes(stub_checkpoint.read_bytes())
    loaded = facevid2vid.load(path)
    before = loaded.animator.estimator(frames.float() / 255).yaw
    path.write_bytes(bytes(path.stat().st_size))
    assert torch.equal(before, loaded.animator.estimator(frames.float() / 255).yaw)
