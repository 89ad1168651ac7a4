"""Warren's pyzmqrpc commands against Python's base64, zlib and json: random ones, both ways."""

import base64
import json
import os
import random
import struct
import subprocess
import unittest
import zlib

SEED = int(os.environ.get("WARREN_TEST_SEED") or random.SystemRandom().getrandbits(32))
REFUSED = "Incorrectly marshalled command. Incoming message is no proper json formatted string. "


def text_of(document):
    return base64.b64encode(zlib.compress(document.encode())).decode()


def command(name, state):
    return {"_icmd_": [name, state]}


def plain(value):
    """A value with its commands replaced by their states."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "_icmd_" in value:
        return plain(value["_icmd_"][1])
    return {key: plain(each) for key, each in value.items()}


class RandomCommands:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        size = self.random.choice([0, 1, 3, 40])
        return "".join(self.random.choices('ab"\\/\0\n\x7f\x80é€\uffff😀', k=size))

    def floating(self):
        if self.random.random() < 0.5:
            return self.random.uniform(-1, 1) * 10 ** self.random.randint(-8, 20)
        (number,) = struct.unpack(">d", self.random.randbytes(8))
        return number if abs(number) <= 1.7976931348623157e308 else 0.5

    def value(self, depth=0):
        pick = self.random.randrange(6 if depth >= 4 else 10)
        if pick == 0:
            return self.random.choice([None, True, False])
        if pick in (1, 2):
            return self.random.randint(-(1 << 63), (1 << 64) - 1) >> self.random.randrange(64)
        if pick == 3:
            return self.floating()
        if pick in (4, 5):
            return self.text()
        if pick in (6, 7):
            return [self.value(depth + 1) for _ in range(self.random.randrange(6))]
        if pick == 8:
            return self.state(depth + 1)
        return command(self.text() or "Nested", self.state(depth + 1))

    def state(self, depth=0):
        return {self.text(): self.value(depth + 1) for _ in range(self.random.randrange(6))}

    def command(self):
        return command(self.text() or "Command", self.state())


def echo(texts):
    done = subprocess.run(
        [os.environ["WARREN_PYZMQRPC_ECHO"]],
        input="".join(text + "\n" for text in texts),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.splitlines()


class Differential(unittest.TestCase):
    def test_random_commands_are_written_as_python_writes_them(self):
        print(f"WARREN_TEST_SEED={SEED}")
        commands = RandomCommands(SEED)
        sent = [commands.command() for _ in range(2000)]
        got = echo([text_of(json.dumps(each)) for each in sent])
        self.assertEqual(len(got), len(sent))
        for each, back in zip(sent, got):
            name, state = each["_icmd_"]
            self.assertEqual(back, text_of(json.dumps(command(name, plain(state)))), each)

    def test_other_forms_of_json_and_zlib_are_read(self):
        commands = RandomCommands(SEED + 1)
        sent = [commands.command() for _ in range(200)]
        levels = [commands.random.randrange(10) for _ in sent]
        got = echo(
            base64.b64encode(
                zlib.compress(json.dumps(each, ensure_ascii=False, indent=1).encode(), level)
            ).decode()
            for each, level in zip(sent, levels)
        )
        for each, back in zip(sent, got):
            name, state = each["_icmd_"]
            document = json.loads(zlib.decompress(base64.b64decode(back)))
            self.assertEqual(document, command(name, plain(state)))

    def test_damage_is_refused_or_leaves_a_command(self):
        commands = RandomCommands(SEED + 2)
        damaged = []
        for _ in range(2000):
            text = list(text_of(json.dumps(commands.command())))
            at = commands.random.randrange(len(text))
            if commands.random.random() < 0.5:
                text[at] = commands.random.choice("ABCxyz019+/=@ ")
            else:
                del text[at]
            damaged.append("".join(text))
        refused = 0
        for text, back in zip(damaged, echo(damaged), strict=True):
            if back.startswith("{"):
                reply = json.loads(back)
                self.assertEqual(list(reply), ["status_code", "status_message"], text)
                self.assertEqual(reply["status_code"], 400)
                self.assertTrue(reply["status_message"].startswith(REFUSED))
                self.assertEqual(back, json.dumps(reply))
                refused += 1
            else:
                document = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
                name, state = document["_icmd_"]
                self.assertEqual(back, text_of(json.dumps(command(name, plain(state)))))
        self.assertGreater(refused, 1500)


if __name__ == "__main__":
    unittest.main()
