from bench.commands.convert import main
from model.facevid2vid.checkpoint import read_checkpoint


def test_converts_and_prints_the_variant(tmp_path, stub_checkpoint, capsys):
    assert main([str(stub_checkpoint), str(tmp_path / "face.safetensors")]) == 0
    assert "variant vox-256, told by its SPADE generator" in capsys.readouterr().out
    assert read_checkpoint(tmp_path / "face.safetensors").variant == "vox-256"


def test_a_mistake_is_one_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "gone.pth.tar"), str(tmp_path / "face.safetensors")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
