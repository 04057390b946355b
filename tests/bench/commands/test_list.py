import pytest

from bench.commands.main import main


def told(capsys, *words):
    assert main(["list", *words]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")


@pytest.mark.parametrize(
    "what, words",
    [
        ("suites", ("voxceleb", "525 clips of 13 people", "demo")),
        ("metrics", ("psnr", "dB", "lse_c")),
        ("models", ("facevid2vid", "model.facevid2vid:load")),
        ("settings", ("free-view:30,10,0", "@relative")),
    ],
)
def test_every_list_names_what_there_is(capsys, what, words):
    text = told(capsys, what)
    assert all(word in text for word in words)


def test_a_suite_says_its_list_licence_and_how_to_get_it(capsys):
    text = told(capsys, "suites", "voxceleb")
    assert "sha256 dfbaf55a6edaaf84add29f93692f8bb7289aff1102631bcdf1b1aaf52f3953f7" in text
    assert "list: CC BY 4.0" in text
    assert "download the videos that vox-metadata.csv names" in text
    assert "say where with --data DIR" in text


def test_a_list_that_one_must_ask_for_says_what_to_put_where(capsys):
    assert "DIR/talkinghead-1kh.txt put the tube list" in told(capsys, "suites", "talkinghead-1kh")


def test_a_suite_says_what_is_present(capsys, tmp_path):
    assert "present 6 of 6" in told(capsys, "suites", "demo")
    assert "none of its 7 clips" in told(capsys, "suites", "portraits7", "--data", str(tmp_path))
    (tmp_path / "may.mp4").write_bytes(b"x")
    text = told(capsys, "suites", "portraits7", "--data", str(tmp_path))
    assert f"present 1 of 7 under {tmp_path}" in text
    assert "report.py --published portraits7" in text


def test_mistakes_are_sentences(capsys):
    assert main(["list", "suites", "voxcleb"]) == 2
    assert "did you mean voxceleb" in capsys.readouterr().err
    assert main(["list", "metrics", "psnr"]) == 2
    assert "takes no name" in capsys.readouterr().err
