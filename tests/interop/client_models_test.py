"""Models made from a contract: they compile, and take and refuse what the server does, both ways."""

import ast
import base64
import importlib
import json
import math
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import unittest
from datetime import datetime, timedelta, timezone

import msgpack
import pika
import pydantic
from cryptography.fernet import Fernet
from fixture import MODULES, PROGRAM, TREE, InteropTest, ProgramTest, code_block, run_warren
from tcp_fixture import TcpTest, Wire

CXX = os.environ.get("WARREN_CXX", "g++")
BUILT = pathlib.Path(PROGRAM).parent
ZOO = os.environ.get("WARREN_ZOO_MODULES", str(BUILT / "test_modules/zoo"))
KEY = Fernet.generate_key().decode()
TOKEN = Fernet(KEY).encrypt(b"7").decode()
STRICT = ["-std=c++23", "-Wall", "-Wextra", "-Wshadow", "-Wpedantic", "-Werror"]

HOSTILE = '\u202e""" */ ??/ \\\n</script>\' \x1b ${x} {0} #end'
NAMES = ["class", "def", "List", "str", "Field", "std", "describe", "Methods", "DxExample", "int"]

# Each is tried for each field.
VALUES = [
    None, True, False, 0, 1, -1, 2, 3, 7, 42, 127, 128, -128, -129, 255, 256, 32767, 32768, -32769,
    65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, -(2**63), 2**63,
    2**64 - 1, 0.0, -0.0, 1.0, 1.5, 0.1, 0.25, -7.0, 127.0, 1e10, 1e39, -1e39, 1e300, 2.0**63, 2.0**64,
    1e-9, math.nan, math.inf, -math.inf,
    "", " ", "0", "1", " 7 ", "+7", "-7", "+-7", "7.0", "7.", ".5", "7.5", "1e3", "1e400", "1e-400", "0x10",
    "1_000", "nan", "inf", "NaN", "Infinity", "-0", "٣", "true", "TRUE", "Yes", "n", "off", "T", "2", "\x0b1\x0c",
    "99999999999999999999", "18446744073709551615", "9223372036854775808", "abc", "äöü", "\U0001f600", "red",
    "green", "Red", "None", "title", "onion", "ONION", "xonion", "banana", "ab", "abab", "ababab", "abc\n",
    "ab\n", "a b", "a\x0bb", "a\tb", "ß", "Ωm", "_x1", "1x", "x-y", "abcde",
    "67e55044-10b1-426f-9247-bb680e5fe0c8", "67E5504410B1426F9247BB680E5FE0C8", "67e55044-10b1-426f-9247",
    "{67e55044-10b1-426f-9247-bb680e5fe0c8}", "67e5-504410b1426f9247bb680e5fe0c80000",
    "2024-02-29T12:00:00Z", "2024-02-29t12:00:00.123456789z", "2024-02-29 12:00:00+01:00", "2023-02-29T12:00:00Z",
    "2024-02-29T12:00:00", "2024-02-29T24:00:00Z", "2016-12-31T23:59:60Z", "2016-12-30T23:59:60Z",
    "2017-01-01T00:59:60.5+01:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-01:00",
    "2024-02-29T12:00:00+24:00", "2024-02-29T12:00:00+0100", "2024-02-29T12:00:00.Z", "2024-2-29T12:00:00Z",
    "1709208000", "1709208000.25", "-1", "2024-02-29",
    "PT1S", "PT0S", "-PT1S", "+PT1M", "P1D", "P1W2DT3H4M5.5S", "PT1.5S", "PT1,5S", "PT0.000000001S",
    "PT0.0000000001S", "PT0.0010000000000S", "PT", "P", "P1DT", "PT1H1H", "PT1M1H", "P1Y", "P1M", "pt1s",
    "PT1.5M", "PT60S", "P999999999D", "P1000000000D", "PT90M", "-PT0.5S", "PT153722867H", "PT.5S", "PT5.S",
    "/", "/a", "/a/b", "/a/", "//a", "/a/../b", "/a/./b", "a", "a/b", "a//b", "..", ".", "a/", "/a\x00",
    "/" + "x" * 254, "/" + "x" * 255, "/" + "/".join(["x" * 200] * 20), "/" + "/".join(["x" * 200] * 21),
    "aGk=", "aGk", "aGl", "aGk==", "a", "aG", "aGkh", "-_-_", "+/+/", "-/+_", "====", "aGk=\n", "YWJjZA==",
    b"", b"hi", b"\xff", b"0123456789abcdef",
    [], [1], [1, 2, 3], [1, 2, 3, 4], ["1", 2.0, 3], [1, 1], [1, "1"], [0.1, 0.1000000001], [True, 0, "no"],
    [None], [[1]], ["a"], [{"size": 1}], [{"size": 10}], [["a", 1]], [1.5], [2**40],
    {}, {"a": 1}, {"a": "1", "b": 2.0}, {"a": None}, {"size": 5}, {"size": 10}, {"size": "5", "more": 1},
    {"number": 1}, {"number": 1, "more": 1}, {"number": 1, "leaf": {"size": 2}},
    {"number": 1, "leaf": {"size": 0}}, {"number": 1, "leaf": None}, {"name": "root"},
    {"name": "root", "branches": [{"name": "one"}, {"name": "two", "branches": []}]},
    {"name": "root", "branches": [{"branches": []}]}, {"a": [], "b": [None, {"size": 1}, {}]},
    {"a": 1, "b": 2, "c": 3},
]  # fmt: skip


