"""A room includes only the rooms that its line in CMakeLists.txt names, and nothing includes app."""

import re
import unittest

import tree

ROOM = re.compile(r"^warren_room\((\w+)(.*?)\)", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def declared_rooms():
    """Each room's name, and the names it may include; itself among them."""
    rooms = {}
    for name, rest in ROOM.findall((tree.ROOT / "CMakeLists.txt").read_text()):
        used = re.search(r"\bUSES\b(.*?)(?:\bLINKS\b|\bAPART\b|$)", rest, re.DOTALL)
        rooms[name] = {name} | set(used.group(1).split() if used else [])
    return rooms


def includes(path):
    for number, line in tree.lines(path):
        if found := INCLUDE.match(line):
            yield number, found.group(1)


def room_of(include, path, names):
    """The room that an include leads into: by its first folder, or beside the including file."""
    first = include.split("/")[0]
    if "/" in include and first in names:
        return first
    beside = (path.parent / include).resolve()
    if beside.is_file() and beside.is_relative_to(tree.ROOT / "src"):
        return beside.relative_to(tree.ROOT / "src").parts[0]
    return None


class Rooms(unittest.TestCase):
    def setUp(self):
        self.rooms = declared_rooms()
        self.assertIn("core", self.rooms)

    def test_a_room_includes_only_what_it_uses(self):
        names = set(self.rooms) | {"app"}
        wrong = []
        for path in tree.files(*tree.CODE, under="src"):
            room = path.relative_to(tree.ROOT / "src").parts[0]
            if room == "app":
                continue
            self.assertIn(room, self.rooms, f"{path} is in no room of CMakeLists.txt")
            for number, include in includes(path):
                other = room_of(include, path, names)
                if other is not None and other not in self.rooms[room]:
                    wrong.append(tree.shown(path, number, f"{room} may not include {include}"))
        self.assertEqual(wrong, [])

    def test_a_room_uses_only_rooms_above_it(self):
        above = set()
        for name, used in self.rooms.items():
            self.assertLessEqual(used, above | {name}, f"{name} uses a room below it")
            above.add(name)

    def test_the_sdk_includes_nothing_of_src(self):
        names = set(self.rooms) | {"app"}
        wrong = []
        for path in tree.files(*tree.CODE, under="include"):
            for number, include in includes(path):
                if include.split("/")[0] in names or ".." in include:
                    wrong.append(tree.shown(path, number, f"the SDK may not include {include}"))
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
