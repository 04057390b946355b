"""The gate's verdicts for people and for machines: tables, Markdown, JUnit XML, GitHub annotations."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from bench.file_names import one_line
from bench.gate.judge import Change, Finding, Judgement, Verdict
from bench.gate.unmeasured import Unmeasured
from bench.report.formats.markdown import markdown as markdown_table
from bench.report.tables.numbers import show
from bench.report.tables.table import Cell, Column, Table, TableRow

_ORDER: tuple[Verdict, ...] = ("worse", "unsure", "better", "same")
_SIGNS = {"worse": "✗ worse", "unsure": "? unsure", "better": "✓ better", "same": "✓ same"}
_NOT_MEASURED = "∅ not measured"
_CLIPS_SHOWN = 10


def table(judgement: Judgement) -> Table:
    """Every finding, the worst verdict first."""
    rows = []
    for verdict in _ORDER:
        for finding in judgement.of(verdict):
            rows.append(
                (
                    _place(finding),
                    _SIGNS[verdict],
                    f"{_number(finding.before, finding)} → {_number(finding.after, finding)}",
                    _change(finding),
                    f"{_harmful(finding)}{finding.tolerance}",
                    f"{len(finding.fallen)} of {finding.compared}",
                    finding.why,
                )
            )
    for one in judgement.unmeasured:
        rows.append((f"{one.metric}, {one.row}", _NOT_MEASURED, "", "—", "", "", one.why))
    head = ("metric, setting", "verdict", "before → after", "change [95 %]", "tolerance", "clips that fell", "why")
    counts = ", ".join(f"{len(judgement.of(v))} {v}" for v in _ORDER)
    counts += f", {len(judgement.unmeasured)} not measured" * bool(judgement.unmeasured)
    title = f"{judgement.before} → {judgement.after}: {counts}"
    return _of_texts("verdicts", title, head, rows, judgement.notes)


def fallen_table(judgement: Judgement) -> Table | None:
    """What fell, and on which clips; None where nothing got worse."""
    rows = []
    for finding in judgement.of("worse"):
        for change in finding.fallen[:_CLIPS_SHOWN]:
            rows.append((_place(finding), change.clip, _number(change.before, finding), _after(change, finding)))
        if len(finding.fallen) > _CLIPS_SHOWN:
            rows.append((_place(finding), f"… {len(finding.fallen)} clips in all", "", ""))
    if not rows:
        return None
    return _of_texts("fallen", "What fell, and where", ("metric, setting", "clip", "before", "after"), rows)


def markdown(judgement: Judgement) -> str:
    """Both tables, ready for a job's summary or a comment."""
    red, refused = judgement.of("worse"), _refused(judgement)
    said = f"{len(red)} got worse" if red else "nothing got worse"
    said += f", {len(refused)} not measured" * bool(refused)
    lead = f"### {'🔴' if red or refused else '🟢'} Benchmark gate: {said}\n\n"
    told = [table(judgement), fallen_table(judgement)]
    return lead + "\n".join(markdown_table(one, heading=None) for one in told if one is not None)


def junit(judgement: Judgement) -> str:
    """JUnit XML: a test a metric and setting.

    Worse is a failure, unsure is skipped with the reason; what was not measured is an error, or skipped where that is
    allowed. Notes are the suite's output.
    """
    refused = _refused(judgement)
    suite = _suite(
        len(judgement.findings) + len(judgement.unmeasured),
        failures=len(judgement.of("worse")),
        skipped=len(judgement.of("unsure")) + len(judgement.unmeasured) - len(refused),
        errors=len(refused),
    )
    for finding in judgement.findings:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_xml(f"gate.{finding.row}"), name=_xml(finding.metric.id)
        )
        if finding.verdict == "worse":
            failure = ElementTree.SubElement(case, "failure", message=_xml(_sentence(finding)))
            lines = [f"{c.clip}: {_number(c.before, finding)} → {_after(c, finding)}" for c in finding.fallen]
            failure.text = _xml("\n".join(lines))
        elif finding.verdict == "unsure":
            ElementTree.SubElement(case, "skipped", message=_xml(_sentence(finding)))
        else:
            ElementTree.SubElement(case, "system-out").text = _xml(_sentence(finding))
    for one in judgement.unmeasured:
        case = ElementTree.SubElement(suite, "testcase", classname=_xml(f"gate.{one.row}"), name=_xml(one.metric))
        ElementTree.SubElement(case, "skipped" if one.allowed else "error", message=_xml(one.why))
    if judgement.notes:
        ElementTree.SubElement(suite, "system-out").text = _xml("\n".join(judgement.notes))
    return _document(suite)


