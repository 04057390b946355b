import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.clips import Clip
from bench.errors import BenchError
from bench.media.probe import Extent, extent
from bench.run.plan import ModelPlan, Plan
from bench.run.shards.cost import cost
from bench.run.shards.shard import Shard
from bench.suites.from_paths import of_videos
from tests.films import portrait_film


@given(st.lists(st.floats(0, 1e9), max_size=40), st.integers(1, 7))
def test_every_clip_is_in_one_part_and_parts_are_even(costs, count):
    parts = [Shard(index, count).places(costs) for index in range(1, count + 1)]
    assert sorted(place for part in parts for place in part) == list(range(len(costs)))
    assert all(part == sorted(part) for part in parts)
    loads = [sum(costs[place] for place in part) for part in parts]
    assert max(loads) - min(loads) <= max(costs, default=0) * (1 + 1e-9)


def test_clips_of_no_known_cost_are_dealt_out_in_turn():
    assert [Shard(index, 3).places([0.0] * 7) for index in (1, 2, 3)] == [[0, 3, 6], [1, 4], [2, 5]]


def test_shards_are_written_as_i_of_n():
    assert Shard.parse("3/8") == Shard(3, 8)
    assert str(Shard(3, 8)) == "3/8"
    for text in ("0/3", "4/3", "3", "/", "1/0", "-1/2", "a/b", "1/2/3", ""):
        with pytest.raises(ValueError, match=r".?"):
            Shard.parse(text)


def test_more_parts_than_clips_are_a_mistake(tmp_path):
    suite = of_videos([str(portrait_film(tmp_path / "film.mp4", count=2))])
    plan = Plan(tmp_path / "run", ModelPlan("copy"), (), ())
    assert Shard(1, 1).of(suite, plan) == suite
    with pytest.raises(BenchError, match="--shard 2/2: there are only 1 clips: make fewer parts"):
        Shard(2, 2).of(suite, plan)


def test_what_a_clip_costs_is_read_from_its_head(tmp_path):
    plan = Plan(tmp_path / "run", ModelPlan("copy"), (), (), size=(64, 64))
    film = portrait_film(tmp_path / "film.mp4", count=50)
    assert extent(film) == Extent(50, 64 * 64, 2.0)
    assert cost(Clip("whole", film), plan, rows=3) == 50 * (64 * 64) * 4
    assert cost(Clip("span", film, start=0.5, end=1.5), plan, rows=3) == 25 * (64 * 64) * 4
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    for name in ("broken.mp4", "nowhere.mp4"):
        assert cost(Clip("x", tmp_path / name), plan, rows=3) == 0.0
