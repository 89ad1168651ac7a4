"""Warren's pickle against Python's: random values and all kinds of pickles, both ways."""

import base64
import builtins
import io
import json
import os
import pathlib
import pickle
import pickletools
import random
import struct
import subprocess
import sys
import types
import unittest

SEED = int(os.environ.get("WARREN_TEST_SEED") or random.SystemRandom().getrandbits(32))
VECTORS = pathlib.Path(__file__).parents[1] / "vectors" / "callme.json"
BORDERS = [1 << bits for bits in (0, 7, 8, 15, 16, 31, 32, 63, 64, 80, 2040, 2048, 4096)]
SIZES = [0, 1, 15, 255, 256, 300]
PROTOCOLS = range(6)
WRITTEN = range(2, 6)
SAME_IN_2 = [ValueError, KeyError, TypeError, RuntimeError, OSError, StopIteration, UserWarning]


class State:
    def __init__(self, **state):
        self.__dict__.update(state)


def class_named(name):
    # As callme's are: attributes, and nothing else.
    made = type(name, (State,), {"__module__": "callme.protocol"})
    setattr(sys.modules["callme.protocol"], name, made)
    return made


sys.modules["callme"] = types.ModuleType("callme")
sys.modules["callme.protocol"] = types.ModuleType("callme.protocol")
RpcRequest = class_named("RpcRequest")
RpcResponse = class_named("RpcResponse")


class RandomValues:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def integer(self):
        near = self.random.choice(BORDERS) + self.random.randint(-2, 2)
        return self.random.choice([near, -near, self.random.getrandbits(70)])

    def floating(self):
        (number,) = struct.unpack(">d", self.random.randbytes(8))
        return number if number == number else float("inf")

    def text(self):
        return "".join(self.random.choices("aé€😀\0\\u\n\r\x1a'", k=self.random.choice(SIZES)))

    def octets(self):
        return self.random.randbytes(self.random.choice(SIZES))

    def scalar(self):
        make = self.random.choice([self.integer, self.floating, self.text, self.octets])
        return self.random.choice([None, True, False, make(), make(), make()])

    def key(self):
        return self.random.choice([self.scalar(), (self.scalar(), self.scalar())])

    def value(self, depth=0):
        if depth == 4 or self.random.randrange(3) == 0:
            return self.random.choice([self.scalar, lambda: bytearray(self.octets())])()
        size = self.random.choice([0, 1, 2, 3, 4, 5, 20])
        pick = self.random.randrange(6)
        if pick == 4:
            return {self.key() for _ in range(size)}
        if pick == 5:
            return frozenset(self.key() for _ in range(size))
        items = [self.value(depth + 1) for _ in range(size)]
        if pick == 3:
            return {self.key(): item for item in items}
        if items and pick == 2:  # shared parts
            items.append(items[0])
        return items if pick == 0 else tuple(items)


def comparable(value):
    """The value with its types, and with exceptions and instances as what they consist of."""
    kind = type(value)
    if kind in (list, tuple):
        return kind, [comparable(item) for item in value]
    if kind is dict:
        return kind, [(comparable(key), comparable(item)) for key, item in value.items()]
    if kind in (set, frozenset):
        return kind, sorted(repr(comparable(item)) for item in value)
    if isinstance(value, BaseException):
        return kind, comparable(value.args), comparable(value.__dict__)
    if isinstance(value, State):
        return kind, comparable(value.__dict__)
    return kind, repr(value)


def run_echo(pickles):
    sized = b"".join(struct.pack("<Q", len(each)) + each for each in pickles)
    return subprocess.run(
        [os.environ["WARREN_PICKLE_ECHO"]], input=sized, capture_output=True, timeout=300
    )


def echo(pickles):
    """Each pickle as written again in each protocol."""
    done = run_echo(pickles)
    if (done.returncode, done.stderr) != (0, b""):
        raise AssertionError((done.returncode, done.stderr))
    written, at = [], 0
    while at < len(done.stdout):
        (size,) = struct.unpack_from("<Q", done.stdout, at)
        written.append(done.stdout[at + 8 : at + 8 + size])
        at += 8 + size
    return [written[at : at + len(WRITTEN)] for at in range(0, len(written), len(WRITTEN))]


