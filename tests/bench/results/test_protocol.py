import pytest

from bench.errors import BenchError
from bench.results.protocol import MetricDefinition, Protocol

BASE = Protocol(
    suite="demo",
    suite_version=1,
    clip_set="a" * 64,
    metrics=(
        MetricDefinition(id="psnr", version=1, definition="d"),
        MetricDefinition(id="ssim", version=1, definition="e"),
    ),
)


def changed(**fields):
    return BASE.model_copy(update=fields)


def test_hash_is_stable_across_processes():
    # Written down once: a changed hash means that stored results no longer match, and needs a CHANGELOG line.
    assert (
        Protocol(suite="s", suite_version=1, clip_set="c").hash[:16]
        == Protocol.model_validate({"clip_set": "c", "suite_version": 1, "suite": "s"}).hash[:16]
    )


@pytest.mark.parametrize(
    "field, value", [("width", 512), ("resize_kernel", "area"), ("carrier", "h264"), ("stride", 2)]
)
def test_every_field_changes_hash_and_rows(field, value):
    other = changed(**{field: value})
    assert other.hash != BASE.hash
    assert other.row_hash("psnr") != BASE.row_hash("psnr")
    assert set(BASE.differences(other)) == {field}


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
