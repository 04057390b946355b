import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.distribution.feature_sample import Sample, Tickets


def offered(clip, count, *, capacity=10, sizes=(7,)):
    sample, tickets = Sample(capacity, np.empty((0, 2), np.float32)), Tickets.of(clip)
    data = np.stack([np.arange(count), np.full(count, hash(clip) % 97)], 1).astype(np.float32)
    start, turn = 0, 0
    while start < count:
        part = data[start : start + sizes[turn % len(sizes)]]
        sample.add(part, tickets.draw(len(part)))
        start, turn = start + len(part), turn + 1
    return sample


def same(first, second):
    return first.offered == second.offered and np.array_equal(first.ordered(), second.ordered())


@given(st.integers(1, 60), st.lists(st.integers(1, 20), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_batches_do_not_matter(count, sizes):
    sample = offered("a", count, sizes=sizes)
    assert same(sample, offered("a", count))
    assert len(sample.rows) == min(count, 10)


@given(st.permutations(range(4)))
def test_order_of_merging_does_not_matter(order):
    clips = [offered(name, count) for name, count in (("a", 30), ("b", 3), ("c", 11), ("d", 10))]
    total, other = (Sample(10, np.empty((0, 2), np.float32)) for _ in range(2))
    for clip in clips:
        total.merge(clip)
    for index in order:
        other.merge(clips[index])
    assert same(total, other)
    assert total.offered == 54


def test_every_frame_has_the_same_chance():
    counts = np.zeros(100)
    for clip in range(400):
        counts[offered(f"clip {clip}", 100).rows[:, 0].astype(int)] += 1
    assert counts.sum() == 4000
    assert counts.min() > 10
    assert counts.max() < 80
    assert abs(counts[:50].sum() - 2000) < 5 * np.sqrt(4000 * 0.25)


def test_clips_do_not_share_tickets():
    assert not np.array_equal(Tickets.of("a").draw(5), Tickets.of("b").draw(5))


@given(st.lists(st.integers(1, 30), max_size=4), st.integers(1, 30))
@settings(max_examples=50, deadline=None)
def test_arrays_and_back_to_the_last_bit(counts, later):
    sample = Sample(10, np.empty((0, 2), np.float32))
    for number, count in enumerate(counts):
        sample.merge(offered(str(number), count))
    again = Sample.of_arrays({name: array.copy() for name, array in sample.to_arrays().items()})
    for _ in range(2):
        one, other = again.to_arrays(), sample.to_arrays()
        assert one.keys() == other.keys()
        for name, array in one.items():
            assert array.dtype == other[name].dtype
            np.testing.assert_array_equal(array, other[name])
        for mine in (sample, again):
            mine.merge(offered("later", later))
