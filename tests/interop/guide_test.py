"""Every snippet of the README and of docs/ is what it says: C++ compiles, configurations pass
`warren check`, Python parses, and commands have the options that are shown. Of the quick starts each step is taken:
quick_start_test.py. Nothing is done with what is text, as a program prints it."""

import ast
import itertools
import os
import re
import subprocess
import unittest

from fixture import MODULES, TREE, ProgramTest, run_warren
from snippets import TEXTS, blocks
from certificates import make_certificates

CXX = os.environ.get("WARREN_CXX", "g++")
QUICK_STARTS = "docs/quick-start/"
DOCUMENTS = ["README.md", *sorted(str(p.relative_to(TREE)) for p in TREE.glob("docs/**/*.md"))]
KINDS = {"cpp", "yaml", "console", "python", "text"}

# What a page's C++ stands on without showing it; each page is a namespace.
FRAMES = {
    "docs/guide/calling.md": """
        enum class FavouriteFood { onion }; WARREN_ENUM(FavouriteFood, onion)
        struct Request { FavouriteFood favourite_food; }; WARREN_MODEL(Request, (favourite_food))
        struct Response { bool tolerable; }; WARREN_MODEL(Response, (tolerable))""",
    "docs/guide/cancellation.md": """
        struct Frame { int number; }; WARREN_MODEL(Frame, (number))
        struct Scene { std::vector<Frame> frames; }; WARREN_MODEL(Scene, (frames))
        void draw(const Frame&);
        const warren::Dynamic request;
        void completion(std::expected<warren::Dynamic, warren::Failure>);""",
    "docs/guide/client-models.md": """
        namespace client_models {
        enum class FavouriteFood { onion }; WARREN_ENUM(FavouriteFood, onion)
        struct Request { FavouriteFood favourite_food; }; WARREN_MODEL(Request, (favourite_food))
        struct Response { bool tolerable; }; WARREN_MODEL(Response, (tolerable))
        WARREN_CONTRACT(dx_example, "dx_example", Request, Response)
        }""",
    "docs/guide/dead-letters.md": """
        struct Charge { int amount; }; struct Receipt { int number; };
        bool bank_is_open(); Receipt pay(const Charge&);""",
    "docs/guide/idempotency.md": """
        struct Order { std::string item; int count; }; WARREN_MODEL(Order, (item), (count))
        struct Placed { std::int64_t number; }; WARREN_MODEL(Placed, (number))""",
    "docs/guide/locks.md": """
        struct Create { std::string name; }; WARREN_MODEL(Create, (name))
        struct Upgrade { std::string server_name; }; WARREN_MODEL(Upgrade, (server_name))
        struct Delete { std::string name; }; WARREN_MODEL(Delete, (name))
        struct Reboot { std::string name; }; WARREN_MODEL(Reboot, (name))
        void create(const Create&);
        void upgrade(const Upgrade&);
        void remove(const Delete&);
        struct { void reboot(const std::string&, std::uint64_t); } machines;""",
    "docs/guide/metadata.md": """
        struct Order { int number; }; WARREN_MODEL(Order, (number))
        WARREN_CONTRACT(order, "order", Order, int)
        const Order request{7};""",
    "docs/guide/modules.md": """
        struct Query { std::string key; }; WARREN_MODEL(Query, (key))
        struct Create { std::string name; }; WARREN_MODEL(Create, (name))
        struct Upgrade { std::string server_name; }; WARREN_MODEL(Upgrade, (server_name))
        struct Delete { std::string name; }; WARREN_MODEL(Delete, (name))
        void create(const Create&);
        void upgrade(const Upgrade&);
        void remove(const Delete&);
        using Found = std::string;
        struct Pool {
            Pool(const std::string&, int);
            std::string buy(const std::string&);
        };
        struct {
            void start(const std::string&, std::move_only_function<void(Found)>);
        } database;""",
    "docs/guide/parts-and-progress.md": """
        struct Query { std::string text; }; WARREN_MODEL(Query, (text))
        struct Order { std::string number; }; WARREN_MODEL(Order, (number))
        struct Summary { std::size_t count; }; WARREN_MODEL(Summary, (count))
        const Query query, item, request;
        const double total = 2;
        extern warren::Client archive;
        std::vector<Order> find(const Query&);
        WARREN_CONTRACT(import_file, "import_file", Query, Summary)
        WARREN_CONTRACT(price_of, "price_of", Query, int)""",
    "docs/guide/proxies.md": """
        struct Order { int number; }; WARREN_MODEL(Order, (number))
        int database;
        struct Transaction {
            explicit Transaction(int&);
            bool insert_key(std::string_view);
            void insert(const Order&);
            void commit();
        };""",
}

