import ast
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from bench.commands import main as command
from bench.commands import report
from bench.commands.parser import Parser
from bench.errors import BenchError
from docs import cards, rooms

ROOT = Path(__file__).resolve().parents[3]
# What a sub-command must be told before it looks at anything else.
NEEDED = {
    "list": ["suites"],
    "protocol": ["show", "run"],
    "compare": ["before", "after"],
    "convert": ["from.pth.tar", "to.safetensors"],
    "merge": ["run", "--out", "whole"],
}


@pytest.mark.parametrize("words", [[name] for name in command.SUBCOMMANDS] + [["weights", "fetch"], []])
def test_an_unknown_option_is_one_sentence_and_exit_2(words, capsys):
    for needed in (NEEDED.get(words[0], []) if words else [], []):
        assert command.main([*words, *needed, "--bogus"]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("benchmark.py: ")
        assert said.err.count("\n") == 1
        assert "usage" not in said.err


@pytest.mark.parametrize("name", command.SUBCOMMANDS)
def test_where_no_option_is_near_the_help_is_named(name, capsys):
    assert command.main([name, *NEEDED.get(name, []), "--qqqqqq"]) == 2
    assert capsys.readouterr().err == (
        f"benchmark.py: there is no option '--qqqqqq': 'benchmark.py {name} --help' lists the options\n"
    )


@pytest.mark.parametrize("name", command.SUBCOMMANDS)
def test_help_names_the_program_that_was_called(name, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: benchmark.py {name}")


def test_near_options_are_named(capsys):
    assert command.main(["weights", "--wieghts-dir=x"]) == 2
    assert capsys.readouterr().err == (
        "benchmark.py: there is no option '--wieghts-dir=x': did you mean --weights-dir?\n"
    )


def test_the_other_commands_say_one_sentence_too(capsys, monkeypatch):
    assert report.main(["--bogus"]) == 2
    assert capsys.readouterr().err.startswith("report.py: there is no option '--bogus'")
    with pytest.raises(BenchError, match="no option '--bogus'"):
        cards.main(["--bogus"])
    monkeypatch.setattr(sys, "argv", ["bench.portraits", "sheet", "--out", "x.png", "--bogus"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("bench.portraits", run_name="__main__")
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "there is no option '--bogus': 'python -m bench.portraits --help' lists the options\n"
    )


def test_no_command_has_a_parser_of_another_kind():
    makers = {
        module
        for module, path in [*rooms.modules().items(), ("docs.cards", ROOT / "docs" / "cards.py")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ArgumentParser")
    }
    assert makers == set()


@pytest.mark.parametrize("name", command.SUBCOMMANDS)
def test_an_unknown_option_loads_nothing_heavy(name):
    words = [name, *NEEDED.get(name, []), "--bogus"]
    script = (
        f"import sys\nfrom bench.commands.main import main\nassert main({words!r}) == 2\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'av', 'scipy', 'pydantic', 'rich', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_sub_parsers_are_of_the_same_kind():
    parser = Parser(prog="benchmark.py thing")
    parser.add_subparsers().add_parser("do").add_argument("what")
    with pytest.raises(BenchError, match="required: what"):
        parser.parse_args(["do"])
