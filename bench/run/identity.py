"""What a run that is resumed must agree in with what is there: the model, and what its finished units are known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from bench.clips import Clip
from bench.errors import PredictionError
from bench.files.digest import content_digest
from bench.results.part_file import Keys
from bench.results.protocol import Protocol
from bench.run.engines.engine import Description
from bench.run.plan import Plan

_CHECKPOINT = "checkpoint_sha256"


def identity(plan: Plan, description: Description) -> dict[str, str]:
    """What all sessions of a run agree in beside its protocol, in words and digests; never a path.

    A model is its name, the content of its checkpoint, its options and what it says of itself; an outside command is
    its words. Finished predictions are known by their files, one by one (`Keyed`), wherever they lie.
    """
    model = plan.model
    found: dict[str, str] = {}
    if model.predictions is None:
        found["model"] = model.name
        if model.checkpoint is not None and _CHECKPOINT not in description:
            found[_CHECKPOINT] = content_digest(model.checkpoint)
        found |= {f"option {name}": str(value) for name, value in sorted(model.options.items())}
        found |= {name: str(value) for name, value in description.items()}
    found["HDR videos"] = plan.pictures.hdr
    return found


def videos(plan: Plan) -> dict[str, str]:
    """Which videos a run keeps: it changes no number, and one run keeps one kind."""
    return {"videos kept": plan.codec or "none", "side by side": "yes" if plan.side_by_side else "no"}


@dataclass(frozen=True, slots=True)
class Keyed:
    """What finished units of a plan are known by, clip by clip."""

    plan: Plan
    digests: Mapping[str, str]
    """Clip → digest (bench/suites/digests.py)."""
    model: str
    metrics: Mapping[str, str]
    """Metric id → row hash."""

    @classmethod
    def of(cls, plan: Plan, protocol: Protocol, made_by: Mapping[str, str], digests: Mapping[str, str]) -> Keyed:
        """Of a plan under its protocol, by its identity and the clips' digests."""
        text = json.dumps(made_by, sort_keys=True)
        model = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
        return cls(plan, digests, model, {metric.id: protocol.row_hash(metric.id) for metric in protocol.metrics})

    def keys(self, clip: Clip) -> Keys:
        """Of one clip; reads its finished predictions, where there are such."""
        return Keys(
            clip=self.digests[clip.id],
            model=self.model,
            predictions=self._predictions(clip),
            metrics=dict(self.metrics),
        )

    def _predictions(self, clip: Clip) -> dict[str, str]:
        """Row → digest of its video; empty where there is none."""
        predictions, settings = self.plan.model.predictions, self.plan.settings
        found = {}
        for setting in settings if predictions is not None else ():
            assert predictions is not None
            try:
                found[str(setting)] = content_digest(predictions.find(clip.id, setting, settings))
            except (PredictionError, OSError):
                found[str(setting)] = ""
        return found
