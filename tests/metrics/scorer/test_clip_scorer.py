import gc
import weakref

import pytest
import torch

from bench.compute.scored_frames import ScoredFrames
from bench.frames import Frames
from bench.outcome import Outcome, Skip
from bench.rows import GROUND_TRUTH, ORIGINAL, Row
from bench.weights.resources import Resources
from metrics.metric import ClipFacts, FrameMean, Metric
from metrics.scorer.clip_scorer import ClipScorer

CALLS: list[str] = []


def difference(pred, ref):
    reference = ref.derived("blurred", lambda frames: CALLS.append("reference") or frames.unit)
    return (pred.unit - reference).abs().mean(dim=(1, 2, 3))


A, B, C = map(Row, "abc")
TURNED = Row.parse("free-view:30,10,0")


def metric(name="difference", begin=None, needs=frozenset({"reference"})):
    return Metric(
        id=name,
        label=name,
        version=1,
        direction="lower",
        unit="",
        definition="",
        source="",
        begin=begin or (lambda facts, resources: FrameMean(difference)),
        needs=needs,
    )


def frames(count, value):
    return Frames.of(torch.full((count, 3, 4, 4), value, dtype=torch.uint8))


def scored(metrics, rows, *, views=(), facts=None):
    scorer = ClipScorer(metrics, {row: facts or ClipFacts(id="clip") for row in rows}, Resources(), views=views)
    return scorer


def test_the_reference_is_worked_on_once_for_all_rows():
    CALLS.clear()
    scorer = scored([metric()], [A, B, C])
    scorer.update(frames(2, 0), {A: frames(2, 51), B: frames(2, 102), C: frames(2, 0)})
    results = scorer.results()
    assert CALLS == ["reference"]
    assert [results[row]["difference"].value for row in (A, B, C)] == pytest.approx([0.2, 0.4, 0.0])


def test_a_lane_lets_go_of_what_it_derived_with_the_frames_still_held():
    derived = []

    def keeping(pred, ref):
        floats = [side.per_frame("floats", lambda pixels: pixels.float() / 255) for side in (pred, ref)]
        derived.extend(weakref.ref(each) for each in floats)
        return (floats[0] - floats[1]).abs().mean(dim=(1, 2, 3))

    scorer = scored([metric(begin=lambda facts, resources: FrameMean(keeping))], [A, GROUND_TRUTH], views=[A])
    reference, prediction, view = frames(2, 0), frames(2, 51), frames(2, 102)
    scorer.update(reference, {A: prediction, GROUND_TRUTH: reference}, {A: view}, lane="")
    gc.collect()
    assert len(derived) == 6  # of a and the reference, of a and its view, of the reference and itself
    assert [each() for each in derived] == [None] * 6
    results = scorer.results()
    assert [results[row]["difference"].value for row in (A, GROUND_TRUTH)] == pytest.approx([0.2, 0.0])


def test_one_metrics_fault_leaves_the_others_alone():
    def explode(facts, resources):
        raise ZeroDivisionError("oops")

    scorer = scored([metric("bad", explode), metric()], [A])
    scorer.update(frames(1, 0), {A: frames(1, 255)})
    results = scorer.results()[A]
    assert results["bad"].status == "failed"
    assert "ZeroDivisionError" in results["bad"].reason
    assert results["difference"].value == 1.0


def test_a_fault_in_the_middle_ends_only_that_metric_and_row():
    def late(pred, ref):
        if pred.pixels[0, 0, 0, 0] == 9:
            raise Skip("not this one")
        return torch.zeros(len(pred))

    scorer = scored([metric("late", lambda facts, resources: FrameMean(late))], [A, B])
    scorer.update(frames(1, 0), {A: frames(1, 0), B: frames(1, 0)})
    scorer.update(frames(1, 0), {A: frames(1, 9), B: frames(1, 0)})
    results = scorer.results()
    assert (results[A]["late"].status, results[B]["late"].status) == ("skipped", "value")
    assert results[A]["late"].reason == "not this one"


def test_metrics_that_need_sound_are_skipped_without_it():
    scorer = scored([metric(needs=frozenset({"audio"}))], [A])
    assert scorer.results()[A]["difference"].status == "skipped"


def test_a_failed_row_has_only_failures():
    scorer = scored([metric()], [A, B])
    scorer.update(frames(1, 0), {A: frames(1, 0), B: frames(1, 0)})
    scorer.fail(A, "the model died")
    results = scorer.results()
    assert (results[A]["difference"].status, results[A]["difference"].reason) == ("failed", "the model died")
    assert results[B]["difference"].status == "value"


def test_the_true_view_has_columns_of_its_own():
    scorer = scored([metric()], [ORIGINAL, TURNED], views=[TURNED])
    scorer.update(frames(1, 0), {ORIGINAL: frames(1, 0), TURNED: frames(1, 255)}, {TURNED: frames(1, 204)})
    results = scorer.results()
    assert set(results[ORIGINAL]) == {"difference"}
    assert results[TURNED]["difference"].value == 1.0
    assert results[TURNED]["difference_true_view"].value == pytest.approx(0.2)


def test_a_repeated_frame_is_computed_once_and_counts_in_full():
    sizes = []

    def sizing(pixels):
        sizes.append(len(pixels))
        return pixels.float().mean(dim=(1, 2, 3))

    source = torch.full((3, 4, 4), 51, dtype=torch.uint8)
    repeated = ScoredFrames.of(source.expand(5, 3, 4, 4))
    assert repeated.per_frame("mean", sizing).tolist() == [51.0] * 5
    assert sizes == [1]


def test_results_are_outcomes_for_every_row_and_metric():
    scorer = scored([metric("x"), metric("y")], [A, B])
    results = scorer.results()
    assert all(isinstance(results[row][name], Outcome) for row in (A, B) for name in "xy")


@pytest.mark.parametrize("batch", [1, 2, 6])
def test_a_row_that_begins_late_is_compared_with_the_frames_of_its_own(batch):
    reference = torch.arange(6, dtype=torch.uint8)[:, None, None, None].expand(6, 3, 4, 4).contiguous()
    facts = {A: ClipFacts("clip", first=2), B: ClipFacts("clip")}
    scorer = ClipScorer([metric()], facts, Resources())
    for start in range(0, 6, batch):
        ref = Frames.of(reference[start : start + batch], start=start)
        late = ref.part(max(2 - start, 0), batch)
        scorer.update(ref, {B: ref, **({A: Frames(late.pixels + 51, late.times, late.first)} if len(late) else {})})
    outcome = scorer.results()[A]["difference"]
    assert (outcome.n, outcome.value) == (4, pytest.approx(0.2))
    assert scorer.results()[B]["difference"].n == 6


def test_only_rows_that_begin_together_share_what_metrics_keep():
    shared = {}

    def begin(facts, resources):
        shared[facts.row] = facts.shared
        return FrameMean(difference)

    ClipScorer([metric(begin=begin)], {row: ClipFacts("c", row=row, first=2 * (row == C)) for row in (A, B, C)},
               Resources()).results()  # fmt: skip
    assert shared[A] is shared[B]
    assert shared[A] is not shared[C]
