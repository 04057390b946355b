"""The command lines: every option with hostile words, as far as a dry run goes."""

import contextlib
import io
from pathlib import Path
from random import Random

from bench.errors import BenchError
from benchmarks.fuzz import hostile, mutate
from benchmarks.fuzz.reader import Case, Reader, Thunk

RUN = {
    "--videos": "{home}/one.mp4", "--pairs": "{home}/pairs.csv", "--suite": "demo", "--data": "{home}", "--source": "{home}/one.mp4",
    "--model": "static", "--checkpoint": "{home}/x.pth", "--predictions": "{home}", "--pattern": "{{id}}.mp4",
    "--predictions-list": "{home}/list.csv", "--settings": "original", "--metrics": "psnr", "--out": "{home}/out", "--size": "64x64",
    "--limit": "1", "--weights": "alexnet={home}/one.mp4", "--weights-dir": "{home}", "--check": "{home}/b.json", "--tolerance": "psnr:-0.1",
    "--preset": "default", "--device": "cpu", "--batch": "4", "--jobs": "2", "--align": "strict", "--fit": "crop", "--video-codec": "none",
    "--best-frame": "search", "--max-failures": "1", "--summary": "{home}/s.md", "--junit": "{home}/j.xml", "--model-timeout": "5",
}  # fmt: skip
OTHERS = (
    ("list", "suites", "demo"), ("list", "metrics"), ("list", "settings"), ("protocol", "show", "{home}/run"), ("protocol", "diff", "{home}/run", "{home}/run"),
    ("compare", "{home}/run", "{home}/run"), ("weights", "verify", "alexnet"), ("weights", "path", "alexnet"), ("convert", "{home}/one.mp4", "{home}/x.safetensors"),
)  # fmt: skip


def lines(home: Path) -> Case:
    import torch  # noqa: F401, what it loads and starts is no case's doing

    from bench.commands.main import main
    from bench.commands.report import main as report
    from tests.bench.report.runs import make_run

    make_run(home / "run", clips=("anna_1",), metrics=("psnr",), frames=2)
    for name in ("one.mp4", "pairs.csv", "list.csv"):
        (home / name).write_text("source,driving\none.mp4,one.mp4\n" if name == "pairs.csv" else "0")

    def case(random: Random, folder: Path) -> Thunk:
        kind = random.randrange(4)
        if kind == 0:
            words = list(random.choice(OTHERS))
            words[random.randrange(len(words))] = _word(random, random.choice(words))
            run = main
        elif kind == 1:
            words = [
                "{home}/run",
                "--out",
                f"{folder}/out",
                "--format",
                "md",
                random.choice(("--columns", "--digits", "--caption", "--published", "--lang", "--port")),
                _word(random, "psnr=2"),
            ]
            if random.random() < 0.3:
                words[0] = _word(random, words[0])
            run = report
        else:
            chosen = random.sample(list(RUN), random.choice((1, 2, 3)))
            if not {"--videos", "--pairs", "--suite"} & set(chosen):
                chosen.append("--videos")
            words = ["--dry-run"]
            for option in chosen:
                words += [option, _word(random, RUN[option]) if random.random() < 0.5 else RUN[option]]
            run = main
        words = [word.replace("{home}", str(home)).replace("{{id}}", "{id}") for word in words]

        def read() -> None:
            told, said = io.StringIO(), io.StringIO()
            try:
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
                    code = run(words)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            assert code in (0, 1, 2, 3), f"exit code {code}"
            text = told.getvalue()
            assert "Traceback" not in text and "\x1b" not in text and "\x1b" not in said.getvalue(), text
            if code == 2:
                raise BenchError(text.strip().splitlines()[-1])

        return read

    return case


def _word(random: Random, word: str) -> str:
    return random.choice(hostile.TEXTS) if random.random() < 0.5 else mutate.word(word, random)


READERS = (Reader("command lines", lines, share=0.1),)
