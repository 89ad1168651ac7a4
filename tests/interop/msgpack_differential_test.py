"""Warren's MessagePack against python3-msgpack: random values, both ways."""

import os
import random
import struct
import subprocess
import unittest

import msgpack

SEED = int(os.environ.get("WARREN_TEST_SEED") or random.SystemRandom().getrandbits(32))
BORDERS = [1 << bits for bits in (0, 5, 7, 8, 15, 16, 31, 32, 63)]
SIZES = [0, 1, 15, 16, 31, 32, 255, 256, 300]


class RandomValues:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def integer(self):
        near = self.random.choice(BORDERS) + self.random.randint(-2, 2)
        number = self.random.choice([near, -near, self.random.getrandbits(64)])
        return min(max(number, -(1 << 63)), (1 << 64) - 1)

    def floating(self):
        (number,) = struct.unpack(">d", self.random.randbytes(8))
        return number if number == number else 0.5

    def text(self):
        return "".join(self.random.choices("aé€😀\0", k=self.random.choice(SIZES)))

    def value(self, depth=0):
        pick = self.random.randrange(6 if depth == 4 else 8)
        if pick == 0:
            return self.random.choice([None, True, False])
        if pick in (1, 2):
            return self.integer()
        if pick == 3:
            return self.floating()
        if pick == 4:
            return self.text()
        if pick == 5:
            return self.random.randbytes(self.random.choice(SIZES))
        size = self.random.choice([0, 1, 3, 15, 16, 20])
        if pick == 6:
            return [self.value(depth + 1) for _ in range(size)]
        keys = [self.random.choice([self.text, self.integer])() for _ in range(size)]
        return {key: self.value(depth + 1) for key in keys}


def echo(packed):
    return subprocess.run(
        [os.environ["WARREN_MSGPACK_ECHO"]], input=packed, capture_output=True, timeout=300
    )


class Differential(unittest.TestCase):
    def test_random_values_are_written_as_python_writes_them(self):
        print(f"WARREN_TEST_SEED={SEED}")
        values = RandomValues(SEED)
        packed = [msgpack.packb(values.value(), use_bin_type=True) for _ in range(2000)]
        done = echo(b"".join(packed))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        at = 0
        for number, each in enumerate(packed):
            self.assertEqual(done.stdout[at : at + len(each)], each, f"value {number}")
            at += len(each)
        self.assertEqual(at, len(done.stdout))

    def test_python_reads_what_warren_writes(self):
        values = RandomValues(SEED + 1)
        sent = [values.value() for _ in range(500)]
        done = echo(b"".join(msgpack.packb(value, use_single_float=False) for value in sent))
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        unpacker.feed(done.stdout)
        self.assertEqual(list(unpacker), sent)

    def test_wider_forms_come_back_in_the_smallest(self):
        for wide, value in (
            (b"\xcf" + struct.pack(">Q", 5), 5),
            (b"\xd3" + struct.pack(">q", -5), -5),
            (b"\xca" + struct.pack(">f", 1.5), 1.5),
            (b"\xdb" + struct.pack(">I", 1) + b"x", "x"),
            (b"\xc6" + struct.pack(">I", 1) + b"x", b"x"),
            (b"\xdd" + struct.pack(">I", 1) + b"\x01", [1]),
            (b"\xdf" + struct.pack(">I", 1) + b"\xa1x\x01", {"x": 1}),
        ):
            self.assertEqual(msgpack.unpackb(wide), value)
            self.assertEqual(echo(wide).stdout, msgpack.packb(value))

    def test_what_has_no_place_in_a_value_is_refused(self):
        for packed in (
            msgpack.packb(msgpack.Timestamp(1, 2)),
            msgpack.packb(msgpack.ExtType(5, b"abc")),
            b"\xc1",
            b"\xa1\xff",
            b"\x82\xa1a\x01\xa1a\x02",
        ):
            self.assertEqual(echo(packed).returncode, 2, packed)


if __name__ == "__main__":
    unittest.main()
