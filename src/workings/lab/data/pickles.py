"""Pickles read as data: NumPy arrays, lists, tuples, dictionaries, numbers and text, and nothing else.

A pickle is a program for a machine with a stack. The library's machine calls what the program names, makes
its table as long as the program says, and hashes tuples however they are nested. This one imports nothing and
calls nothing: the few names that NumPy's pickles ask for are rows of a table in `pickle_arrays`, and arrays
are made from their bytes. Protocols 0 to 5, from Python 2 and 3, NumPy 1 and 2.

Source of the operations: `pickletools`, the library's own description of them.
"""

from __future__ import annotations

import io
import pickletools
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from workings.errors import InputError, echo
from workings.lab.data.content import LARGEST
from workings.lab.data.pickle_arrays import (
    ACCEPTED,
    NAMED,
    Dtype,
    Global,
    Shell,
    bytes_of,
    call,
    refused,
    text_of,
)

LARGEST_PICKLE: Final = 1 << 28
MOST_OPERATIONS: Final = 3_000_000
MOST_KEYS: Final = 10_000
DEEPEST: Final = 30
"""Bounds: bytes; operations; keys of a dictionary; levels of lists in lists. What comes out holds `LARGEST`
bytes at most, each thing counted as often as it occurs."""

_DAMAGED: Final = "a damaged pickle"
_AGAIN: Final = "the whole file: get it again"
_NUMBERS: Final = (bool, int, float)
_SCALAR_BYTES: Final = 256
"""What a number or a list counts for: whoever walks the result should meet 4 million of them at most."""
_ROOM: Final = 1 << 20
# What Python 2 wrote for bytes that can't be printed; the library's decoder warns of others as it reads them.
_ESCAPE: Final = re.compile(rb"\\(x[0-9A-Fa-f]{2}|[\\'\"nrt]|)")
_SIGNS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def read_pickle(raw: bytes) -> object:
    """The value of a pickle: dictionaries, lists, tuples, numbers, text, None, arrays of a plain type.

    An object array of one axis becomes a list; of more, if all its entries are numbers, an array of numbers.

    Raises
    ------
    InputError: it is damaged, too large, or holds anything else; what it asks for is named.
    """
    if len(raw) > LARGEST_PICKLE:
        raise InputError(f"a pickle of {len(raw)} bytes", accepted=f"at most {LARGEST_PICKLE}, or an .npz")
    try:
        value, _ = _Unfolded().plain(_Machine(raw).run(), 0)
    except InputError:
        raise
    except (ValueError, IndexError, OverflowError):
        # An argument that is cut off or makes no sense, or too little on the stack.
        raise InputError(_DAMAGED, accepted=_AGAIN) from None
    return value


