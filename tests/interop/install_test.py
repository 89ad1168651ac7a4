"""What is installed is enough: a program and modules built against it, as the guides say, serve and
are called."""

import os
import pathlib
import re
import shlex
import subprocess
import unittest

from tcp_fixture import TcpTest, held_port
from fixture import PROGRAM, TREE, Process, code_block, run_warren

BUILT = pathlib.Path(PROGRAM).parent
CXX = os.environ.get("WARREN_CXX", "g++")

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(greetings LANGUAGES CXX)
find_package(warren 0.1 REQUIRED)
add_library(greet MODULE greet.cpp)
set_target_properties(greet PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden)
target_link_libraries(greet PRIVATE warren::warren)
"""


def compile_line(document):
    """How a document says that its program is compiled."""
    return re.search(r"^ +\$ (g\+\+ .*)$", (TREE / document).read_text(), re.MULTILINE)[1]


class Install(TcpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = cls.directory / "prefix"
        cls.run_command("cmake", "--install", BUILT, "--prefix", cls.prefix)

    @classmethod
    def run_command(cls, *command):
        finished = subprocess.run(
            [str(part) for part in command],
            cwd=cls.directory,
            env=os.environ | {"PKG_CONFIG_PATH": str(cls.prefix / "lib/pkgconfig")},
            capture_output=True,
            text=True,
        )
        if finished.returncode != 0:
            raise AssertionError(f"{command}:\n{finished.stdout}{finished.stderr}")
        return finished.stdout

    def compile(self, line):
        self.assertTrue(line.startswith("g++ "))
        self.run_command("sh", "-c", shlex.quote(CXX) + line.removeprefix("g++"))

    def serve_installed(self, **settings):
        path = self.write("warren.yml", {"listeners": [self.tcp()]} | settings)
        serving = Process(self.prefix / "bin/warren", "serve", "--config", path)
        self.enterContext(serving)
        return serving.wait_until_ready().addresses[0]

    def test_the_quick_start_compiles_as_the_readme_says(self):
        self.write("main.cpp", (TREE / "examples/quick_start.cpp").read_text())
        self.compile(compile_line("README.md"))
        self.assertIn("2 + 40 = 42", self.run_command("./main"))

    def test_middleware_does_what_the_guide_says(self):
        guide = "docs/guide/middleware.md"
        self.write("main.cpp", code_block(guide, "#include <warren/client.hpp>"))
        self.compile(compile_line("README.md"))
        self.assertEqual(
            self.run_command("./main").splitlines(),
            ["permission_denied: Say for which tenant", "add succeeded in time", "42"],
        )

    def test_a_module_compiles_as_the_guide_says_and_is_served(self):
        (self.directory / "modules").mkdir()
        self.write("greet.cpp", code_block("docs/guide/modules.md", "#include <warren/module.hpp>"))
        self.compile(compile_line("docs/guide/modules.md"))
        address = self.serve_installed(modules=["modules"])
        self.assert_gives(self.call(address, "greet", {"name": "Ada"}), "Hello Ada")

    def test_a_module_of_a_cmake_project_is_served(self):
        source = self.directory / "project"
        source.mkdir()
        greet = code_block("docs/guide/modules.md", "#include <warren/module.hpp>")
        (source / "greet.cpp").write_text(greet)
        (source / "CMakeLists.txt").write_text(PROJECT)
        built = self.directory / "built"
        options = [f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_COMPILER={CXX}"]
        self.run_command("cmake", "-S", source, "-B", built, *options)
        self.run_command("cmake", "--build", built)
        address = self.serve_installed(modules=["built"])
        self.assert_gives(self.call(address, "greet", {"name": "Ada"}), "Hello Ada")

    def test_a_new_project_builds_is_tested_and_served(self):
        project = self.directory / "new project"
        warren = self.prefix / "bin/warren"
        written = self.run_command(warren, "init", project).splitlines()
        self.assertEqual({pathlib.Path(line).name for line in written}, {path.name for path in project.iterdir()})
        built = project / "build"
        options = [f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_COMPILER={CXX}"]
        self.run_command("cmake", "-S", project, "-B", built, *options)
        self.run_command("cmake", "--build", built)
        self.assertIn("100% tests passed", self.run_command("ctest", "--test-dir", built))
        configuration = project / "warren.yml"
        self.assertEqual(run_warren("check", configuration).returncode, 0)
        text = configuration.read_text()
        self.assertIn("tcp: localhost:8080\n", text)
        configuration.write_text(text.replace("localhost:8080", "127.0.0.1:0"))
        with Process(warren, "serve", "--config", configuration) as server:
            address = server.wait_until_ready().addresses[0]
            self.assert_gives(self.call(address, "greet", {"name": "Ada"}), {"greeting": "Hello Ada"})
        # What is there already stays as it is.
        finished = run_warren("init", project)
        self.assertEqual(finished.returncode, 1)
        self.assertEqual(finished.stderr, f"error: {project}: is not empty: name a new directory\n")
        finished = run_warren("init", configuration)
        self.assertEqual(finished.returncode, 1)
        self.assertIn("there is a file of this name", finished.stderr)

    def test_manual_pages_and_completion_are_where_they_are_looked_for(self):
        share = self.prefix / "share"
        self.assertIn(".TH WARREN", (share / "man/man1/warren.1").read_text())
        self.assertTrue((share / "man/man1/warren-call.1").is_file())
        for name in (
            "bash-completion/completions/warren",
            "zsh/site-functions/_warren",
            "fish/vendor_completions.d/warren.fish",
        ):
            self.assertTrue((share / name).is_file(), name)

    def test_the_example_modules_are_there_without_being_named(self):
        address = self.serve_installed()
        self.assert_gives(self.call(address, "add", {"a": 2, "b": 40}), 42)

    def test_the_service_starts_the_installed_program(self):
        for name in ("warren", "warren@"):
            unit = (self.prefix / f"lib/systemd/system/{name}.service").read_text()
            self.assertRegex(unit, rf"(?m)^ExecStart={self.prefix}/bin/warren serve( |$)")
        unit = (self.prefix / "lib/systemd/system/warren-log-server.service").read_text()
        self.assertRegex(unit, rf"(?m)^ExecStart={self.prefix}/bin/warren log-server$")

    def test_the_service_serves_the_readmes_configuration(self):
        unit = (self.prefix / "lib/systemd/system/warren.service").read_text()
        command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1].split()
        text = re.search(r"```yaml\n(.*?)```", (TREE / "README.md").read_text(), re.DOTALL)[1]
        self.assertIn("/usr/lib/warren/modules", text)
        with held_port() as port, held_port() as broker:
            # All but the places of this machine.
            text = text.replace("/usr/", f"{self.prefix}/")
            text = text.replace("localhost/", "localhost:%d/" % broker.getsockname()[1])
            text = text.replace(":8080", ":%d" % port.getsockname()[1])
            path = self.write("readme.yml", text)
            self.assertEqual(run_warren("check", path).returncode, 0)
            to = "tcp://127.0.0.1:%d" % port.getsockname()[1]
            with Process("env", f"CONFIG_FILE_PATH={path}", *command) as server:
                server.wait_until_log("Cannot connect to amqp://localhost:")
                request = {"favourite_food": "onion"}
                self.assertIn("tolerable", self.call(to, "dx_example", request).stdout)
                server.terminate()
                self.assertEqual(server.wait(), 0, server.log())


if __name__ == "__main__":
    unittest.main()
