"""TalkingHead-1KH's tube lists: lines of `video,H,W,S,E,L,T,R,B`."""

from __future__ import annotations

from pathlib import Path

from bench.suites.lists.listed import Listed, ListedBox, Span, read_text, whole, wrong_line

WHAT = "the tube list of TalkingHead-1KH's data_list.zip (github.com/tcwang0509/TalkingHead-1KH)"
FORM = "video,H,W,S,E,L,T,R,B"


def read(path: Path) -> list[Listed]:
    """The tubes in the list's order, called `video_S…_E…_L…_T…_R…_B…` as their script does.

    S and E count the video's own frames, E inclusive; the box is in pixels of a picture of H×W. A tube's person is not
    listed; tubes of one video share `person`, so that statistics do not take them for independent.

    Raises:
        BenchError: the file is missing, or a line is not of this format.
    """
    clips = []
    for number, line in enumerate(read_text(path, WHAT).splitlines(), start=1):
        if not line.strip():
            continue
        video, *rest = (part.strip() for part in line.split(","))
        try:
            height, width, start, end, left, top, right, bottom = (whole(part) for part in rest)
        except ValueError:
            raise wrong_line(path, number, line, FORM) from None
        video = Path(video).stem if video.endswith(".mp4") else video
        clips.append(
            Listed(
                id=f"{video}_S{start}_E{end}_L{left}_T{top}_R{right}_B{bottom}",
                video=video,
                span=Span(start, end + 1, None),
                box=ListedBox(left, top, right, bottom, width, height),
                person=video,
            )
        )
    return clips
