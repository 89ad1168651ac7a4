"""A layer includes only the layers that its line in CMakeLists.txt names, and nothing includes app."""

import re
import unittest

import tree

LAYER = re.compile(r"^warren_layer\((\w+)(.*?)\)", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def declared_layers():
    """Each layer's name, and the names it may include; itself among them."""
    layers = {}
    for name, rest in LAYER.findall((tree.ROOT / "CMakeLists.txt").read_text()):
        used = re.search(r"\bUSES\b(.*?)(?:\bLINKS\b|$)", rest, re.DOTALL)
        layers[name] = {name} | set(used.group(1).split() if used else [])
    return layers


def includes(path):
    for number, line in tree.lines(path):
        if found := INCLUDE.match(line):
            yield number, found.group(1)


def layer_of(include, path, names):
    """The layer that an include leads into: by its first folder, or beside the including file."""
    first = include.split("/")[0]
    if "/" in include and first in names:
        return first
    beside = (path.parent / include).resolve()
    if beside.is_file() and beside.is_relative_to(tree.ROOT / "src"):
        return beside.relative_to(tree.ROOT / "src").parts[0]
    return None


class Layers(unittest.TestCase):
    def setUp(self):
        self.layers = declared_layers()
        self.assertIn("core", self.layers)

    def test_a_layer_includes_only_what_it_uses(self):
        names = set(self.layers) | {"app"}
        wrong = []
        for path in tree.files(*tree.CODE, under="src"):
            layer = path.relative_to(tree.ROOT / "src").parts[0]
            if layer == "app":
                continue
            self.assertIn(layer, self.layers, f"{path} is in no layer of CMakeLists.txt")
            for number, include in includes(path):
                other = layer_of(include, path, names)
                if other is not None and other not in self.layers[layer]:
                    wrong.append(tree.shown(path, number, f"{layer} may not include {include}"))
        self.assertEqual(wrong, [])

    def test_a_layer_uses_only_layers_above_it(self):
        above = set()
        for name, used in self.layers.items():
            self.assertLessEqual(used, above | {name}, f"{name} uses a layer below it")
            above.add(name)

    def test_the_sdk_includes_nothing_of_src(self):
        names = set(self.layers) | {"app"}
        wrong = []
        for path in tree.files(*tree.CODE, under="include"):
            for number, include in includes(path):
                if include.split("/")[0] in names or ".." in include:
                    wrong.append(tree.shown(path, number, f"the SDK may not include {include}"))
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
