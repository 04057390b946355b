import pytest

from bench.files.json import parse_json, read_json


def test_it_reads_json(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"é": [1, null, 0.5, "\\ud83d\\ude42"]}', encoding="utf-8")
    assert read_json(path) == {"é": [1, None, 0.5, "🙂"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [("[" * 100_000 + "]" * 100_000, "nested too deeply"), ("1" * 5000, "thousands of digits"), ("{", "Expecting")],
)
def test_whatever_the_text_is_it_is_one_kind_of_error(text, said):
    with pytest.raises(ValueError, match=said):
        parse_json(text)


def test_other_bytes_are_the_same_kind(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(ValueError, match="codec"):
        read_json(tmp_path / "a.json")


def test_halves_of_characters_are_written_out():
    assert parse_json(r'{"\ud800": ["\udcff", {"a": "\uDEADx"}]}') == {r"\ud800": [r"\xff", {"a": r"\udeadx"}]}
