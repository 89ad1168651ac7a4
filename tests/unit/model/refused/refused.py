"""What the compiler must refuse, and what it must say of that: refused.py SAID ERRORS COMMAND..."""

import re
import subprocess
import sys

said, errors, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
run = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
beginning = "\n".join(run.stderr.splitlines()[:20])
found = len(re.findall(r"\berror:", run.stderr))
if run.returncode == 0 or not re.search(said, beginning, re.DOTALL) or found > errors:
    sys.exit(f"exit code {run.returncode}, {found} errors, which begin so:\n{beginning}")