def nested(depth):
    value = {"name": "leaf"}
    for _ in range(depth):
        value = {"name": "branch", "branches": [value]}
    return value


def same(one, other):
    """As JSON, floats by their values."""
    return json.dumps(plain(one), sort_keys=True) == json.dumps(plain(other), sort_keys=True)


def plain(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def hostile(value, ids):
    """A contract with other names of models, and other descriptions."""
    if isinstance(value, list):
        return [hostile(item, ids) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: hostile(item, ids) for key, item in value.items()}
    for key in ("id", "reference"):
        if changed.get(key) in ids:
            changed[key] = ids[changed[key]]
    if "id" in changed:
        changed["name"] = changed["id"]
    return changed | {"description": HOSTILE} if "description" in changed else changed


class Models(ProgramTest):
    """A directory for each language, made from the zoo and the example modules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.directory / "contract.json"
        shown = run_warren("contract", "show", "--modules", ZOO, "--modules", MODULES)
        assert shown.returncode == 0, shown.stderr
        cls.document.write_text(shown.stdout)
        cls.contract = json.loads(shown.stdout)

    @classmethod
    def make(cls, language, name, *options):
        out = cls.directory / name
        done = run_warren("models", "--language", language, "--out", out, *options, cls.document)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr
        return out

    @classmethod
    def python(cls, name):
        """A package of the models; gives its modules by name."""
        cls.make("python", name)
        sys.path.insert(0, str(cls.directory))
        cls.addClassCleanup(sys.path.remove, str(cls.directory))
        return lambda module: importlib.import_module(f"{name}.{module}")


class Languages(Models):
    def test_python_of_pydantic_1_is_imported_from_a_package_and_from_a_path(self):
        self.assertTrue(pydantic.VERSION.startswith("1."), pydantic.VERSION)
        module = self.python("imported")
        files = sorted(path.stem for path in (self.directory / "imported").glob("*.py"))
        self.assertEqual(len(files), len(self.contract["methods"]) + 2)
        self.assertIn("class_", files)
        self.assertIn("json_", files)
        for name in files:
            module(name)
        path = self.make("python", "on_a_path")
        code = "import class_, dx_example, zoo_containers, zoo_containers_; print(dx_example.Request)"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=path, capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_python_of_pydantic_2_parses(self):
        out = self.make("python", "second", "--pydantic", "2")
        for path in out.glob("*.py"):
            ast.parse(path.read_text())
        self.assertIn("pydantic_core", (out / "_warren.py").read_text())

    def test_typescript_compiles(self):
        out = self.make("typescript", "ts")
        (out / "use.ts").write_text(
            """import { Methods, RequestOf, ResponseOf, Reply } from "./models";
const request: RequestOf<"dx_example"> = { favourite_food: "onion" };
// @ts-expect-error
const wrong: RequestOf<"dx_example"> = { favourite_food: "cake" };
// @ts-expect-error
const missing: RequestOf<"dx_example"> = {};
const reply: Reply<ResponseOf<"dx_example">> = JSON.parse("{}");
const array: RequestOf<"zoo.containers"> = { array: [1, 2, 3], tree: { name: "x" } };
// @ts-expect-error
const short: RequestOf<"zoo.containers"> = { array: [1, 2] };
export const tolerable: boolean = reply.success && reply.data.tolerable;
export const parts: Methods["count_down"]["part"] = 1;
export const all = [request, wrong, missing, array, short];
"""
        )
        done = subprocess.run(
            ["tsc", "--strict", "--noEmit", "--target", "es2020", "models.ts", "use.ts"],
            cwd=out, capture_output=True, text=True,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_cpp_compiles_and_has_the_fingerprints_of_the_server(self):
        out = self.make("cpp", "cpp")
        header = (out / "models.hpp").read_text()
        names = re.findall(r"^WARREN_(?:STREAM_)?CONTRACT\((\w+),", header, re.MULTILINE)
        self.assertEqual(len(names), len(self.contract["methods"]))
        registered = "\n".join(f"    add<client_models::{name}>(module);" for name in names)
        (out / "again.cpp").write_text(
            """#include "models.hpp"

#include <warren/module.hpp>

template <typename C>
void add(warren::Registry& module) {
    using Response = typename C::response_type;
    if constexpr (warren::StreamContract<C>) {
        module.method<C>([](const typename C::request_type&, warren::Context&,
                            warren::Stream<typename C::part_type>) -> Response {
            throw warren::Error{"Never called"};
        });
    } else {
        module.method<C>([]() -> Response { throw warren::Error{"Never called"}; });
    }
}

WARREN_MODULE(module) {
%s
}
"""
            % registered
        )
        modules = out / "modules"
        modules.mkdir()
        # Of the zoo some methods are deprecated.
        flags = [*STRICT, "-Wno-deprecated-declarations", f"-I{TREE}/include"]
        for command in (
            [CXX, *flags, "-O0", "-shared", "-fPIC", "again.cpp", "-o", modules / "again.so"],
            ["clang++-19", *flags, "-fsyntax-only", "again.cpp"],
        ):
            done = subprocess.run(command, cwd=out, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        shown = run_warren("contract", "show", "--modules", modules)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        again = {each["name"]: each["fingerprint"] for each in json.loads(shown.stdout)["methods"]}
        ours = {each["name"]: each["fingerprint"] for each in self.contract["methods"]}
        self.assertEqual(again, ours)

    def test_hostile_names_and_texts_are_no_code(self):
        # Neither names of models nor descriptions are in fingerprints, so that they may be changed.
        lists = [self.contract["models"], self.contract["enumerations"]]
        ids = sorted(each["id"] for definitions in lists for each in definitions)
        names = NAMES + [f"{HOSTILE}{number}" for number in range(len(ids))]
        changed = hostile(self.contract, dict(zip(ids, names)))
        for kind in ("models", "enumerations"):
            changed[kind].sort(key=lambda each: each["id"].encode())
        path = self.write("hostile.json", changed)
        made = {}
        for language in ("python", "typescript", "cpp"):
            made[language] = self.directory / f"hostile_{language}"
            done = run_warren("models", "--language", language, "--out", made[language], path)
            self.assertEqual(done.returncode, 0, done.stderr)
        modules = [path.stem for path in made["python"].glob("[A-Za-z]*.py")]
        self.assertEqual(len(modules), len(self.contract["methods"]))
        (made["cpp"] / "use.cpp").write_text('#include "models.hpp"\n')
        for language, command in (
            ("python", [sys.executable, "-W", "error", "-c", "import " + ", ".join(modules)]),
            ("typescript", ["tsc", "--strict", "--noEmit", "--target", "es2020", "models.ts"]),
            ("cpp", [CXX, *STRICT, f"-I{TREE}/include", "-fsyntax-only", "use.cpp"]),
        ):
            done = subprocess.run(command, cwd=made[language], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_originals_word_prints_a_directory(self):
        done = run_warren("create-client-models", self.document)
        self.assertEqual(done.returncode, 0, done.stderr)
        out = pathlib.Path(done.stdout.removesuffix("\n"))
        self.addCleanup(subprocess.run, ["rm", "-r", str(out)])
        text = (out / "dx_example.py").read_text()
        self.assertIn("class DxExample(", text)
        self.assertIn("class Request(", text)


class Writing(Models):
    def refused(self, out, *options, **settings):
        done = subprocess.run(
            [PROGRAM, "models", "--language", "python", "--out", out, self.document, *options],
            capture_output=True, text=True, **settings,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        self.assertEqual(list(self.directory.glob(".warren-*")), [])
        return done.stderr

    def test_a_directory_that_is_there_is_left_alone(self):
        out = self.directory / "taken"
        out.mkdir()
        (out / "mine").write_text("mine")
        self.assertIn("there already", self.refused(out))
        self.assertEqual([path.name for path in out.iterdir()], ["mine"])
        self.assertIn("there already", self.refused(self.document))

    def test_an_empty_one_is_filled(self):
        (self.directory / "empty").mkdir()
        self.assertTrue((self.make("typescript", "empty") / "models.ts").is_file())

    def test_where_nothing_can_be_written_nothing_is(self):
        self.assertIn("No such file", self.refused(self.directory / "none" / "out"))
        self.refused("/proc/out")

    def test_what_does_not_fit_leaves_nothing_behind(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        out = self.directory / "full"
        self.assertIn("File too large", self.refused(out, preexec_fn=small_files))
        self.assertFalse(out.exists())

    def test_options_that_make_no_sense_are_refused(self):
        for options in (["--language", "cobol"], ["--language", "python", "--pydantic", "3"], []):
            done = run_warren("models", "--out", self.directory / "no", self.document, *options)
            self.assertEqual(done.returncode, 2)


class Vectors(Models, TcpTest):
    """Values that Warren's server and the models of Python are given alike."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.module = staticmethod(cls.python("vectors"))
        configuration = {"modules": [ZOO, MODULES], "listeners": [cls.tcp()]}
        server = cls.start_serving(configuration).wait_until_ready()
        cls.enterClassContext(server)
        cls.wire = cls.enterClassContext(Wire(server.addresses[0]))

    def ask(self, method, request):
        """The response, or the errors by location."""
        self.wire.send([0, 1, method, request])
        _, _, error, result = self.wire.receive()
        if error is None:
            return result, None
        self.assertEqual(error["code"], "invalid_request", error)
        return None, {tuple(each["location"]): each["type"] for each in error["errors"]}

    def parse(self, model, request):
        try:
            return model.parse_obj(request), None
        except pydantic.ValidationError as error:
            kinds = [(each["loc"], each["type"]) for each in error.errors()]
            return None, {loc: kind.removeprefix("value_error.") for loc, kind in kinds}

    def test_lengths_and_bounds_are_told_in_the_servers_words(self):
        request = {"pin": "1", "number": 1}
        self.wire.send([0, 1, "hidden", request])
        _, _, error, _ = self.wire.receive()
        told = {tuple(each["location"]): each["message"] for each in error["errors"]}
        with self.assertRaises(pydantic.ValidationError) as caught:
            self.module("hidden").Hidden.parse_obj(request)
        self.assertEqual({each["loc"]: each["msg"] for each in caught.exception.errors()}, told)
        self.assertEqual(told[("pin",)], "Text should have at least 4 characters, not 1")

    def hold_together(self, method, model, request, errors=True):
        """Both take it, with the same result, or neither does, for the same reasons."""
        response, refused = self.ask(method, request)
        made, wrong = self.parse(model, request)
        self.assertEqual(refused is None, wrong is None, f"Warren: {refused}, Python: {wrong}")
        if refused is not None:
            if errors:
                self.assertEqual(wrong, refused)
            return False
        self.assertTrue(same(made.wire(), response), f"{made.wire()} is not {response}")
        # What Python writes Warren takes, and what Warren writes Python takes.
        again, refused = self.ask(method, made.wire())
        self.assertIsNone(refused)
        self.assertTrue(same(again, response))
        self.assertTrue(same(model.parse_obj(plain(response)).wire(), response))
        return True

    def try_fields(self, method, model, values=VALUES, base=None):
        taken = refused = 0
        for name in self.fields_of(method):
            # Errors of alternatives name models, whose classes may be called otherwise.
            is_choice = name == "models"
            for value in values:
                # Where anything goes, what Python has as bytes goes out as text, and is as long.
                if name == "loose" and isinstance(value, bytes):
                    continue
                with self.subTest(method=method, field=name, value=value):
                    request = {**(base or {}), name: value}
                    if self.hold_together(method, model, request, errors=not is_choice):
                        taken += 1
                    else:
                        refused += 1
        return taken, refused

    def fields_of(self, method):
        method = next(each for each in self.contract["methods"] if each["name"] == method)
        model = method["request"]["reference"]
        found = next(each for each in self.contract["models"] if each["id"] == model)
        return [field["name"] for field in found["fields"]]

    def test_scalars(self):
        taken, refused = self.try_fields("zoo.scalars", self.module("zoo_scalars").Scalars)
        self.assertGreater(min(taken, refused), 300)

    def test_containers(self):
        model = self.module("zoo_containers").Containers
        taken, refused = self.try_fields("zoo.containers", model)
        self.assertGreater(min(taken, refused), 100)

    def test_demands(self):
        model = self.module("zoo_demanding").Demanding
        # What only the server checks is fine in all of these.
        values = [value for value in VALUES if not isinstance(value, str) or len(value.encode()) % 2 == 0]
        taken, refused = self.try_fields("zoo.demanding", model, values)
        self.assertGreater(min(taken, refused), 100)

    def test_depth(self):
        model = self.module("zoo_containers").Containers
        for depth in (1, 60, 64, 200):
            with self.subTest(depth=depth):
                request = {"tree": nested(depth)}
                response, refused = self.ask("zoo.containers", request) if depth < 64 else (None, {})
                made, wrong = self.parse(model, request)
                self.assertEqual(refused is None, wrong is None)

    def test_names(self):
        module = self.module("class_")
        names = self.fields_of("class")
        self.assertEqual(len(names), 10)
        self.assertTrue(self.hold_together("class", module.Words, {name: 3 for name in names}))
        self.assertEqual(module.Words(json_=7).json_, 7)
        self.assertEqual(module.Words.parse_obj({"json_": 7}).json_, 2)

    def test_two_models_of_one_name(self):
        module = self.module("json_")
        request = {"other_one": {"text": "x"}, "one": {"size": 2}, "more": [{"text": "y"}]}
        self.assertTrue(self.hold_together("json", module.Leaves, request))
        self.assertFalse(self.hold_together("json", module.Leaves, {"other_one": {"size": 2}}))

    def test_requests_that_are_no_object(self):
        for model in (self.module("zoo_scalars").Scalars, self.module("class_").Words):
            for value in ([], [["json", 1]], None, "x", 1):
                with self.assertRaises(pydantic.ValidationError):
                    model.parse_obj(value)

    def test_what_no_format_has_is_refused(self):
        model = self.module("zoo_scalars").Scalars
        for field, value in [("int64", 2**64), ("anything", 2**64), ("text", "\ud800"), ("float64", 10**400),
                             ("anything", ["\udfff"]), ("anything", {1: 2}), ("anything", object())]:  # fmt: skip
            with self.subTest(field=field), self.assertRaises(pydantic.ValidationError):
                model.parse_obj({field: value})

    def test_pythons_own_values(self):
        model = self.module("zoo_scalars").Scalars
        noon = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)
        colour = self.module("zoo_scalars").Colour.red
        made = model(timestamp=noon, milliseconds=timedelta(minutes=1.5), colour=colour, bytes=b"hi")
        self.assertEqual(made.wire()["timestamp"], "2024-02-29T12:00:00Z")
        self.assertEqual(made.wire()["milliseconds"], "PT1M30S")
        self.assertEqual(made.wire()["bytes"], "aGk=")
        response, refused = self.ask("zoo.scalars", made.wire())
        self.assertIsNone(refused)
        again = model.parse_obj(plain(response))
        self.assertEqual(again, made)
        self.assertEqual((again.timestamp, again.colour), (noon, colour))
        with self.assertRaises(pydantic.ValidationError):
            model(timestamp=datetime(2024, 2, 29, 12))  # of no time zone

    def test_secrets_in_clear_and_as_tokens(self):
        model = self.module("hidden").Hidden
        for request in ({"pin": "1234"}, {"pin": "12"}, {"pin": "1234", "number": 4}, {"pin": 1}):
            with self.subTest(request=request):
                # What is left out is not sent: its default is not told.
                request = {"number": None, "password": "x"} | request
                self.hold_together("hidden", model, request)
        self.assertEqual(model(pin="1234").wire(), {"pin": "1234"})
        made = model(pin="1234", number=TOKEN, password="hidden")
        self.assertNotIn("1234", repr(made))
        self.assertNotIn("hidden", repr(made))
        wire = made.wire(Fernet(KEY))
        self.assertEqual(wire["number"], TOKEN)
        self.assertEqual(Fernet(KEY).decrypt(wire["pin"]), b"1234")
        self.assertEqual(Fernet(KEY).decrypt(wire["password"]), b"hidden")