SECRET = "a-secret-that-is-long-enough-for-any-use"
# Whose C++ is compiled and run by a test of its own, which tree.guide holds to the page.
RUN = {
    page
    for page in DOCUMENTS
    for stem in [TREE.joinpath(page).stem.replace("-", "_")]
    if any(TREE.glob(f"tests/unit/**/{stem}_guide_test.cpp"))
}

HEADERS = "".join(
    f"#include <warren/{path.name}>\n" for path in (TREE / "include/warren").glob("*.hpp")
) + "#include <functional>\n#include <iostream>\nusing namespace std::chrono_literals;\n"
FUNCTION = (
    "void f%d_%d(warren::Server& server, warren::Client& client, warren::Registry& module) {{"
)


def parts(lines):
    """A configuration, and what is called then."""
    first = next((i for i, line in enumerate(lines) if line.startswith("$ ")), len(lines))
    return lines[:first], lines[first:]


def is_command(lines):
    return lines[0].startswith(("$ ", "warren ", "scripts/"))


def is_taken(page, block):
    """Whether it is a step of a quick start, which a test of its own takes."""
    return page.startswith(QUICK_STARTS) and (block.title or block.kind == "console")


def all_blocks():
    return [(page, block) for page in DOCUMENTS for block in blocks(TREE / page)]


def all_snippets(kind):
    return [
        (page, block.at, block.lines)
        for page, block in all_blocks()
        if block.kind == kind and not is_taken(page, block)
    ]


def chunks(lines):
    """What stands between blank lines outside of braces: how many lines come before, and it."""
    depth, begin = 0, 0
    for number, line in enumerate([*lines, ""]):
        depth += sum(map(line.count, "{([")) - sum(map(line.count, "])}"))
        if not line and depth == 0:
            yield begin, lines[begin:number]
            begin = number + 1


CONTRACT = re.compile(r"WARREN_\w*CONTRACT|$")
DECLARATION = re.compile(r"namespace|struct|class|enum|WARREN_|[\w:<>]+ \w+\(")


def as_code(page, at, lines):
    """A snippet for its page's namespace: declarations as they are, statements in a function."""
    code = [re.sub(r"^ *\.\.\.$|#include.*|\.\.\.(?= *\})", "", line) for line in lines]
    is_open = False
    for begin, chunk in chunks(code):
        contracts = len(list(itertools.takewhile(CONTRACT.match, chunk)))
        for first, part in ((begin, chunk[:contracts]), (begin + contracts, chunk[contracts:])):
            said = next((line for line in part if not line.startswith("//")), "")
            if said and is_open == bool(DECLARATION.match(said)):
                yield "}}" if is_open else FUNCTION % (at, first)
                is_open = not is_open
            yield from [f'#line {at + first} "{page}"', *part]
    if is_open:
        yield "}}"


