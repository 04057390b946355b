"""Checkpoints as people have them: each loads as the same network, or one sentence says what the file is."""

import argparse
import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bench.errors import WeightsError
from model.facevid2vid import load
from model.facevid2vid.architecture import STUB
from model.facevid2vid.checkpoint import read_checkpoint
from tests.model.recipe import recipe_networks
from tests.syncnet import recipe as syncnet

NETWORKS = recipe_networks(STUB)


def renamed(change):
    return {network: {change(name): tensor for name, tensor in state.items()} for network, state in NETWORKS.items()}


def cast(change):
    return {network: {name: change(tensor) for name, tensor in state.items()} for network, state in NETWORKS.items()}


def flat(before=""):
    return {f"{before}{network}.{name}": t for network, state in NETWORKS.items() for name, t in state.items()}


def saved(path, content, **how):
    torch.save(content, path, **how)
    return path


def unpacked(path):
    with zipfile.ZipFile(saved(path.with_suffix(".pth"), NETWORKS)) as archive:
        archive.extractall(path)
    return path


def packed(path, mode="w", **others):
    inside = io.BytesIO()
    torch.save(NETWORKS, inside)
    with tarfile.open(path, mode) as archive:
        for name, content in {**others, "vox.pth.tar": inside.getvalue()}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def zipped(path):
    inside = saved(path.with_suffix(".pth"), NETWORKS)
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inside, "vox/vox.pth.tar")
        archive.writestr("vox/README.md", "about")
    return path


def in_safetensors(path):
    save_file({name: tensor.clone() for name, tensor in flat().items()}, path)
    return path


FILES = {
    "DataParallel": lambda path: saved(path, renamed(lambda name: f"module.{name}")),
    "torch.compile": lambda path: saved(path, renamed(lambda name: f"_orig_mod.{name}")),
    "both": lambda path: saved(path, renamed(lambda name: f"module._orig_mod.{name}")),
    "compiled part": lambda path: saved(path, renamed(lambda name: name.replace("hourglass.", "hourglass._orig_mod."))),
    "legacy": lambda path: saved(path, NETWORKS, _use_new_zipfile_serialization=False),
    "protocol 4": lambda path: saved(path, NETWORKS, pickle_protocol=4),
    "numpy epoch": lambda path: saved(path, {**NETWORKS, "epoch": np.int64(12), "loss": np.float64(0.5)}),
    "legacy numpy": lambda path: saved(path, {**NETWORKS, "epoch": np.int64(12)}, _use_new_zipfile_serialization=False),
    "options": lambda path: saved(path, {**NETWORKS, "epoch": 12, "args": argparse.Namespace(lr=1e-4, gpus=[0, 1])}),
    "optimizer": lambda path: saved(path, {**NETWORKS, "optimizer_generator": {"state": {0: {"step": np.int64(3)}}}}),
    "averaged": lambda path: saved(
        path, {key: {"n_averaged": torch.tensor(3), **state} for key, state in NETWORKS.items()}
    ),
    "flat": lambda path: saved(path, flat()),
    "flat and wrapped": lambda path: saved(path, {"state_dict": flat("module."), "hyper_parameters": {"lr": 1}}),
    "wrapped": lambda path: saved(path, {"model": NETWORKS, "epoch": 3}),
    "safetensors": in_safetensors,
    "folder": unpacked,
    "inner folder": lambda path: next(each.parent for each in unpacked(path).glob("*/data.pkl")),
    "tar": packed,
    "tar with others": lambda path: packed(path, **{"._vox.pth.tar": b"\0\5\x16\7", "README": b"text"}),
    "tar.gz": lambda path: packed(path, "w:gz"),
    "zip": zipped,
}


@pytest.mark.parametrize("kind", FILES)
def test_what_holds_the_tensors_is_loaded(tmp_path, kind):
    read = read_checkpoint(FILES[kind](tmp_path / "face.pth.tar"))
    for network, state in NETWORKS.items():
        assert read.networks[network].keys() == state.keys()
        assert all(torch.equal(read.networks[network][name], tensor) for name, tensor in state.items())
    if "numpy" in kind:
        assert read.epoch == 12


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt", ".bin", ""])
def test_the_content_tells_the_format(tmp_path, suffix):
    assert read_checkpoint(in_safetensors(tmp_path / f"a{suffix}")).architecture == read_checkpoint(
        saved(tmp_path / f"b{suffix}", NETWORKS)
    ).architecture  # fmt: skip


