"""Models by name, by path, and by the entry points of installed packages."""

import sys

import pytest

from bench.errors import BenchError
from model import registry

MODULE = """
class Still:
    name, size = "still", None

    def __init__(self, checkpoint, *, device):
        self.checkpoint, self.device = checkpoint, device

class Raises:
    def __init__(self, checkpoint, *, device):
        raise RuntimeError(f"no {device} here")

class RaisesTypeError:
    def __init__(self, checkpoint, *, device, **options):
        dict(None)

class Deviceless:
    def __init__(self, checkpoint=None):
        pass

NUMBER = 3
"""
METADATA = "Metadata-Version: 2.1\nName: their-talker\nVersion: 1.0\n"
ENTRY = f"[{registry.ENTRY_POINTS}]\ntheirs = their_talker:Still\nstatic = their_talker:Still\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A distribution as pip leaves it: a module, and a .dist-info folder that names its entry points."""
    (tmp_path / "their_talker.py").write_text(MODULE)
    info = tmp_path / "their_talker-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("their_talker", None)


def test_an_installed_package_adds_a_model(installed, tmp_path):
    assert registry.known()["theirs"] == "their_talker:Still"
    registry.check("theirs")
    model = registry.load("theirs", checkpoint=tmp_path / "weights.pt", device="cpu")
    assert (model.name, model.checkpoint, model.device) == ("still", tmp_path / "weights.pt", "cpu")


def test_no_package_can_take_the_name_of_a_model_of_ours(installed):
    assert registry.known()["static"] == registry.TABLE["static"]


def test_a_class_is_loaded_by_its_path(installed):
    assert registry.load("their_talker:Still").name == "still"


@pytest.mark.parametrize(
    "name, words",
    [
        ("statik", "did you mean static"),
        ("nobody.there:Model", r"'nobody\.there' cannot be imported"),
        ("their_talker:Sitll", "'their_talker' has no 'Sitll'"),
        ("their_talker:Raises", "--model their_talker:Raises: making it failed with RuntimeError: no cpu here"),
        ("their_talker:RaisesTypeError", "making it failed with TypeError: 'NoneType' object is not iterable"),
        ("their_talker:Deviceless", r"cannot be called as \(checkpoint, device=…\) \(.*'device'\)"),
        ("their_talker:NUMBER", "is no class and no function"),
        ("os.path:join", "cannot be called as"),
    ],
)
def test_mistakes_are_sentences(installed, name, words):
    with pytest.raises(BenchError, match=words):
        registry.load(name)


def test_options_that_a_model_does_not_take_are_named(installed):
    with pytest.raises(BenchError, match="does not take all of precision"):
        registry.load("theirs", precision="fp16")
