"""A little of the fuzz run (`python -m benchmarks.fuzz`) at every change: some cases of every reader, of a fixed seed."""

import os
import pickle
import warnings
from pathlib import Path

import pytest

from bench.errors import BenchError
from benchmarks.fuzz.judge import Watch, judge
from benchmarks.fuzz.table import READERS
from benchmarks.fuzz.tensors import CANARY
from benchmarks.fuzz.worker import emptied, seeded

CASES = 300


@pytest.fixture(scope="module")
def watch(tmp_path_factory):
    """Hears what a case writes and starts; off between the cases."""
    watch = Watch((str(tmp_path_factory.getbasetemp()), "/dev/"))
    watch.install()
    return watch


@pytest.mark.parametrize("reader", READERS, ids=[reader.name for reader in READERS])
def test_whatever_the_bytes_are_it_reads_them_or_refuses_them_in_a_sentence(reader, watch, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    case, folder = reader.begin(home), tmp_path / "case"
    for number in range(max(3, round(CASES * min(reader.share, 1)))):
        emptied(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = judge(case(seeded(1, reader.name, number), folder), watch, megabytes=reader.megabytes)
        assert result.verdict != "find", f"case {number}: {result.sign}\n{result.told}"


class TestJudge:
    """The judge finds what there is to find."""

    def verdict(self, thunk, watch):
        return judge(thunk, watch, megabytes=50).sign

    def test_other_exceptions(self, watch):
        assert self.verdict(lambda: {}["x"], watch).startswith("KeyError: ")

    def test_sentences_that_are_none(self, watch):
        def raise_(told):
            error = BenchError("")
            error.args = (told,)
            raise error

        for told, wrong in (
            ("", "empty"),
            ("a\nb", "more than a line"),
            ("\x1b[0m", "not printable"),
            ("a" * 9999, "too long"),
        ):
            assert self.verdict(lambda told=told: raise_(told), watch).startswith(f"sentence {wrong}")
        assert judge(lambda: raise_("no such file: name another"), watch, megabytes=50).verdict == "refused"

    def test_files_that_are_written_outside(self, watch):
        assert self.verdict(lambda: Path("/proc/self/nothing").write_text("x"), watch).startswith("did open")

    def test_programs_that_are_started(self, watch):
        assert self.verdict(lambda: os.system("true"), watch).startswith("did os.system")

    def test_memory(self, watch):
        assert self.verdict(lambda: bytearray(b"x" * 200_000_000), watch).startswith("memory")

    def test_code_in_a_pickle(self, watch):
        assert self.verdict(lambda: pickle.loads(CANARY + b"(tR."), watch) == "code of the input ran"