class Guide(ProgramTest):
    def test_every_text_is_there(self):
        texts = "\n".join(block.lines[0] for _, block in all_blocks())
        for start in TEXTS:
            self.assertIn(start, texts)

    def test_nothing_is_passed_over(self):
        for page, block in all_blocks():
            with self.subTest(f"{page}:{block.at}"):
                self.assertTrue(block.lines, "it is empty")
                self.assertIn(block.kind, KINDS, "nothing compiles or runs it")

    def test_cpp_compiles(self):
        found = [each for each in all_snippets("cpp") if each[0] not in RUN]
        self.assertGreater(len(found), 10)
        unit, framed = [HEADERS], set()
        for page, at, lines in found:
            frame = "" if page in framed else FRAMES.get(page, "")
            framed.add(page)
            unit += ["namespace %s {" % re.sub(r"\W", "_", page), frame]
            unit += [*as_code(page, at, lines), "}"]
        source = self.write("guide.cpp", "\n".join(unit) + "\n")
        command = [CXX, "-std=c++23", "-fsyntax-only", "-w", f"-I{TREE}/include", source]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_configurations_are_accepted(self):
        make_certificates(self.directory)
        for name in ("server.crt", "ca.crt"):
            self.write(name, (self.directory / name.replace("crt", "pem")).read_text())
        for name in ("server.public", "client.public"):
            pair = run_warren("keygen", "--curve").stdout
            public, secret = re.findall(r'"(.*)"', pair)
            self.write(name, public)
            self.write(name.replace("public", "secret"), secret)
        for name in ("billing.secret", "shop.secret"):
            self.write(name, f"{name} of enough bytes")
        self.write("fernet.key", run_warren("keygen").stdout)
        for name in ("BROKER_PASSWORD", "PASSWORD", "WARREN_AUTH_SECRET", "ARRPC_SECRET"):
            os.environ[name] = SECRET
            self.addCleanup(os.environ.pop, name)
        os.environ["STATE_DIRECTORY"] = str(self.directory)
        self.addCleanup(os.environ.pop, "STATE_DIRECTORY")
        for page, at, lines in all_snippets("yaml"):
            with self.subTest(f"{page}:{at}"):
                text = "\n".join(parts(lines)[0]) + "\n"
                if text.startswith("- "):
                    text = "listeners:\n" + text
                elif not re.search("^(listeners|proxies|virtual_hosts):", text, re.MULTILINE):
                    text += "listeners: [{tcp: '127.0.0.1:0'}]\n"
                if "modules:" not in text:
                    text = f"modules: [{MODULES}]\n" + text
                # Of modules that are not here.
                text = re.sub("^settings:", "methods_missing: skip\nsettings:", text, flags=re.M)
                text = text.replace("/usr/lib/warren/modules", MODULES)
                text = text.replace("/var/lib/warren", str(self.directory))
                for name in re.findall(r"file: ([\w.]+)", text):
                    if not (self.directory / name).exists():
                        self.write(name, f"{SECRET}-in-{name}")
                checked = run_warren("check", self.write("guide.yml", text))
                self.assertEqual(checked.returncode, 0, text + checked.stdout + checked.stderr)

    def test_python_parses(self):
        for page, at, lines in all_snippets("python"):
            ast.parse("\n".join(lines), f"{page}:{at}")

    def test_commands_have_the_options_that_are_shown(self):
        shown = 0
        found = [(page, block.at, block.lines) for page, block in all_blocks()]
        for page, at, lines in found:
            command = None
            for line in lines if is_command(lines) else parts(lines)[1]:
                if given := re.match(r"(?:\$ )?warren (?:(contract|dead|docs) )?(\w[\w-]*)", line):
                    command = [word for word in given.groups() if word]
                elif not line.startswith("    "):
                    command = None
                if script := re.match(r"(?:\$ )?(scripts/\w+)", line):
                    self.assertTrue(os.access(TREE / script[1], os.X_OK), script[1])
                for option in re.findall(r"(?<!\w)--[a-z][a-z-]+", line if command else ""):
                    shown += 1
                    helps = run_warren(*command, "--help").stdout
                    self.assertRegex(helps, rf"{option}\b", f"{page}:{at}: warren {command}")
        self.assertGreater(shown, 20)


if __name__ == "__main__":
    unittest.main()