class Differential(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        print(f"WARREN_TEST_SEED={SEED}")

    def expect_same(self, values, protocols=PROTOCOLS, dump=pickle.dumps):
        sent = [(value, dump(value, protocol)) for value in values for protocol in protocols]
        answers = echo([each for _, each in sent])
        self.assertEqual(len(answers), len(sent))
        for (value, each), answer in zip(sent, answers):
            expected = comparable(pickle.loads(each))
            for protocol, written in zip(WRITTEN, answer):
                self.assertEqual(written[:2], bytes([0x80, protocol]))
                self.assertEqual(comparable(pickle.loads(written)), expected, (value, each))
                if len(written) < 1000:
                    pickletools.dis(written, out=io.StringIO())

    def test_random_values_in_every_protocol(self):
        values = RandomValues(SEED)
        self.expect_same([values.value() for _ in range(200)])

    def test_what_the_python_written_pickler_writes(self):
        values = RandomValues(SEED + 1)
        self.expect_same([values.value() for _ in range(50)], dump=pickle._dumps)

    def test_optimized_pickles(self):
        values = RandomValues(SEED + 2)
        self.expect_same(
            [values.value() for _ in range(50)],
            dump=lambda value, protocol: pickletools.optimize(pickle.dumps(value, protocol)),
        )

    def test_requests_and_responses(self):
        values = RandomValues(SEED + 3)
        self.expect_same(
            [
                RpcRequest(
                    func_name=values.text(),
                    func_args=tuple(values.value() for _ in range(3)),
                    func_kwargs={values.text(): values.value()},
                )
                for _ in range(50)
            ]
            + [RpcResponse(result=values.value()) for _ in range(50)]
            + [RpcResponse()]
        )

    def test_exceptions(self):
        noted = ValueError("bad", 1)
        noted.add_note("a note")
        self.expect_same(
            [RpcResponse(result=kind("text", 5)) for kind in SAME_IN_2]
            + [ImportError("m", name="n"), noted, SystemExit(3), KeyError()]
            + [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "why")]
        )

    def test_every_exception_is_named_as_python_names_it_in_each_protocol(self):
        kinds = [kind for kind in vars(builtins).values() if is_plain_exception(kind)]
        self.assertGreater(len(kinds), 60)
        for kind, answer in zip(kinds, echo([pickle.dumps(kind(), 4) for kind in kinds])):
            for protocol, written in zip(WRITTEN, answer):
                expected = pickle.loads(pickle.dumps(kind(), protocol))
                self.assertEqual(comparable(pickle.loads(written)), comparable(expected))

    def test_large_pickles_of_many_frames(self):
        large = ["x" * 100_000, bytes(70_000), bytearray(70_000), list(range(70_000))]
        self.expect_same([large, large * 2, {str(number): number for number in range(30_000)}])

    def test_the_vectors(self):
        vectors = json.loads(VECTORS.read_text())
        good = [
            base64.b64decode(each["body"])
            for name in ("requests", "responses", "pickled")
            for each in vectors[name]
        ]
        for each, answer in zip(good, echo(good)):
            expected = comparable(pickle.loads(each))
            for written in answer:
                self.assertEqual(comparable(pickle.loads(written)), expected, each)
        for each in vectors["must_be_refused"]:
            done = run_echo([base64.b64decode(each["body"])])
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(b"pickle_global_refused: ", done.stderr)
            self.assertIn(b"posix.system", done.stderr)

    def test_what_is_not_data_is_refused(self):
        for value in (len, RpcRequest, complex(1, 2), range(3), slice(1), Ellipsis, object()):
            for protocol in PROTOCOLS:
                try:
                    sent = pickle.dumps(value, protocol)
                except TypeError:
                    continue
                self.assertEqual(run_echo([sent]).returncode, 2, (value, protocol))


def is_plain_exception(candidate):
    if not isinstance(candidate, type) or not issubclass(candidate, BaseException):
        return False
    try:
        return bool(pickle.dumps(candidate()))
    except TypeError:  # it wants arguments
        return False


if __name__ == "__main__":
    unittest.main()
