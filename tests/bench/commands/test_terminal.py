import io

from rich.table import Table
from rich.text import Text

from bench.commands.terminal import _Plain


def printed(*what, **how):
    console = _Plain(file=io.StringIO(), width=200, **how)
    for each in what:
        console.print(each)
    return console.file.getvalue()


def test_what_names_contain_is_shown_and_not_obeyed():
    text = printed(Text("clip a\x1b[31mb\x1b]0;title\x1b\\ \x9b2J \u202egnp\nnext line"))
    assert text == "clip a\\x1b[31mb\\x1b]0;title\\x1b\\ \\x9b2J \\u202egnp\nnext line\n"


def test_nor_in_a_table():
    table = Table("id", box=None)
    table.add_row(Text("é 视频 \x1b[0m"))
    assert "\x1b" not in printed(table)
    assert "é 视频" in printed(table)


def test_our_own_colours_stay():
    assert (
        printed(Text("red\x1b", style="red"), force_terminal=True, color_system="standard")
        == "\x1b[31mred\\x1b\x1b[0m\n"
    )
