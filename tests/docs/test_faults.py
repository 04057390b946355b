"""docs/faults.md: every fault has a test, and the test is there."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def test_every_fault_is_injected_by_a_test_that_is_there():
    text = PAGE.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 25
    for row in rows:
        found = re.fullmatch(r"\| .+ \| .+ \| \[([\w ]+)\]\(([\w./]+)\) \|", row)
        assert found, row
        name = f"def test_{found[1].replace(' ', '_')}("
        assert name in (PAGE.parent / found[2]).read_text(encoding="utf-8"), row
