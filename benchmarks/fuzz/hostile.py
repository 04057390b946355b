"""Values that readers stumble over."""

import math
from dataclasses import dataclass

NUMBERS = (
    0, 1, -1, 2, 255, 256, 2**15, 2**31 - 1, 2**31, -(2**31), 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1,
    10**30, 10**309, 0.5, -0.0, 1e-320, 1e-9, 1e9, 1e15, 1e300, 1.7976931348623157e308, math.inf, -math.inf, math.nan,
    True, False,
)  # fmt: skip

TEXTS = (
    "", " ", "\t", "\n", "\0", ".", "..", "/", "\\", "../..", "../../../../etc/passwd", "/etc/passwd", "/dev/zero",
    "/dev/stdin", "/proc/self/mem", "..\\..\\x", "C:\\x", "//host/share", "file:///etc/passwd", "https://example.org/x",
    "~", "~root", "$HOME", "$(touch x)", "`touch x`", "; touch x", "| touch x", "-rf", "--out", "@x", "=1+1", "%s%n",
    "{id}", "{setting}", "{0.__class__}", "{", "*", "**", "[", "?", "a\nb", "a\r\nb", "a\rb", "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07", "\x9b31m", "\x08\x08\x08", "\x7f", "\u2028", "\u202egnp.exe", "\u200b", "\ufeff", "\ufffe",
    "\ud800", "\udcff", "\udfff\ud800", "e\u0301", "\u00e9", "\u212b", "\uac00", "\u1100\u1161", "İ", "ß", "🙂", "视频",
    "a" * 300, "a" * 5000, "é" * 200, "/".join("a" * 3000), "(" * 2000, "9" * 400, "9" * 5000, "1e400", "-1e400", "nan",
    "inf", "Infinity", "NaN", "null", "None", "true", "0x10", "1_000", "٣", "½", "1,5", "+1", "1e5", "-0", "00", "CON",
    "NUL.txt", "a.", "a ", ".hidden", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</script>", "&amp;",
    "\\input{/etc/passwd}", "\\write18{touch x}", "$$", "%", "#", "_", "^^", "[x](javascript:alert(1))", "|", "```",
    "'", '"', "'''", '"""', ",", ";", "\u0600", "original", "free-view:30,10,0", "free-view:nan,0,0",
    "free-view:1e400,0,0", "free-view:,,", "free-view:-,-,-", "free-view:30,10,0@relative", "ground-truth", "static",
    "psnr", "2%", "+1e999%", "-.5",
)  # fmt: skip
"""Names that leave a folder or run something, control characters, halves of characters, other forms of one letter,
very long ones, texts that numbers are mistaken for, markup, and words that the readers know."""

BYTES = (
    b"", b"\0", b"\0" * 8, b"\0" * 4096, b"\xff" * 8, b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf",
    b"\xf5\x80\x80\x80", b"\r", b"\r\n", b"\x1a", b"\x80\x04", b"PK\x03\x04", b"PAR1", b"\x93NUMPY", b"ftyp", b"\x1f\x8b",
    b"RIFF", b"%s", b"../", b"'", b'"', b"{", b"[" * 300, b"}" * 9, b"1e999", b"-", b"9" * 5000,
)  # fmt: skip
"""Pieces to put into files."""

LIMITS = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
"""Where integers of a file end."""


DEPTHS = (3, 40, 600, 5000, 60000)


@dataclass(frozen=True, slots=True)
class Raw:
    """A value that stands in a file as it is, though nothing would write it so."""

    text: str


RAW = tuple(
    Raw(opening * depth + inner + closing * depth)
    for depth in DEPTHS
    for opening, inner, closing in (("[", "", "]"), ('{"a": ', "1", "}"), ("{a = ", "1", "}"))
) + tuple(
    map(
        Raw,
        (
            "1" * 5000,
            "-" + "9" * 4301,
            "1e" + "9" * 5000,
            "0." + "3" * 9000,
            "NaN",
            "-Infinity",
            "-nan",
            "01",
            "1__0",
            "0xfffffffffffffffff",
            "1979-05-27T07:32:00Z",
            "9999-99-99",
            '"\\ud800"',
            '"\\u0000"',
            "'",
            '"""',
            "tru",
            "",
        ),
    )
)
"""Lists and mappings inside one another, numbers of thousands of digits, dates, escapes of halves of characters."""