class _Machine:
    """The stack, the marks and the memory of one pickle."""

    def __init__(self, raw: bytes) -> None:
        self.stream = io.BytesIO(raw)
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memory: dict[int, Any] = {}
        self.room = _ROOM + 4 * len(raw)

    def run(self) -> object:
        for _ in range(MOST_OPERATIONS):
            code = self.stream.read(1)
            act = _OPERATIONS.get(code)
            if act is None:
                raise self._unknown(code)
            read, do = act
            argument = read(self.stream) if read is not None else None
            if do is None:
                self.stack.append(argument)
            elif do is _STOP:
                return self.stack.pop()
            else:
                do(self, argument)
        raise InputError(
            f"a pickle of more than {MOST_OPERATIONS} operations",
            accepted="arrays rather than lists of numbers",
        )

    def _unknown(self, code: bytes) -> InputError:
        for operation in pickletools.opcodes:
            if operation.code == code.decode("latin-1"):
                return refused("the operation", operation.name)
        return InputError("a pickle that breaks off" if not code else _DAMAGED, accepted=_AGAIN)

    def push(self, value: object) -> None:
        self.stack.append(value)

    def mark(self, _: object) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def to_mark(self) -> list[Any]:
        """What was put on the stack since the last mark."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def pop(self, _: object) -> None:
        self.stack.pop()

    def pop_to_mark(self, _: object) -> None:
        self.to_mark()

    def twice(self, _: object) -> None:
        self.stack.append(self.stack[-1])

    def put(self, index: int) -> None:
        self.memory[index] = self.stack[-1]

    def put_next(self, _: object) -> None:
        self.memory[len(self.memory)] = self.stack[-1]

    def get(self, index: int) -> None:
        if index not in self.memory:
            raise InputError(_DAMAGED, accepted=_AGAIN)
        self.stack.append(self.memory[index])

    def make_list(self, _: object) -> None:
        items = self.to_mark()
        self.stack.append(items)

    def make_tuple(self, _: object) -> None:
        items = self.to_mark()
        self.stack.append(tuple(items))

    def make_dict(self, _: object) -> None:
        items = self.to_mark()
        self.stack.append({})
        self._store(items)

    def append(self, _: object) -> None:
        item = self.stack.pop()
        self._extend([item])

    def appends(self, _: object) -> None:
        self._extend(self.to_mark())

    def store(self, _: object) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._store([key, value])

    def stores(self, _: object) -> None:
        self._store(self.to_mark())

    def _extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise refused("entries for", target)
        target.extend(items)

    def _store(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise refused("keys for", target)
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Hashing a nested tuple can take for ever; hashes of large integers can be made to collide.
            if not isinstance(key, str | bytes) and not (type(key) is int and abs(key) < 1 << 60):
                raise refused("a key of type", type(key).__name__)
            target[key.decode("latin-1") if isinstance(key, bytes) else key] = value
        if len(target) > MOST_KEYS:
            raise InputError("found a large dictionary in a pickle", accepted=f"at most {MOST_KEYS} keys")

    def stack_name(self, _: object) -> None:
        attribute, module = self.stack.pop(), self.stack.pop()
        self.name(f"{text_of(module)}.{text_of(attribute)}")

    def name(self, name: str) -> None:
        if name not in NAMED:
            raise InputError(f"a pickle that asks for {echo(name)}", accepted=ACCEPTED)
        self.stack.append(Global(name))

    def call(self, _: object) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        value = call(called, arguments)
        self._count(value)
        self.stack.append(value)

    def build(self, _: object) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, Dtype | Shell):
            raise refused("a state for", target)
        target.fill(state)
        self._count(target)

    def _count(self, value: object) -> None:
        """One large text in memory, made into bytes again and again, must not fill the computer.

        Every byte of an honest pickle is made into something at most twice: text to bytes to an array.
        """
        if isinstance(value, Shell):
            self.room -= 0 if value.value is None else value.value.nbytes
        elif isinstance(value, bytes | str):
            self.room -= len(value)
        if self.room < 0:
            raise InputError("a pickle that unfolds into too much", accepted="each array once")


class _Unfolded:
    """The result, its arrays filled in, counted as if nothing in it were shared.

    A list that holds itself, or a few lists that hold one another so often that they unfold into billions, is
    refused here, before anyone walks it.
    """

    def __init__(self) -> None:
        self.seen: dict[int, tuple[object, int]] = {}

    def plain(self, value: object, depth: int) -> tuple[object, int]:
        """The value as plain data, and how many bytes it would unfold into."""
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
            raise refused("an integer of more than", "64 bits")
        if isinstance(value, str | bytes):
            return value, _SCALAR_BYTES + len(value)
        if value is None or isinstance(value, _NUMBERS):
            return value, _SCALAR_BYTES
        if not isinstance(value, list | tuple | dict | Shell):
            raise refused("a value that is no data,", value)
        if depth > DEEPEST:
            raise InputError("lists in lists without end in a pickle", accepted=f"at most {DEEPEST} levels")
        known = self.seen.get(id(value))
        if known is None:
            known = self._shell(value, depth) if isinstance(value, Shell) else self._items(value, depth)
            if known[1] > LARGEST:
                raise InputError("a pickle that unfolds into too much", accepted=f"at most {LARGEST} bytes")
            self.seen[id(value)] = known
        return known

    def _items(self, value: list[Any] | tuple[Any, ...] | dict[Any, Any], depth: int) -> tuple[object, int]:
        keys = list(value) if isinstance(value, dict) else []
        items = list(value.values()) if isinstance(value, dict) else value
        found = [self.plain(item, depth + 1) for item in items]
        unfolded = _SCALAR_BYTES + sum(size for _, size in found)
        plain = [item for item, _ in found]
        if isinstance(value, dict):
            return dict(zip(keys, plain, strict=True)), unfolded
        return (plain if isinstance(value, list) else tuple(plain)), unfolded

    def _shell(self, shell: Shell, depth: int) -> tuple[object, int]:
        if shell.value is not None:
            return shell.value, _SCALAR_BYTES + shell.value.nbytes
        if shell.objects is None:
            raise refused("an array without", "content")
        found = [self.plain(item, depth + 1) for item in shell.objects]
        items, unfolded = [item for item, _ in found], _SCALAR_BYTES + sum(size for _, size in found)
        if not shell.shape:
            return items[0], unfolded
        if len(shell.shape) == 1:
            return items, unfolded
        if not all(isinstance(item, _NUMBERS) for item in items):
            raise refused("an object array of more axes than", "one")
        return np.array(items, np.float64).reshape(shell.shape), unfolded


def _line(stream: io.BytesIO) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise InputError(_DAMAGED, accepted=_AGAIN)
    return line[:-1].removesuffix(b"\r")


def _two_names(stream: io.BytesIO) -> str:
    """Module and name, each on a line."""
    return f"{_line(stream).decode()}.{_line(stream).decode()}"


def _string(stream: io.BytesIO) -> str:
    """The text of Python 2 in protocol 0, arrays' bytes among it; the library's reader takes ASCII only."""
    line = _line(stream)
    if len(line) < 2 or line[:1] not in (b"'", b'"') or line[-1:] != line[:1]:
        raise InputError(_DAMAGED, accepted=_AGAIN)
    return _ESCAPE.sub(_meant, line[1:-1]).decode("latin-1")


def _meant(escape: re.Match[bytes]) -> bytes:
    sign = escape[1]
    if not sign:
        raise InputError(_DAMAGED, accepted=_AGAIN)
    return bytes([int(sign[1:], 16)]) if len(sign) > 1 else _SIGNS.get(sign, sign)


def _constant(value: object) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.push(value)


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    def act(machine: _Machine, _: object) -> None:
        items = [machine.stack.pop() for _ in range(count)]
        machine.push(tuple(reversed(items)))

    return act


def _nothing(machine: _Machine, _: object) -> None:
    """The protocol's number and the length of a frame: the reader has no use for them."""


