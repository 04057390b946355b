"""The protocol of a run: what a plan does to a set of clips, settled before the first number."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from bench.errors import WeightsError
from bench.outcome import Skip
from bench.results.protocol import MetricDefinition, Protocol
from bench.run.plan import Plan
from bench.suites.suite import Suite
from bench.weights.resources import Resources
from bench.weights.state_dicts import weights_digest
from metrics.metric import Metric


def protocol_of(
    suite: Suite, plan: Plan, metrics: Sequence[Metric], resources: Resources, *, clip_set: str
) -> Protocol:
    """The protocol that a plan follows over a set of clips, given by its digest.

    Weights that are not here are fetched now, so that their digests are known before the first number.
    """
    prepared = suite.prepared
    listed = any(clip.crop is not None for clip in suite.clips)
    return Protocol(
        suite=suite.id,
        suite_version=suite.version,
        clip_set=clip_set,
        source="given" if any(clip.source is not None for clip in suite.clips) else "own",
        height=plan.size[0],
        width=plan.size[1],
        crop="listed" if listed else prepared.crop_rule if prepared is not None else "none",
        prepared=prepared.summary if prepared is not None else "as found",
        frame_rate=prepared.frame_rate if prepared is not None else "native",
        preset=plan.preset.name,
        aggregation=plan.preset.aggregation,
        keypoint_motion=str(plan.model.options.get("motion", "absolute")),
        adapt_scale=bool(plan.model.options.get("adapt_scale", False)),
        best_frame=str(plan.model.options.get("best_frame", "first")),
        alignment=plan.alignment,
        panel=plan.panel,
        sound=plan.sound,
        fit=plan.pictures.fit,
        hdr="stored" if plan.pictures.hdr == "stored" else "tone-map",
        deinterlace=plan.pictures.deinterlace,
        metrics=tuple(
            MetricDefinition(
                id=metric.id,
                version=metric.version,
                definition=metric.definition,
                weights=_digests(metric.weights, resources),
            )
            for metric in metrics
        ),
    )


def _digests(names: Sequence[str], resources: Resources) -> dict[str, str]:
    """sha256 of the weights that are there; a metric that lacks some is skipped clip by clip, with the reason."""
    found = {}
    for name in names:
        with contextlib.suppress(Skip, WeightsError):
            found[name] = weights_digest(name, resources)
    return found
