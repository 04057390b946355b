"""Valid inputs made hostile, a few changes at a time. Everything follows from the generator that is handed in."""

import csv
import io
import unicodedata
from random import Random

from benchmarks.fuzz import hostile

ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252")


def value(random: Random) -> object:
    """Anything that JSON can say, and some that it cannot."""
    kind = random.randrange(10)
    if kind < 4:
        return random.choice(hostile.NUMBERS)
    if kind < 8:
        return random.choice(hostile.TEXTS)
    if kind == 8:
        return random.choice((None, [], {}, [[]], {"": None}, [None] * 3, ["a", 1]))
    return random.choice(hostile.RAW)


def tree(document: object, random: Random) -> object:
    """A document of mappings, lists and plain values with one to four of its places changed."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 4))):
        document = _changed(document, random)
    return document


def _changed(document: object, random: Random) -> object:
    """Goes down a random way as far as it likes, copies on the way, and changes what it finds at the end."""
    inner = isinstance(document, dict | list) and bool(document)
    if not inner or random.random() < 0.12:
        return _structure(document, random) if inner and random.random() < 0.6 else _leaf(document, random)
    if isinstance(document, dict):
        key = random.choice(list(document))
        return {**document, key: _changed(document[key], random)}
    assert isinstance(document, list)
    place = random.randrange(len(document))
    return [*document[:place], _changed(document[place], random), *document[place + 1 :]]


def _structure(document: object, random: Random) -> object:
    if isinstance(document, dict):
        entries = list(document.items())
        place = random.randrange(len(entries))
        kind = random.randrange(5)
        if kind == 0:
            del entries[place]
        elif kind == 1:
            entries[place] = (random.choice(hostile.TEXTS), entries[place][1])
        elif kind == 2:
            entries.append((str(random.choice(hostile.TEXTS)), value(random)))
        elif kind == 3:
            other = random.randrange(len(entries))
            entries[place], entries[other] = (
                (entries[place][0], entries[other][1]),
                (
                    entries[other][0],
                    entries[place][1],
                ),
            )
        else:
            return [document]
        return dict(entries)
    assert isinstance(document, list)
    kind = random.randrange(4)
    if kind == 0:
        return document[: random.randrange(len(document))]
    if kind == 1:
        return document * random.choice((2, 3, 50))
    if kind == 2:
        return random.sample(document, len(document))
    return {str(place): each for place, each in enumerate(document)}


def _leaf(old: object, random: Random) -> object:
    if isinstance(old, str) and random.random() < 0.4:
        return word(old, random)
    if isinstance(old, int | float) and random.random() < 0.2:
        return str(old)
    return value(random)


def word(old: str, random: Random) -> str:
    """A text that is nearly another."""
    kind = random.randrange(6)
    if kind == 0:
        return unicodedata.normalize(
            random.choice(("NFC", "NFD", "NFKC", "NFKD")), old + random.choice(("é", "Å", "ﬁ"))
        )
    if kind == 1:
        return old.upper()
    place = random.randrange(len(old) + 1)
    if kind == 2:
        return old[:place]
    if kind == 3:
        return f"{old[:place]}{random.choice(hostile.TEXTS)}{old[place:]}"
    return random.choice(hostile.TEXTS) if kind == 4 else old * random.choice((0, 2, 100))


def cells(table: list[list[str]], random: Random) -> list[list[str]]:
    """A table with cells, rows or columns changed."""
    table = [list(row) for row in table]
    for _ in range(random.choice((1, 1, 2, 3))):
        row = random.randrange(len(table))
        column = random.randrange(max(len(table[row]), 1))
        kind = random.randrange(8)
        if kind < 4 and table[row]:
            column = min(column, len(table[row]) - 1)
            old = table[row][column]
            table[row][column] = random.choice(hostile.TEXTS) if random.random() < 0.7 else word(old, random)
        elif kind == 4:
            table[row] = table[row][:column]
        elif kind == 5:
            table[row] = [*table[row], random.choice(hostile.TEXTS)]
        elif kind == 6:
            table.insert(row, list(random.choice(table)))
        elif len(table) > 1:
            del table[row]
    return table


def to_csv(table: list[list[str]], random: Random) -> str:
    """As a spreadsheet may write it."""
    text = io.StringIO()
    manner = {"delimiter": random.choice(",,,,,;\t"), "lineterminator": random.choice(("\n", "\n", "\r\n", "\r"))}
    try:
        csv.writer(text, quoting=random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), **manner).writerows(table)
    except csv.Error:
        return "\n".join(",".join(row) for row in table)
    return text.getvalue()


def encoded(text: str, random: Random) -> bytes:
    """Text as bytes; halves of characters as some write them."""
    encoding = random.choice(ENCODINGS)
    return text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")


def lines(text: str, random: Random) -> str:
    """Lines and the words in them changed."""
    rows = [row.split(" ") for row in text.split("\n")]
    return "\n".join(" ".join(row) for row in cells(rows, random))


def raw(content: bytes, random: Random, others: tuple[bytes, ...] = ()) -> bytes:
    """Bytes flipped, cut, doubled, put in, exchanged with another file's, or numbers taken to their limits."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        place = random.randrange(len(data) + 1)
        if random.random() < 0.5:  # heads are where readers decide
            place = min(place, int(random.expovariate(1 / 200)))
        kind = random.randrange(9)
        if kind <= 1 and place < len(data):
            data[place] ^= 1 << random.randrange(8)
        elif kind == 2 and place < len(data):
            data[place] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
        elif kind == 3:
            wide = random.choice((1, 2, 4, 8))
            number = random.choice(hostile.LIMITS) % (1 << 8 * wide)
            data[place : place + wide] = number.to_bytes(wide, random.choice(("little", "big")))
        elif kind == 4:
            del data[place : place + random.choice((1, 2, 4, 16, 200, 2000))]
        elif kind == 5:
            data[place:place] = random.choice(hostile.BYTES)
        elif kind == 6:
            data[place:place] = data[place : place + random.choice((1, 4, 16, 200))]
        elif kind == 7:
            del data[random.randrange(len(data) + 1) :]
        elif others:
            other = random.choice(others)
            begin = random.randrange(len(other) + 1)
            piece = other[begin : begin + random.choice((4, 32, 500))]
            data[place : place + len(piece) * random.randrange(2)] = piece
    return bytes(data)
