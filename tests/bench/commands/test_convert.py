from typing import get_args

from bench.commands import main as command
from bench.commands.convert import VARIANTS, main
from model.facevid2vid.checkpoint import read_checkpoint
from model.facevid2vid.variant import Variant


def test_converts_and_prints_the_variant(tmp_path, stub_checkpoint, capsys):
    assert main([str(stub_checkpoint), str(tmp_path / "face.safetensors")]) == 0
    assert "variant vox-256, told by its SPADE generator" in capsys.readouterr().out
    assert read_checkpoint(tmp_path / "face.safetensors").variant == "vox-256"


def test_a_mistake_is_one_sentence(tmp_path, capsys):
    assert command.main(["convert", str(tmp_path / "gone.pth.tar"), str(tmp_path / "face.safetensors")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("benchmark.py: ")
    assert said.count("\n") == 1


def test_a_folder_that_is_not_there_is_not_made(tmp_path, stub_checkpoint, capsys):
    assert command.main(["convert", str(stub_checkpoint), str(tmp_path / "slip" / "face.safetensors")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not (tmp_path / "slip").exists()


def test_the_variants_are_the_models():
    assert get_args(Variant) == VARIANTS
