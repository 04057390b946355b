import json
import os

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.file_names import file_name, readable
from bench.files.atomic_write import write_text
from bench.report.brief import write_brief
from bench.results.run_folder import CLIP_COLUMNS, read_clips, read_frames, read_manifest
from bench.results.run_results import load, read_run
from tests.bench.report.runs import make_run


@given(st.text())
def test_file_names_are_safe_everywhere(text):
    name = file_name(text)
    assert name not in ("", ".", "..")
    assert not set(name) & set('/\\:*?"<>|\0')
    assert len(name.encode("utf-8", "surrogateescape")) < 255


@given(st.text(), st.text())
def test_different_clips_get_different_files(first, second):
    if first != second:
        assert file_name(first) != file_name(second)


def test_ordinary_and_foreign_names_stay_as_they_are():
    for name in ("id10280#abc#000100#000200", "视频 测试", "take [1] (final)", "señor_$%&"):
        assert file_name(name) == name


def test_names_that_are_no_utf8_are_written_out(tmp_path):
    name = os.fsdecode(b"caf\xe9 \xff")
    assert readable(name) == r"caf\xe9 \xff"
    assert readable("café") == "café"
    write_text(tmp_path / "table.md", name)
    assert (tmp_path / "table.md").read_text("utf-8") == readable(name)


CLIPS = ",".join(CLIP_COLUMNS) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0\xff\xfe",
        CLIPS.encode() + b"a,original,l1,many,value,,3,0,x,\n",
        CLIPS.encode() + b"a,original,l1,1.5,value,,three,0,x\n",
        CLIPS.encode() + b"a,original,l1,1.5,value,,3,0,x,\na,original,ss",
        CLIPS.encode() + b'a,original,l1,1.5,value,"and so',
        CLIPS.encode() + b"a,original,l1,1.5,value,,3,0,x,too,many,cells\n" * 2,
        CLIPS.encode() + b"caf\xe9,original,l1,1.5,value,,3,0,x,\n",
    ],
)
def test_a_damaged_table_is_one_sentence(tmp_path, text):
    (tmp_path / "clips.csv").write_bytes(text)
    with pytest.raises(
        BenchError, match=r"clips\.csv' .*: (run the benchmark again|it was written by another version)$"
    ):
        read_clips(tmp_path)


@pytest.mark.parametrize("clip", [None, "one"])
@pytest.mark.parametrize("text", [b"", b"PAR1 and then nothing", b"\xff" * 100])
def test_damaged_frames_are_one_sentence(tmp_path, text, clip):
    (tmp_path / "frames.parquet").write_bytes(text)
    with pytest.raises(BenchError, match=r"frames\.parquet' is damaged .*: run the benchmark again$"):
        read_frames(tmp_path, clip=clip)


def test_an_empty_table_is_no_damage(tmp_path):
    (tmp_path / "clips.csv").write_text(CLIPS)
    assert read_clips(tmp_path).empty


@pytest.mark.parametrize("text", [None, "", "{", '{"schema_version": 99}'])
def test_a_broken_run_folder_is_one_sentence(tmp_path, text):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(BenchError, match=r"run\.json"):
        read_manifest(tmp_path)


OLD = """clip,setting,metric,value,status,reason,n,infinite,protocol
a,original,l1,1.5,value,two sound tracks,3,0,x
a,original,lse_c,,skipped,no speech,0,0,x
b,original,l1,2.5,value,,3,0,x
"""


def test_warnings_of_older_tables_are_taken_out_of_the_reasons(tmp_path):
    (tmp_path / "clips.csv").write_text(OLD)
    rows = read_clips(tmp_path)
    assert tuple(rows.columns) == CLIP_COLUMNS
    assert rows["reason"].tolist() == ["", "no speech", ""]
    assert rows["warning"].tolist() == ["two sound tracks", "", ""]


def test_a_warning_stays_the_text_that_it_is(tmp_path):
    (tmp_path / "clips.csv").write_text(
        CLIPS + "a,original,l1,1.5,value,,3,0,x,007\nNA,original,l1,1.5,value,,3,0,x,NA\n"
    )
    assert read_clips(tmp_path)["warning"].tolist() == ["007", "NA"]


def age(folder):
    """Make a run folder what it was under the first schema."""
    rows = pd.read_csv(folder / "clips.csv", keep_default_na=False, dtype=str)
    rows["reason"] = rows["reason"].where(rows["status"] != "value", rows["warning"])
    rows.drop(columns="warning").to_csv(folder / "clips.csv", index=False)
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    assert manifest["schema_version"] == 2
    (folder / "run.json").write_text(json.dumps({**manifest, "schema_version": 1}), "utf-8")


def test_a_run_of_the_first_schema_reads_as_before(tmp_path):
    drop = {("anna_2", "original", "lse_c"): ("skipped", "no speech")}
    folders = [
        make_run(tmp_path / name, metrics=("psnr", "lse_c"), drop=drop, warned={"anna_1": ("two sound tracks",)})
        for name in ("new", "old")
    ]
    age(folders[1])
    new, old = load(folders)
    assert old.manifest.schema_version == 1
    assert old.clips["warning"].any()
    pd.testing.assert_frame_equal(new.clips, old.clips)
    assert new.reasons == old.reasons
    (new_brief, old_brief) = (write_brief(folder) for folder in folders)
    assert new_brief == old_brief


def test_a_run_is_read_by_what_is_asked_of_it(tmp_path):
    """A gate needs no summary; a report is told of everything that is damaged before it begins."""
    folder = make_run(tmp_path / "run", metrics=("psnr",))
    (folder / "summary.csv").unlink()
    assert len(read_run(folder).clips)
    with pytest.raises(BenchError, match=r"has no summary\.csv"):
        load([folder])
