"""The demo of the README: every call that it shows goes as it says."""

import pathlib
import re
import subprocess
import unittest

from fixture import PATIENCE_S, PROGRAM

SHOW = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lib" / "show"


class Demo(unittest.TestCase):
    def show(self, over):
        return subprocess.run(
            [SHOW, over, pathlib.Path(PROGRAM).parent],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S * 2,
            check=False,
        )

    def test_shows_what_it_says(self):
        for over, address in (("tcp", "'tcp://127.0.0.1:"), ("rabbitmq", "'amqp://guest:")):
            with self.subTest(over):
                shown = self.show(over)
                self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)
                self.assertIn(f"--to {address}", shown.stdout)
                self.assertIn("secret_not_encrypted", shown.stdout)
                self.assertIn("exit code 0", shown.stdout)
                page = re.search(r"^file://(.+)$", shown.stdout, re.MULTILINE)[1]
                self.assertIn("favourite_food", pathlib.Path(page).read_text())


if __name__ == "__main__":
    unittest.main()
