import numpy as np

from bench.outcome import Outcome
from bench.results.clip_parts import frame_table
from bench.results.clip_result import ClipResult
from bench.results.manifest import ClipRecord


def test_curves_stand_beside_the_values_frame_by_frame():
    values, yaw = np.array([1.0, np.nan, 3.0]), np.array([10.0, np.nan, 12.0])
    outcome = Outcome("value", value=2.0, n=2, per_frame=values, curves={"mesh_yaw": yaw})
    record = ClipRecord(id="clip", path="clip.mp4", status="done")
    rows = frame_table(ClipResult(record, {"original": {"pose_error": outcome}})).to_pandas()
    for name, expected in (("pose_error", values), ("mesh_yaw", yaw)):
        found = rows[rows["metric"] == name]
        np.testing.assert_array_equal(found["value"], expected)
        assert found["frame"].tolist() == [0, 1, 2]
        assert set(found["setting"]) == {"original"}
