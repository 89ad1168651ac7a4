"""The guide's page does what it says."""

import pathlib
import re

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "guide" / "python.md"


def test_every_snippet_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(snippets) == 6
    exec(compile("\n".join(snippets), str(PAGE), "exec"), {})