def junit_of_mistake(sentence: str) -> str:
    """JUnit XML of a comparison that could not be made: one test, in error."""
    suite = _suite(1, failures=0, skipped=0, errors=1)
    case = ElementTree.SubElement(suite, "testcase", classname="gate", name="comparison")
    ElementTree.SubElement(case, "error", message=_xml(sentence))
    return _document(suite)


def _suite(tests: int, **counts: int) -> ElementTree.Element:
    told = {"tests": tests, **counts}
    return ElementTree.Element("testsuite", {"name": "benchmark gate"} | {name: str(n) for name, n in told.items()})


def _document(suite: ElementTree.Element) -> str:
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _refused(judgement: Judgement) -> list[Unmeasured]:
    return [one for one in judgement.unmeasured if not one.allowed]


def github(judgement: Judgement) -> str:
    """GitHub workflow commands: an error for what got worse, a warning for what might have."""
    lines = []
    for finding in judgement.of("worse"):
        clips = ", ".join(change.clip for change in finding.fallen[:_CLIPS_SHOWN])
        text = _sentence(finding) + (f"; clips: {clips}" if clips else "")
        lines.append(f"::error title={_property(f'{finding.metric.label} got worse')}::{_data(text)}\n")
    for finding in judgement.of("unsure"):
        if _may_be_worse(finding):
            title = _property(f"{finding.metric.label} may be worse")
            lines.append(f"::warning title={title}::{_data(_sentence(finding))}\n")
    for one in judgement.unmeasured:
        title = _property(f"{one.metric} under {one.row} was not measured")
        lines.append(f"::{'notice' if one.allowed else 'error'} title={title}::{_data(one.why)}\n")
    return "".join(lines)


def _of_texts(
    id: str, caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: tuple[str, ...] = ()
) -> Table:
    """A table of texts, of which the first in each row names it."""
    columns = tuple(Column(text, text) for text in head[1:])
    lines = tuple(TableRow((name,), tuple(Cell(text=text) for text in texts)) for name, *texts in rows)
    return Table(id, caption, (head[0],), columns, lines, notes)


def _may_be_worse(finding: Finding) -> bool:
    """Whether the mean itself, if not the interval, lies beyond the tolerance."""
    if math.isnan(finding.change):
        return True
    fall = {"higher": -finding.change, "lower": finding.change}.get(finding.metric.direction, abs(finding.change))
    return fall > finding.tolerance.limit(finding.before)


def _sentence(finding: Finding) -> str:
    why = f" ({finding.why})" if finding.why else ""
    return (
        f"{finding.metric.label} under {finding.row}: {_number(finding.before, finding)} → "
        f"{_number(finding.after, finding)}, change {_change(finding)} over {finding.n} clips, "
        f"tolerance {_harmful(finding)}{finding.tolerance}: {finding.verdict}{why}"
    )


def _place(finding: Finding) -> str:
    return f"{finding.metric.label}, {finding.row}"


def _harmful(finding: Finding) -> str:
    return {"higher": "-", "lower": "+", "none": "±"}[finding.metric.direction]


def _number(value: float, finding: Finding) -> str:
    return show(value, finding.metric.digits)


def _after(change: Change, finding: Finding) -> str:
    return change.reason or _number(change.after, finding)


def _change(finding: Finding) -> str:
    if math.isnan(finding.change):
        return "—"
    change, low, high = (_signed(value, finding) for value in (finding.change, finding.low, finding.high))
    return change if math.isnan(finding.low) else f"{change} [{low}, {high}]"


def _signed(value: float, finding: Finding) -> str:
    text = f"{value:+.{finding.metric.digits}f}"
    return text.replace("-", "+") if float(text) == 0 else text


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)


def _data(text: str) -> str:
    text = "\n".join(map(one_line, text.split("\n")))  # a log is read in a terminal
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