def _STOP(machine: _Machine, _: object) -> None:
    """The end; what is on top of the stack is the result."""


_ACTS: Final[dict[str, Callable[[_Machine, Any], None] | None]] = {
    **dict.fromkeys(("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8")),
    **dict.fromkeys(("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")),
    "BYTEARRAY8": lambda machine, raw: machine.push(bytes_of(bytes(raw))),
    "NONE": _constant(None),
    "NEWTRUE": _constant(value=True),
    "NEWFALSE": _constant(value=False),
    "EMPTY_TUPLE": _constant(()),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.pop_to_mark,
    "DUP": _Machine.twice,
    "LIST": _Machine.make_list,
    "TUPLE": _Machine.make_tuple,
    "DICT": _Machine.make_dict,
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.store,
    "SETITEMS": _Machine.stores,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "MEMOIZE": _Machine.put_next,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.stack_name,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
    "PROTO": _nothing,
    "FRAME": _nothing,
    "STOP": _STOP,
}
"""What each operation does, None for a value to be put on the stack. What is not here is refused: instances,
sets, registered extensions, buffers from elsewhere."""

_READERS: Final[dict[str, Callable[[io.BytesIO], Any]]] = {"STRING": _string, "GLOBAL": _two_names}

_OPERATIONS: Final = {
    operation.code.encode("latin-1"): (
        _READERS.get(operation.name, operation.arg.reader if operation.arg is not None else None),
        _ACTS[operation.name],
    )
    for operation in pickletools.opcodes
    if operation.name in _ACTS
}
