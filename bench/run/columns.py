"""The columns of a run: its metrics, and their twins against true rotated views where clips have some."""

from __future__ import annotations

from bench.results.manifest import MetricRecord
from bench.run.plan import Plan
from bench.suites.suite import Suite
from metrics import registry
from metrics.metric import Metric
from metrics.scorer.true_view import true_view


def metrics_of(suite: Suite, plan: Plan) -> list[Metric]:
    """The metrics of a run, and their twins against true rotated views if any clip has one for a chosen setting."""
    metrics = [registry.get(name) for name in plan.metrics]
    viewed = any(setting in plan.settings for clip in suite.clips for setting in clip.views)
    twins = [true_view(metric) for metric in metrics if "reference" in metric.needs] if viewed else []
    return [*metrics, *twins]


def columns(suite: Suite, plan: Plan) -> tuple[MetricRecord, ...]:
    """The columns that a run will have."""
    return tuple(map(column, metrics_of(suite, plan)))


def column(metric: Metric) -> MetricRecord:
    """What the record of a run says of a metric."""
    return MetricRecord(
        id=metric.id,
        label=metric.label,
        version=metric.version,
        direction=metric.direction,
        unit=metric.unit,
        definition=metric.definition,
        source=metric.source,
        ideal=metric.ideal,
        scale=metric.scale,
        digits=metric.digits,
        per_frame=metric.per_frame,
        needs_reference="reference" in metric.needs,
        needs_driving="driving" in metric.needs,
        against=metric.against,
        embedded=metric.embedded,
        pooled=metric.pool is not None,
    )
