import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.results.manifest import MetricRecord, RunManifest
from bench.results.run_folder import read_manifest
from bench.rows import CODEC_FLOOR, GROUND_TRUTH, ORIGINAL, STATIC, Row
from bench.run.columns import column
from metrics import registry
from metrics.metric import ClipFacts
from metrics.scorer.true_view import true_view
from tests.bench.report.runs import make_run

TURNED = Row.parse("free-view:30,10,0")
FACTS = ("against", "embedded", "pooled")
SHIPPED = [registry.get(name) for name in registry.TABLE]
ALL = [*SHIPPED, *(true_view(metric) for metric in SHIPPED if "reference" in metric.needs)]


def record(**facts):
    said = {"id": "x", "label": "X", "version": 1, "direction": "lower", "unit": "", "definition": "", "source": ""}
    return MetricRecord.model_validate(said | facts)


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.id)
def test_a_run_from_before_the_facts_were_written_means_the_same(metric):
    written = column(metric).model_dump(mode="json")
    old = {name: value for name, value in written.items() if name not in FACTS}
    assert MetricRecord.model_validate(old) == MetricRecord.model_validate(written) == column(metric)


def test_an_old_run_json_is_read_with_its_facts(tmp_path):
    folder = make_run(tmp_path / "run", metrics=("fid", "psnr"))
    data = json.loads((folder / "run.json").read_text("utf-8"))
    for metric in data["metrics"]:
        for name in FACTS:
            del metric[name]
    twin = {"id": "psnr_true_view", "label": "PSNR (true view)", "definition": "peak 255, embedded network"}
    data["metrics"].append(data["metrics"][1] | twin)
    (folder / "run.json").write_text(json.dumps(data), "utf-8")
    fid, psnr, seen = read_manifest(folder).metrics
    assert [(m.against, m.embedded, m.pooled) for m in (fid, psnr, seen)] == [
        ("driving", False, True), ("driving", False, False), ("true-view", True, False),
    ]  # fmt: skip
    assert (seen.plain_id, seen.plain_label) == ("psnr", "PSNR")
    assert RunManifest.model_validate_json(read_manifest(folder).model_dump_json()) == read_manifest(folder)


def test_what_is_written_is_believed_not_the_name():
    told = record(id="x_true_view", definition="embedded", against="driving", embedded=False, pooled=True)
    assert (told.against, told.embedded, told.pooled, told.plain_id) == ("driving", False, True, "x_true_view")


def test_metrics_that_pool_say_so():
    assert [metric.id for metric in SHIPPED if column(metric).pooled] == ["fid", "kid"]
    assert ClipFacts("clip").row == ORIGINAL


@given(st.booleans(), st.sampled_from(["driving", "true-view"]))
def test_only_a_turned_head_beside_driving_frames_is_against_the_unrotated(needs_reference, against):
    metric = record(needs_reference=needs_reference, against=against)
    assert metric.is_against_unrotated(TURNED) == metric.is_against_driving
    assert metric.is_against_driving == (needs_reference and against == "driving")
    assert not any(map(metric.is_against_unrotated, (ORIGINAL, GROUND_TRUTH, STATIC, CODEC_FLOOR)))


def test_rows_of_a_run_are_in_the_order_of_the_file(tmp_path):
    manifest = read_manifest(make_run(tmp_path / "run"))
    assert manifest.rows == (GROUND_TRUTH, STATIC, ORIGINAL, TURNED)