@pytest.mark.parametrize(
    ("change", "apart"),
    [(torch.Tensor.half, 1e-3), (torch.Tensor.bfloat16, 1e-2), (torch.Tensor.double, 0.0)],
)
def test_every_precision_becomes_the_networks_own(tmp_path, change, apart, frames):
    path = saved(tmp_path / "a.pth", cast(change))  # the counters too, as some scripts do
    read = read_checkpoint(path)
    for network, state in NETWORKS.items():
        for name, tensor in state.items():
            found = read.networks[network][name]
            assert found.dtype == tensor.dtype
            assert torch.allclose(found.float(), tensor.float(), rtol=apart, atol=apart * 1e-2)
    assert load(path).animator.estimator(frames[:1].float() / 255).yaw.dtype == torch.float32


def test_a_folder_has_a_digest_of_its_own(tmp_path):
    described = load(unpacked(tmp_path / "a")).describe()
    assert len(str(described["checkpoint_sha256"])) == 64


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0d" * 32 + b"\nsize 725192332\n"
WHOLE = saved(io.BytesIO(), NETWORKS).getvalue()
OLD = saved(io.BytesIO(), NETWORKS, _use_new_zipfile_serialization=False).getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"<!DOCTYPE html><html><head><title>Google Drive - Quota\nexceeded</title>",
            "web page .*'Google Drive - Quota",
        ),
        (b"\n <HTML lang=en>", "web page"),
        (LFS, r"git LFS pointer to a file of 725\.2 MB"),
        (b'{"error": "not found"}', "JSON text"),
        (b"<?xml version='1.0'?><Error>AccessDenied</Error>", "XML answer"),
        (b"Repository not found", "a text of 20 bytes that begins 'Repository not found'"),
        (b"", "is empty"),
        (bytes(5000), "5000 bytes of zeros"),
        (WHOLE[: len(WHOLE) // 2], r"cut off: a zip archive of torch whose end is missing after [\d.]+ MB"),
        (OLD[: len(OLD) // 2], "cut off"),
        (gzip.compress(WHOLE[:9000]), "gzip archive: unpack it"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        (b"\0\0\0\x20ftypisom" + bytes(100), "is a video"),
    ],
)
def test_one_sentence_says_what_the_file_is(tmp_path, content, words):
    path = tmp_path / "face.pth.tar"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"face\.pth\.tar' .*{words}") as caught:
        read_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_cut_safetensors(tmp_path):
    content = in_safetensors(tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "b.bin").write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match=r"cut off: safetensors of [\d.]+ MB, of which [\d.]+ MB are here"):
        read_checkpoint(tmp_path / "b.bin")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({name: tensor.clone() for name, tensor in syncnet.weights().items()}, "looks like SyncNet v2"),
        (
            {"state_dict": {f"module.{part}0.conv_block.0.weight": torch.ones(1) for part in
             ("face_encoder_blocks.", "face_decoder_blocks.", "audio_encoder.", "output_block.")}},
            "looks like Wav2Lip",
        ),
        (
            {
                "generator": {"first.conv.weight": torch.ones(1), "bottleneck.r0.conv1.weight": torch.ones(1),
                              "dense_motion_network.mask.weight": torch.ones(1)},
                "kp_detector": {"kp.weight": torch.ones(1), "predictor.encoder.down_blocks.0.weight": torch.ones(1)},
            },
            "looks like the First Order Motion Model",
        ),
    ],
)  # fmt: skip
def test_another_network_is_named(tmp_path, content, words):
    with pytest.raises(WeightsError, match=rf"has no network '\w+' \(found: .*\); it {words}"):
        read_checkpoint(saved(tmp_path / "a.pth", content))


def test_a_whole_model_that_was_pickled(tmp_path):
    with pytest.raises(WeightsError, match=r"'generator' is an object of torch.nn.modules.linear.Linear, not tensors"):
        read_checkpoint(saved(tmp_path / "a.pth", {**NETWORKS, "generator": torch.nn.Linear(1, 1)}))


def test_quantised_tensors_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="is of int8 where numbers with a fraction are needed"):
        read_checkpoint(saved(tmp_path / "a.pth", cast(lambda tensor: tensor.to(torch.int8))))


def test_several_files_in_one_archive_or_folder_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"tar archive with several files of tensors \(a.pth, vox.pth.tar\)"):
        read_checkpoint(packed(tmp_path / "a.tar", **{"a.pth": WHOLE}))
    for name in ("a.pth", "b.pth"):
        saved(tmp_path / name, NETWORKS)
    with pytest.raises(WeightsError, match="folder with several files of tensors"):
        read_checkpoint(tmp_path)
