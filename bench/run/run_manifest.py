"""The record of a run, `run.json`: as it begins, and as it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bench.file_names import readable
from bench.results.environment import environment
from bench.results.manifest import ClipRecord, ModelRecord, RunManifest, SessionRecord, ShardRecord, SuiteRecord
from bench.results.protocol import Protocol, joined
from bench.run.columns import column
from bench.run.engines.engine import Description
from bench.run.identity import identity, videos
from bench.run.plan import Plan
from bench.suites.suite import Suite
from metrics.metric import Metric


def begun(
    suite: Suite,
    plan: Plan,
    protocol: Protocol,
    metrics: Sequence[Metric],
    *,
    description: Description,
    command: Sequence[str],
    shard: ShardRecord | None = None,
) -> RunManifest:
    """The record of a run whose first session begins now; `description` is what the model says of itself.

    `suite` has the clips of the run: those of the `shard`, where it is one.
    """
    identified = {**identity(plan, description), **videos(plan)}
    if shard is not None:
        identified["shard"] = f"{shard.index}/{shard.count}"
    described = {
        name: readable(value) if isinstance(value, str) else value
        for name, value in {**description, **_strays(suite, plan)}.items()
    }
    session = SessionRecord(
        started=_now(), command=tuple(readable(word) for word in command), environment=environment(plan.device)
    )
    return RunManifest(
        created=session.started,
        command=session.command,
        protocol=protocol,
        protocol_hash=protocol.hash,
        suite=SuiteRecord(
            id=suite.id,
            version=suite.version,
            title=readable(suite.title),
            listed=suite.listed,
            present=suite.listed - len(suite.missing) - len(suite.left_out),
            selected=len(suite.clips),
            missing=suite.missing,
            left_out=suite.left_out,
            beside=dict(suite.beside),
            shard=shard,
        ),
        model=ModelRecord(name=readable(plan.model.name), description=described),
        settings=tuple(map(str, plan.rows)),
        metrics=tuple(map(column, metrics)),
        environment=session.environment,
        sessions=(session,),
        identity={name: readable(value) for name, value in identified.items()},
    )


def resumed(manifest: RunManifest, before: RunManifest, sessions: Sequence[SessionRecord]) -> RunManifest:
    """The record of a run that goes on, after these sessions; until it ends, its tables are those of before."""
    return manifest.model_copy(
        update={"created": before.created, "clips": before.clips, "sessions": (*sessions, *manifest.sessions)}
    )


def merged(
    parts: Sequence[RunManifest],
    protocol: Protocol,
    suite: SuiteRecord,
    *,
    identity: Mapping[str, str],
    command: Sequence[str],
) -> RunManifest:
    """The record of a run that is put together from those of its parts, whose sessions it has."""
    now = _now()
    session = SessionRecord(
        started=now, command=tuple(readable(word) for word in command), environment=environment("cpu")
    )
    return parts[0].model_copy(
        update={
            "created": min(part.created for part in parts),
            "complete": False,
            "command": session.command,
            "protocol": protocol,
            "protocol_hash": protocol.hash,
            "suite": suite,
            "clips": (),
            "sessions": (*(each for part in parts for each in part.sessions), session),
            "identity": dict(identity),
        }
    )


def ended(
    manifest: RunManifest, clips: Sequence[ClipRecord], *, seconds: float, passes: int, complete: bool
) -> RunManifest:
    """The record once no clip is at work any more; not `complete` where the run was interrupted or stopped.

    `seconds` and `passes` over clips are the last session's.
    """
    protocol = manifest.protocol.carried_in(joined(clip.carrier for clip in clips))
    *earlier, last = manifest.sessions
    now = _now()
    last = last.model_copy(update={"finished": now, "seconds": round(seconds, 3), "clips": passes})
    return manifest.model_copy(
        update={
            "protocol": protocol,
            "protocol_hash": protocol.hash,
            "clips": tuple(clips),
            "finished": now,
            "seconds": round(sum(session.seconds for session in (*earlier, last)), 3),
            "sessions": (*earlier, last),
            "complete": complete,
        }
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _strays(suite: Suite, plan: Plan) -> dict[str, str]:
    """Finished videos that belong to no clip of the suite; a part of a suite (--limit) cannot tell."""
    predictions = plan.model.predictions
    if predictions is None or len(suite.clips) + len(suite.missing) + len(suite.left_out) < suite.listed:
        return {}
    extra = predictions.extra({*(clip.id for clip in suite.clips), *suite.missing}, plan.settings)
    if not extra:
        return {}
    names = ", ".join(path.name for path in extra[:5]) + (", …" if len(extra) > 5 else "")
    return {"files of no clip": f"{len(extra)} ({names})"}
