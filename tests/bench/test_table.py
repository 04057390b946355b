import io
import re

from rich.console import Console

from bench.table import Table

TABLE = Table(
    title="demo",
    head=("setting", *(f"metric{number} ↑" for number in range(9)), "n"),
    rows=(("original", *(f"{number}.12345" for number in range(9)), "6"),),
    notes=("a note",),
)


def shown(width):
    text = io.StringIO()
    Console(file=text, width=width).print(TABLE.to_rich(width=width))
    return text.getvalue()


def test_no_number_is_cut_in_any_terminal():
    for width in (60, 80, 120, 200):
        text = shown(width)
        assert "…" not in text
        assert all(f"{number}.12345" in text for number in range(9))


def test_metrics_are_columns_where_they_fit_and_rows_where_not():
    wide, narrow = shown(200), shown(80)
    assert any(all(f"metric{number}" in line for number in range(9)) for line in wide.splitlines())
    assert any(re.search(r"metric3 ↑ .* 3\.12345", line) for line in narrow.splitlines())


def test_markdown_escapes_names():
    text = Table(title="<b>|x", head=("a|b",), rows=(("*_$1",),)).to_markdown()
    assert "<b>" not in text
    assert text.count("|") - text.count("\\|") == 2 * 3
