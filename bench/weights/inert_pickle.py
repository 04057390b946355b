"""A pickle read as data: its names stay names, its calls are written down and never made."""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Final

_COMMANDS: Final = frozenset(
    """os posix nt sys subprocess commands shutil runpy importlib socket ctypes pty code pdb webbrowser
    urllib""".split()  # noqa: SIM905
)
_BUILTINS: Final = frozenset(["eval", "exec", "execfile", "compile", "__import__", "open", "input", "breakpoint"])
_MAPPINGS: Final = frozenset(["collections.OrderedDict", "collections.defaultdict", "collections.Counter"])


class DamagedPickle(Exception):
    """The bytes are no whole pickle."""


class CodeInPickle(Exception):
    """The pickle calls what runs commands; the message is its dotted name."""


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function that the pickle names; it is not imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Call:
    """What the pickle would have called, and the state it would have given to the result."""

    callee: object
    arguments: tuple[object, ...]
    state: object = None

    def __str__(self) -> str:
        return str(self.callee) if isinstance(self.callee, Name) else "an object"


@dataclass(slots=True, eq=False)
class Persistent:
    """What the pickle says lies outside it."""

    key: object


def read_pickle(file: BinaryIO) -> object:
    """The one pickle that begins at the file's position, which stands behind it afterwards.

    Dicts, lists, tuples, texts and numbers come as they are; everything else as `Name`, `Call` and `Persistent`.

    Raises:
        DamagedPickle: it is cut off, or no pickle.
        CodeInPickle: it calls what runs commands. (Whatever it calls, nothing is called; this one is no checkpoint.)
    """
    machine = _Machine()
    try:
        for code, argument, _ in pickletools.genops(file):
            if code.name == "STOP":
                return machine.stack.pop()
            machine.step(code.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise DamagedPickle(str(error) or type(error).__name__) from None
    raise DamagedPickle("it has no end")


@dataclass(slots=True)
class _Machine:
    stack: list[object] = field(default_factory=list)
    marked: list[list[object]] = field(default_factory=list)
    memo: dict[object, object] = field(default_factory=dict)

    def step(self, code: str, argument: object) -> None:
        if code in _IGNORED:
            return
        if code in _VALUES:
            self.stack.append(argument)
        elif code in _CONSTANTS:
            self.stack.append(_CONSTANTS[code]())
        elif code in _STEPS:
            _STEPS[code](self, argument)
        else:
            raise DamagedPickle(f"{code} is not read")

    def since_mark(self) -> list[object]:
        items, self.stack = self.stack, self.marked.pop()
        return items

    def mark(self, _: object) -> None:
        self.marked.append(self.stack)
        self.stack = []

    def pop(self, _: object) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def get(self, key: object) -> None:
        self.stack.append(self.memo[key])

    def put(self, key: object) -> None:
        self.memo[len(self.memo) if key is None else key] = self.stack[-1]

    def drop_to_mark(self, _: object) -> None:
        self.since_mark()

    def new_list(self, _: object) -> None:
        items = self.since_mark()
        self.stack.append(items)

    def new_tuple(self, _: object) -> None:
        items = self.since_mark()
        self.stack.append(tuple(items))

    def short_tuple(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.stack.append(items)

    def new_dict(self, _: object) -> None:
        items = self.since_mark()
        self.stack.append({})
        self.entries(items)

    def set_item(self, _: object) -> None:
        items = self.stack[-2:]
        del self.stack[-2:]
        self.entries(items)

    def entries(self, items: list[object]) -> None:
        target = self.stack[-1]
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=True):
                if key is None or isinstance(key, str | int | float | bytes):  # others may hash without an end
                    target[key] = value

    def append(self, items: list[object]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)

    def name(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self.stack.append(Name(module, name))

    def name_from_stack(self, _: object) -> None:
        name, module = str(self.stack.pop()), str(self.stack.pop())
        self.stack.append(Name(module, name))

    def call(self, callee: object, arguments: object) -> None:
        if isinstance(callee, Name):
            if callee.module.partition(".")[0] in _COMMANDS or (
                callee.module in ("builtins", "__builtin__") and callee.name in _BUILTINS
            ):
                raise CodeInPickle(str(callee))
            if str(callee) in _MAPPINGS:
                self.stack.append(_pairs(arguments))
                return
        self.stack.append(Call(callee, arguments if isinstance(arguments, tuple) else ()))

    def reduce(self, _: object) -> None:
        arguments, callee = self.stack.pop(), self.stack.pop()
        self.call(callee, arguments)

    def reduce_with_keywords(self, _: object) -> None:
        self.stack.pop()
        self.reduce(None)

    def instance(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self.call(Name(module, name), tuple(self.since_mark()))

    def new_object(self, _: object) -> None:
        items = self.since_mark()
        self.call(items[0], tuple(items[1:]))

    def build(self, _: object) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Call):
            self.stack[-1].state = state

    def persistent(self, _: object) -> None:
        self.stack.append(Persistent(self.stack.pop()))


def _pairs(arguments: object) -> dict[object, object]:
    """The entries that an ordered dict is made of: `([[key, value], …],)`, as Python 2 wrote it, or none."""
    found: dict[object, object] = {}
    entries = arguments[0] if isinstance(arguments, tuple) and arguments else ()
    for entry in entries if isinstance(entries, list | tuple) else ():
        if isinstance(entry, list | tuple) and len(entry) == 2 and isinstance(entry[0], str | int):
            found[entry[0]] = entry[1]
    return found


_IGNORED: Final = frozenset(["PROTO", "FRAME", "READONLY_BUFFER"])
_VALUES: Final = frozenset(
    """INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE
    SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8""".split()  # noqa: SIM905
)
_CONSTANTS: Final[dict[str, Callable[[], object]]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": list,
}
_STEPS: Final[dict[str, Callable[[_Machine, object], None]]] = {
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.drop_to_mark,
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    "TUPLE": _Machine.new_tuple,
    "TUPLE1": lambda machine, _: machine.short_tuple(1),
    "TUPLE2": lambda machine, _: machine.short_tuple(2),
    "TUPLE3": lambda machine, _: machine.short_tuple(3),
    **dict.fromkeys(("LIST", "FROZENSET"), _Machine.new_list),
    "DICT": _Machine.new_dict,
    "SETITEM": _Machine.set_item,
    "SETITEMS": lambda machine, _: machine.entries(machine.since_mark()),
    "APPEND": lambda machine, _: machine.append([machine.stack.pop()]),
    **dict.fromkeys(("APPENDS", "ADDITEMS"), lambda machine, _: machine.append(machine.since_mark())),
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_from_stack,
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _Machine.reduce),
    "NEWOBJ_EX": _Machine.reduce_with_keywords,
    "INST": _Machine.instance,
    "OBJ": _Machine.new_object,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
    "PERSID": lambda machine, argument: machine.stack.append(Persistent(argument)),
}
