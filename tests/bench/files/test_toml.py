import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.files.toml import read_toml, to_toml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.one_of(TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False))
INSIDE = st.recursive(PLAIN, lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXTS, part, max_size=3))
TABLES = st.dictionaries(TEXTS, INSIDE, max_size=4)
DOCUMENTS = st.dictionaries(TEXTS, INSIDE | TABLES | st.lists(TABLES, max_size=3), max_size=5)


@given(DOCUMENTS)
def test_it_reads_back_as_it_was(document):
    assert tomllib.loads(to_toml(document)) == document


def test_the_layout():
    document = {
        "schema": 1,
        "id": 'a "b" \\ \x7f é',
        "frames": {"size": (256, 128), "fps": 25.0, "whole": True},
        "clips": [{"id": "a", "views": {"free-view:30,10,0": "a.mp4"}}, {"id": "b"}],
        "settings": ["original"],
    }
    assert to_toml(document, comment="Written by a test.") == (
        "# Written by a test.\n"
        "schema = 1\n"
        'id = "a \\"b\\" \\\\ \\u007f é"\n'
        'settings = ["original"]\n'
        "\n"
        "[frames]\n"
        "size = [256, 128]\n"
        "fps = 25.0\n"
        "whole = true\n"
        "\n"
        "[[clips]]\n"
        'id = "a"\n'
        'views = { "free-view:30,10,0" = "a.mp4" }\n'
        "\n"
        "[[clips]]\n"
        'id = "b"\n'
    )


@pytest.mark.parametrize("comment", ["", "one"])
def test_an_empty_document(comment):
    assert tomllib.loads(to_toml({}, comment=comment)) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"a = {'[' * 5000}{']' * 5000}", "nested too deeply"),
        (f"a = {'1' * 5000}", "a number"),
        ("a = 2026-02-30", "Invalid date"),
        ("a =", "Invalid"),
        (b"a = '\xff'", "codec"),
    ],
)
def test_whatever_the_bytes_are_it_is_one_kind_of_error(tmp_path, text, said):
    path = tmp_path / "a.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=said):
        read_toml(path)
