import hashlib
import json
import os
import subprocess
import sys
from typing import Literal, get_args, get_origin

import pytest

from bench.errors import BenchError
from bench.results.protocol import MetricDefinition, Protocol

BASE = Protocol(
    suite="demo",
    suite_version=1,
    clip_set="a" * 64,
    metrics=(
        MetricDefinition(id="psnr", version=1, definition="d"),
        MetricDefinition(id="ssim", version=1, definition="e", weights={"b": "2" * 64, "a": "1" * 64}),
    ),
)
# Written down once, with the defaults of every field: another value means that stored results match no longer, and
# needs a CHANGELOG line.
HASH = "20197ea42b8621ddc7d15352c3c3a7f5e785a7a342c771154f8e9e9f1d8b7d64"
ROW_HASHES = {"psnr": "64d7a219396d", "ssim": "75714dcc9b13"}
NOT_OF_A_ROW = {"clip_set", "metrics", "preset"}


def changed(**fields):
    return BASE.model_copy(update=fields)


def another(name):
    """Another value of a field, of its type; one that nobody has written yet where only one is known."""
    kind, value = Protocol.model_fields[name].annotation, getattr(BASE, name)
    if get_origin(kind) is Literal:
        rest = [choice for choice in get_args(kind) if choice != value]
        if rest:
            return rest[0]
        kind = type(value)
    if get_origin(kind) is tuple:
        return value[:-1]
    return {bool: lambda: not value, int: lambda: value + 1, str: lambda: f"{value}, or another"}[kind]()


def test_hashes_are_those_that_were_written_down():
    assert BASE.hash == HASH
    assert {metric: BASE.row_hash(metric) for metric in ROW_HASHES} == ROW_HASHES


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_hash_is_stable_across_processes(seed):
    script = (
        "import sys; from bench.results.protocol import Protocol\n"
        "read = Protocol.model_validate_json(sys.stdin.read())\n"
        "print(read.hash, *(read.row_hash(metric.id) for metric in read.metrics))"
    )
    backwards = json.dumps(dict(reversed(BASE.model_dump(mode="json").items())))
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=backwards,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [HASH, *ROW_HASHES.values()]


@pytest.mark.parametrize("field", Protocol.model_fields)
def test_every_field_changes_hash_and_rows(field):
    other = changed(**{field: another(field)})
    assert other != BASE
    assert other.hash != BASE.hash
    assert (other.row_hash("psnr") != BASE.row_hash("psnr")) == (field not in NOT_OF_A_ROW)
    # A metric that only one side has is no difference; those of both are compared below.
    assert set(BASE.differences(other)) == {field} - {"metrics"}


def test_rows_of_another_clip_set_stay_comparable():
    other = changed(clip_set="b" * 64)
    assert other.hash != BASE.hash
    assert other.row_hash("psnr") == BASE.row_hash("psnr")


def test_a_metrics_version_changes_its_own_rows_only():
    psnr = BASE.metrics[0].model_copy(update={"version": 2})
    other = changed(metrics=(psnr, BASE.metrics[1]))
    assert other.row_hash("psnr") != BASE.row_hash("psnr")
    assert other.row_hash("ssim") == BASE.row_hash("ssim")
    assert set(BASE.differences(other)) == {"metric.psnr"}


def test_metrics_that_only_one_side_has_are_no_difference():
    assert BASE.differences(changed(metrics=BASE.metrics[:1])) == {}


def test_unknown_keys_are_errors_with_near_matches():
    with pytest.raises(BenchError, match=r"unknown key 'hight': did you mean height"):
        Protocol.read({**BASE.model_dump(), "hight": 256}, where="protocol")


def test_json_round_trip():
    assert Protocol.model_validate_json(BASE.model_dump_json()) == BASE


ADDED = {"fit": "crop", "hdr": "stored", "deinterlace": "bwdif", "panel": 3, "sound": "prediction"}


def test_fields_that_came_later_leave_old_hashes_alone():
    fields = BASE.model_dump(mode="json")
    older = {name: value for name, value in fields.items() if name not in ADDED}
    text = json.dumps(older, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert BASE.hash == hashlib.sha256(text.encode()).hexdigest()
    assert Protocol(**older).hash == BASE.hash


@pytest.mark.parametrize(("name", "value"), ADDED.items())
def test_fields_that_came_later_tell_protocols_apart(name, value):
    other = BASE.model_copy(update={name: value})
    assert other.hash != BASE.hash
    assert other.row_hash("psnr") != BASE.row_hash("psnr")
    assert set(BASE.differences(other)) == {name}