class OverRabbitMq(Models, InteropTest):
    """An unmodified pika with the functions that were made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        methods = [each["name"] for each in cls.contract["methods"]]
        listener = cls.cyberfusion(methods=methods, fernet_keys=[KEY])
        configuration = {"modules": [ZOO, MODULES], "listeners": [listener]}
        cls.enterClassContext(cls.start_serving(configuration).wait_until_ready())
        cls.module = staticmethod(cls.python("called"))
        cls.connection = pika.BlockingConnection(pika.URLParameters(cls.uri))
        cls.addClassCleanup(cls.connection.close)

    def test_a_call(self):
        made = self.module("dx_example")
        request = made.Request(favourite_food=made.FavouriteFood.orange)
        reply = made.dx_example(self.connection, request, queue="test", timeout_s=20)
        self.assertIsInstance(reply, made.DxExampleResponse)
        self.assertTrue(reply.success)
        self.assertIs(reply.data.tolerable, True)
        self.assertIs(made.DxExample.request_model, made.Request)
        whole = made.DxExample(request_model=request, response_model=reply)
        self.assertEqual(whole.response_model, reply)

    def test_the_guides_call(self):
        self.python("client_models")
        code = code_block("docs/guide/client-models.md", "import pika")
        self.assertEqual(code.count("amqp://guest:guest@localhost/"), 1)
        code = code.replace("amqp://guest:guest@localhost/", self.uri)
        names = {}
        exec(code, names)
        self.addCleanup(names["connection"].close)
        self.assertIs(names["reply"].data.tolerable, True)

    def test_a_failure_and_a_refusal(self):
        made = self.module("fail")
        with self.assertRaises(self.module("_warren").CallFailed) as caught:
            made.fail(self.connection, made.FailParameters(message="as told"), queue="test", timeout_s=20)
        self.assertEqual(caught.exception.message, "as told")
        demanding = self.module("zoo_demanding")
        with self.assertRaises(self.module("_warren").CallFailed) as caught:
            request = demanding.Demanding(even="odd")
            demanding.zoo_demanding(self.connection, request, queue="test", timeout_s=20)
        self.assertEqual(caught.exception.errors[0]["location"], ["even"])

    def test_secrets_are_encrypted(self):
        made = self.module("hidden")
        request = made.Hidden(pin="1234", number=7)
        reply = made.hidden(
            self.connection, request, queue="test", timeout_s=20, fernet_key=KEY
        )
        self.assertEqual(Fernet(KEY).decrypt(reply.data.pin), b"1234")
        self.assertEqual(Fernet(KEY).decrypt(reply.data.number), b"7")
        with self.assertRaises(self.module("_warren").CallFailed) as caught:
            made.hidden(self.connection, request, queue="test", timeout_s=20)
        self.assertEqual(caught.exception.errors[0]["type"], "secret_not_encrypted")

    def test_methods_without_models_of_their_own(self):
        nothing = self.module("nothing")
        reply = nothing.nothing(
            self.connection, nothing.NothingParameters(), queue="test", timeout_s=20
        )
        self.assertIsNone(reply.data)
        bare = self.module("bare")
        reply = bare.bare(
            self.connection, bare.BareParameters(numbers=[1, "2"]), queue="test", timeout_s=20
        )
        self.assertEqual(reply.data, {"count": 2})

    def test_a_call_that_nobody_answers(self):
        made = self.module("dx_example")
        request = made.Request(favourite_food="onion")
        with self.assertRaises(self.module("_warren").CallTimedOut):
            made.dx_example(self.connection, request, queue="nobody", timeout_s=0.2)


if __name__ == "__main__":
    unittest.main()
