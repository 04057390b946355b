import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError, MediaError
from bench.file_names import file_name, one_line, readable


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("clip 'a\nb'", r"clip 'a\nb'"),
        ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("gnp.\u202eexe", r"gnp.\u202eexe"),
        ("a\u2028b", r"a\u2028b"),
        ("\udcff and \ud800", r"\xff and \ud800"),
        ("é 视频 🙂", "é 视频 🙂"),
    ],
)
def test_a_sentence_is_one_line_that_a_terminal_shows_and_does_not_obey(text, told):
    assert str(BenchError(text)) == told
    assert one_line(text) == told


def test_of_a_long_sentence_beginning_and_remedy_are_told():
    told = str(BenchError(f"clip '{'x' * 100_000}' is missing: put it there"))
    assert len(told) < 2100
    assert told.startswith("clip 'xxx")
    assert told.endswith("x' is missing: put it there")


def test_a_sentence_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(MediaError("a\nb" * 5000)))
    assert isinstance(error, MediaError)
    assert str(error) == str(MediaError("a\nb" * 5000))


def test_halves_of_characters_are_written_out():
    assert readable("a\udcff\ud800\nb") == "a\\xff\\ud800\nb"
    readable("\ud800").encode()
    assert file_name("\ud800") != file_name("\udc00")
    file_name("\ud800a").encode()


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_whatever_the_text_is_it_can_be_shown_and_written(text):
    told = str(BenchError(text))
    told.encode()
    assert len(told.splitlines()) <= 1
    assert told == one_line(told)  # nothing is written out twice
    name = file_name(text)
    name.encode()
    assert name not in ("", ".", "..")
    assert not set(name) & set("/\\\0")
