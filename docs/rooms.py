"""The rooms of the repository, drawn from the imports: `python docs/rooms.py` writes the picture in architecture.md.

It says which arrows run back and what lies in a circle; with `--check` it writes nothing and fails where the picture is
stale. A room is a package or the eleven words at the top of `bench/`. Every import counts: those of types alone, those
inside functions, and the "module:function" strings of tables.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "architecture.md"
PACKAGES: Final = ("bench", "metrics", "model", "syncnet")
START: Final = "<!-- written by python docs/rooms.py -->"
END: Final = "<!-- end -->"
LARGEST_ROOM, LARGEST_MODULE = 20, 350
_MODULE: Final = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+(?=:\w+$|$)")


@dataclass(frozen=True, slots=True)
class Room:
    """A room may import from rooms of lower layers, and from itself."""

    name: str
    layer: int
    rule: str

    @property
    def place(self) -> str:
        """Where its modules lie."""
        path = self.name.replace(".", "/")
        return "bench/*.py" if path == "bench" else f"{path}/" if (ROOT / path).is_dir() else f"{path}.py"


ROOMS: Final = (
    Room("bench", 0, "words of the field, frozen, without input and output"),
    Room("bench.compute", 1, "how arithmetic runs fast here and gives the same number"),
    Room("bench.files", 1, "files of any kind: written whole or not at all, digested"),
    Room("bench.media", 2, "files of picture and sound, in and out, on one clock"),
    Room("bench.weights", 2, "files of tensors: which, where, verified, fetched, loaded once"),
    Room("bench.portraits", 3, "rendered people with known truth: the demo suite, training streams"),
    Room("bench.faces", 3, "what is where in a face, frame by frame"),
    Room("syncnet", 4, "pictures and sound of a mouth become LSE; knows no metric description"),
    Room("model", 4, "what is benchmarked: the interface, baselines, face-vid2vid, predictions from outside"),
    Room("bench.suites", 4, "which clips, from where, how they were prepared; published lists and numbers"),
    Room("metrics", 5, "one file a metric, its description, the scorer, the feature cache"),
    Room("bench.results", 6, "the format of a run folder: written, read, summarised, compared"),
    Room("bench.run", 7, "from a plan to results: one clip, a suite, engines, presets"),
    Room("bench.report", 7, "from results to something that people read"),
    Room("bench.gate", 8, "two results become a verdict"),
    Room("bench.prepare", 8, "raw videos become suite data"),
    Room("bench.portraits.__main__", 10, "the command of bench.portraits: python -m bench.portraits"),
    Room("bench.commands", 9, "argparse and exit codes, one file a sub-command; nothing imports it"),
)


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Dotted name → file, of every module in the four packages."""
    found = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room_of(module: str) -> Room:
    """The room that a module stands in: the innermost one whose name it begins with."""
    return max((room for room in ROOMS if f"{module}.".startswith(f"{room.name}.")), key=lambda room: len(room.name))


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Modules of the four packages that a file imports, in any way."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in known else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (named := _MODULE.match(node.value)):
            yield named[0]


@cache
def arrows(root: Path = ROOT) -> frozenset[tuple[str, str]]:
    """(importing module, imported module) within the four packages; read once."""
    known = modules(root)
    return frozenset(
        (module, target)
        for module, path in known.items()
        for target in imports(path, known)
        if target in known and target != module
    )


def complaints(found: Set[tuple[str, str]]) -> list[str]:
    """A sentence for every arrow that runs back, with where the thing belongs."""
    said = []
    for module, target in sorted(found):
        mine, theirs = room_of(module), room_of(target)
        if mine is not theirs and theirs.layer >= mine.layer:
            said.append(
                f"{module} imports {target}: {mine.name} (layer {mine.layer}) may not use {theirs.name} "
                f"(layer {theirs.layer}): move what it needs to a room below layer {mine.layer} ({theirs.name} holds: "
                f"{theirs.rule}), or move {module} up"
            )
    return said


def circles(found: Set[tuple[str, str]]) -> list[list[str]]:
    """Modules that import each other in a circle, whatever lies between."""
    after: dict[str, set[str]] = {}
    for module, target in found:
        after.setdefault(module, set()).add(target)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for target in after.get(waiting.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    beyond = {module: reached(module) for module in after}
    rings = {frozenset(m for m in beyond[module] if module in beyond.get(m, ())) for module in after}
    return sorted(sorted(ring) for ring in rings if len(ring) > 1)


def passages(found: Set[tuple[str, str]]) -> dict[str, set[str]]:
    """Room → the rooms that it imports from, by name."""
    between: dict[str, set[str]] = {room.name: set() for room in ROOMS}
    for module, target in found:
        mine, theirs = room_of(module), room_of(target)
        if mine is not theirs:
            between[mine.name].add(theirs.name)
    return between


def direct(between: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """The arrows that no longer way through other rooms implies, in the order of the rooms."""

    def below(name: str) -> set[str]:
        return set().union(*({target, *below(target)} for target in between[name]))

    order = [room.name for room in ROOMS]
    return [
        (name, target)
        for name in order
        for target in sorted(between[name], key=order.index)
        if not any(target in below(other) for other in between[name] - {target})
    ]


def picture(root: Path = ROOT) -> list[str]:
    """The lines of the page between its marks: a table of the rooms, and the arrows between them in Mermaid."""
    files = [name for name, path in modules(root).items() if path.name != "__init__.py"]
    between = passages(arrows(root))
    table = ["| layer | room | what belongs there | modules | imports from |", "|---|---|---|---:|---|"]
    for room in ROOMS:
        count = sum(room_of(name) is room for name in files)
        used = ", ".join(f"`{other.place}`" for other in ROOMS if other.name in between[room.name])
        table.append(f"| {room.layer} | `{room.place}` | {room.rule} | {count} | {used or 'nothing'} |")
    nodes = [f'    {_node(room.name)}["{room.place}"]' for room in ROOMS]
    drawn = [f"    {_node(name)} --> {_node(target)}" for name, target in direct(between)]
    return [*table, "", "```mermaid", "flowchart TD", *nodes, *drawn, "```"]


def page(text: str, lines: Sequence[str]) -> str:
    """A page's text with `lines` between its marks.

    Raises:
        ValueError: it has not the two marks once.
    """
    block = re.compile(f"{re.escape(START)}\n.*?{re.escape(END)}", re.DOTALL)
    written, times = block.subn(lambda _: "\n".join([START, "", *lines, "", END]), text)
    if times != 1:
        raise ValueError(f"the page has {times} blocks between the lines '{START}' and '{END}': give it one")
    return written


def main(argv: Sequence[str]) -> int:
    """Write the picture, or with `--check` compare it; returns the exit code, 1 where something is wrong or stale."""
    parser = argparse.ArgumentParser(prog="python docs/rooms.py", description="Draw the rooms from the imports.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the picture is stale")
    check = parser.parse_args(argv).check
    found = arrows()
    back, rings = complaints(found), circles(found)
    for wrong in (*back, *(f"these import each other in a circle: {', '.join(ring)}" for ring in rings)):
        print(wrong)
    if back:  # no picture is drawn of those
        return 1
    text = PAGE.read_text(encoding="utf-8")
    fresh = page(text, picture())
    if fresh != text:
        print(f"docs/{PAGE.name} is {'stale: draw it again with python docs/rooms.py' if check else 'drawn again'}")
        if not check:
            PAGE.write_text(fresh, encoding="utf-8")
    return int(bool(rings) or (check and fresh != text))


def _node(name: str) -> str:
    return name.replace(".", "_")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
