"""Tracks against the public rule written out over the whole video, and what must hold of any track."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.faces.boxes import iou
from bench.faces.tracks import Joiner


def joined(frames, **rule):
    joiner = Joiner(**rule)
    tracks: dict[int, dict[int, np.ndarray]] = {}
    for boxes in frames:
        for placed in joiner.push(boxes):
            tracks.setdefault(placed.track, {})[placed.frame] = placed.box
    joiner.close()
    assert sorted(joiner.ended) == sorted(tracks)
    return [tracks[number] for number in sorted(tracks)]


def greedy(frames, min_iou=0.5, max_gap=25):
    """The rule as its authors run it: take one track out of the whole video, then look for the next in the rest."""
    rest = [list(boxes) for boxes in frames]
    tracks = []
    while any(rest):
        track = []
        for frame, boxes in enumerate(rest):
            for box in list(boxes):
                if not track:
                    track.append((frame, box))
                elif frame - track[-1][0] <= max_gap and frame > track[-1][0]:
                    if iou(track[-1][1], box[None])[0] <= min_iou:
                        continue
                    track.append((frame, box))
                else:
                    continue
                boxes[:] = [other for other in boxes if other is not box]
        seen = np.array([frame for frame, _ in track])
        filled = np.arange(seen[0], seen[-1] + 1)
        corners = np.stack([box for _, box in track])
        sides = [np.interp(filled, seen, corners[:, side]) for side in range(4)]
        tracks.append(dict(zip(filled.tolist(), np.stack(sides, axis=1), strict=True)))
    return tracks


def same(got, expected):
    assert [sorted(track) for track in got] == [sorted(track) for track in expected]
    for one, other in zip(got, expected, strict=True):
        for frame, box in one.items():
            np.testing.assert_allclose(box, other[frame], atol=1e-9)


def face(x, y=0.0, side=20.0):
    return [x, y, x + side, y + side]


def test_a_gap_is_filled_in_a_straight_line():
    frames = [np.array([face(0.0)]), np.empty((0, 4)), np.empty((0, 4)), np.array([face(3.0)])]
    (track,) = joined(frames)
    assert [track[i][0] for i in range(4)] == pytest.approx([0, 1, 2, 3])


def test_gaps_up_to_the_limit_and_beyond():
    def video(missed):
        return [np.array([face(0.0)]), *[np.empty((0, 4))] * missed, np.array([face(0.0)])]

    assert len(joined(video(24))) == 1
    assert len(joined(video(25))) == 2


def test_two_faces_keep_their_tracks_when_the_detector_changes_their_order():
    frames = [np.array([face(0.0 + i), face(100.0 - i)][:: (-1) ** i]) for i in range(30)]
    tracks = joined(frames)
    assert len(tracks) == 2
    assert all(abs(track[i + 1][0] - track[i][0]) == 1 for track in tracks for i in range(29))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.floats(0, 0.6))
def test_equals_the_rule_over_the_whole_video(seed, people, missed):
    draw = np.random.default_rng(seed)
    places = draw.uniform(0, 60, (people, 2))
    frames = []
    for _ in range(40):
        places += draw.normal(0, 2.5, places.shape)
        seen = places[draw.random(people) > missed]
        frames.append(np.concatenate([seen, seen + 20], axis=1))
    same(joined(frames, max_gap=5), greedy(frames, max_gap=5))


def test_settled_never_promises_too_much():
    draw = np.random.default_rng(5)
    joiner = Joiner(max_gap=4)
    promised = 0
    for _ in range(200):
        boxes = np.array([face(0.0)]) if draw.random() > 0.5 else np.empty((0, 4))
        placed = joiner.push(boxes)
        assert all(p.frame >= promised for p in placed)
        assert joiner.settled >= promised
        assert joiner.frames - joiner.settled <= 5
        promised = joiner.settled
