"""What CONTRIBUTING.md names is there: paths, commands, presets, targets, tests and words of the code."""

import json
import os
import re
import shlex
import unittest

import tree

PAGE = (tree.ROOT / "CONTRIBUTING.md").read_text()
COMMAND = re.compile(r"^    (\S.*?)(?:  .*)?$", re.MULTILINE)  # two blanks, and what it does
NAMED = re.compile(r"`([^`\n]+)`")
BLANK = re.compile(r"<\w+>")  # to be filled in: what is there already fits, too
PATH = re.compile(r"/|\.(?:cpp|hpp|inc|json|md|py|txt)$")
TARGET = re.compile(r"^\s*add_(?:library|executable|custom_target)\((\w+)", re.MULTILINE)
PRESETS = json.loads((tree.ROOT / "CMakePresets.json").read_text())


def presets(kind):
    return {preset["name"] for preset in PRESETS[kind] if not preset.get("hidden")}


def folders():
    """Of unit tests, below tests/unit."""
    unit = tree.ROOT / "tests/unit"
    return {path.parent.relative_to(unit).parts for path in unit.glob("**/*_test.cpp")}


def tests():
    checks = (path.stem for path in tree.ROOT.glob("tests/unit/tree/*_test.py"))
    return {f"unit.{'.'.join(parts)}" for parts in folders()} | {
        f"tree.{check.removesuffix('_test')}" for check in checks
    }


def targets():
    lists = [*tree.files(".txt"), *tree.files(".cmake")]
    named = (name for path in lists for name in TARGET.findall(path.read_text()))
    return set(named) | {f"unit_{'_'.join(parts)}" for parts in folders()}


def is_path(name):
    return any(tree.ROOT.glob(BLANK.sub("*", name).rstrip("/")))


def is_word(name, text):
    """Whether the code, a script or a preset says it."""
    before = r"\b" if name[0].isalnum() else ""
    after = "" if name[-1] in "_>" else r"\b"
    return re.search(before + re.escape(name) + after, text) is not None


class Contributing(unittest.TestCase):
    def check_option(self, program, option, value):
        """An option that names something, of cmake or ctest."""
        known = {
            ("cmake", "--preset"): presets("configurePresets"),
            ("cmake --build", "--preset"): presets("buildPresets"),
            ("cmake --build", "--target"): targets(),
            ("ctest", "--preset"): presets("testPresets"),
            ("ctest", "-R"): tests(),
        }
        self.assertIn((program, option), known)
        self.assertIn(value, known[program, option])

    def check_script(self, path, arguments):
        self.assertTrue(os.access(tree.ROOT / path, os.X_OK), path)
        text = (tree.ROOT / path).read_text()
        for option in (word for word in arguments if word.startswith("--")):
            self.assertRegex(text, rf"(?m)^{option}\b|^ *{option}\)|\[{option}\b")

    def test_its_commands_can_be_given(self):
        commands = [shlex.split(line) for line in COMMAND.findall(PAGE)]
        self.assertTrue(commands)
        for program, *rest in commands:
            with self.subTest(command=[program, *rest]):
                if program.startswith("scripts/"):
                    self.check_script(program, rest)
                    continue
                if rest[0] == "--build":
                    program += " " + rest.pop(0)
                for option, value in zip(rest[::2], rest[1::2], strict=True):
                    self.check_option(program, option, value)

    def test_what_it_names_is_there(self):
        code = "\n".join(
            path.read_text(errors="replace")
            for path in [*tree.files(*tree.CODE), *tree.files(".txt", ".cmake", ".json")]
        )
        words = presets("configurePresets") | tests()
        wrong = [
            name
            for name in NAMED.findall(PAGE)
            if not (is_path(name) if PATH.search(name) else name in words or is_word(name, code))
        ]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
