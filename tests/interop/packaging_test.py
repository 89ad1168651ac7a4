"""Packages, ports, recipes and containers, as far as this machine alone can tell: they name what is
there, agree with the build, and their configurations are right. `scripts/packages --check` does the rest
of Debian's packages."""

import fnmatch
import functools
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import unittest
import unittest.mock

import yaml

from tcp_fixture import TcpTest, held_port, host_and_port
from fixture import MODULES, PROGRAM, TREE, ProgramTest, run_warren

BUILT = pathlib.Path(PROGRAM).parent
PACKAGING = TREE / "packaging"
# What each library of CMakeLists.txt is called: a port of vcpkg's, a package of Conan's.
LIBRARIES = {
    "Boost": ("boost-asio", "boost"),
    "CLI11": ("cli11", "cli11"),
    "OpenSSL": ("openssl", "openssl"),
    "ZLIB": ("zlib", "zlib"),
    "fmt": ("fmt", "spdlog"),
    "libpq": ("libpq", "libpq"),
    "libsystemd": ("libsystemd", "libsystemd"),
    "libzmq": ("zeromq", "zeromq"),
    "libzstd": ("zstd", "zstd"),
    "prometheus-cpp-core": ("prometheus-cpp", "prometheus-cpp"),
    "re2": ("re2", "re2"),
    "spdlog": ("spdlog", "spdlog"),
    "sqlite3": ("sqlite3", "sqlite3"),
    "yaml-cpp": ("yaml-cpp", "yaml-cpp"),
}
# Of `scripts/install build` what every Debian builder has, what makes no difference, what scripts use, and what
# the Python package needs, which no package has yet.
NOT_BUILT_WITH = {"pybind11-dev", "python3-dev", "g++", "ccache", "mold", "git", "ca-certificates", "openssl"}


def text_of(name):
    return (TREE / name).read_text()


@functools.cache
def cmake_lists():
    return text_of("CMakeLists.txt")


def version():
    return re.search(r"^project\(warren VERSION (\S+)", cmake_lists(), re.MULTILINE)[1]


def libraries():
    """As CMakeLists.txt finds them."""
    found = set(re.findall(r"^find_package\((\S+)", cmake_lists(), re.MULTILINE))
    found |= set(re.findall(r"IMPORTED_TARGET (\S+)\)", cmake_lists()))
    return found - {"Threads", "PkgConfig"}


class Debian(ProgramTest):
    def test_the_version_is_the_projects(self):
        self.assertTrue(text_of("debian/changelog").startswith(f"warren ({version()}) "))

    def test_it_is_built_with_what_a_build_needs(self):
        wanted = re.search(r"(?m)^build=\((.*?)\)", text_of("scripts/install"), re.DOTALL)[1].split()
        field = re.search(r"(?m)^Build-Depends: (.*?)^\S*$", text_of("debian/control"), re.DOTALL)[1]
        depends = {item.split()[0] for item in field.split(",")}
        helpers = {name for name in depends if name.startswith(("debhelper", "dh-"))}
        self.assertEqual(depends - helpers, set(wanted) - NOT_BUILT_WITH)

    def installed(self):
        """Paths below / of everything that is installed with the prefix /usr."""
        usr = self.directory / "usr"
        done = subprocess.run(
            ["cmake", "--install", BUILT, "--prefix", usr], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        library = re.compile(r"^usr/lib/(?=libwarren|cmake/|pkgconfig/)")
        for path in usr.rglob("*"):
            if not path.is_dir():
                # Debian's folder of libraries is that of an architecture.
                yield library.sub("usr/lib/any/", str(path.relative_to(self.directory)))

    def test_everything_that_is_installed_is_in_a_package(self):
        patterns = {
            line.split()[0]
            for path in [*TREE.glob("debian/*.install"), TREE / "debian/not-installed"]
            for line in path.read_text().splitlines()
            if not line.startswith("#")
        }
        where_built = re.search(r"for folder in (.*?);", text_of("debian/rules"))[1].split()
        patterns |= {f"usr/share/{folder}" for folder in where_built}
        installed = list(self.installed())
        used = set()
        for path in installed:
            around = [path, *map(str, pathlib.PurePath(path).parents)]
            found = {each for each in patterns for name in around if fnmatch.fnmatch(name, each)}
            with self.subTest(path):
                self.assertTrue(found, "no file of debian/ takes it into a package")
            used |= found
        self.assertEqual(patterns - used, {f"usr/share/{folder}" for folder in where_built} - used)

    def test_what_is_run_by_dpkg_is_shell(self):
        scripts = [TREE / f"debian/warren.{name}" for name in ("postinst", "prerm", "postrm")]
        for path in [*scripts, PACKAGING / "warren-status"]:
            subprocess.run(["sh", "-n", path], check=True)
        for path in (TREE / "scripts/packages", TREE / "scripts/lib/packages_check"):
            subprocess.run(["bash", "-n", path], check=True)

    def test_the_example_is_a_configuration(self):
        text = text_of("packaging/warren.yml")
        path = self.write("example.yml", text)
        self.assertEqual(run_warren("check", path, "--modules", MODULES).returncode, 0)
        # And so it is when what it offers is taken. What has no password file here has a password.
        whole = re.sub(r"(?m)^( *)# (?=modules:|admin:|store:|drain_timeout:|- amqp:|  \w+:)", r"\1", text)
        self.assertIn("\n  - amqp:", whole)
        whole = re.sub(r"(?m)^modules: .*$", f"modules: [{json.dumps(MODULES)}]", whole)
        for folder in ("/etc/warren/", "/var/lib/warren/"):
            whole = whole.replace(folder, f"{self.directory}/")
        self.write("broker.password", "secret")
        checked = run_warren("check", self.write("whole.yml", whole))
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


class Recipes(ProgramTest):
    def recipe(self):
        """Conan's, as Conan would have it, but that nothing is copied and nothing is built."""
        path = PACKAGING / "conan/conanfile.py"
        parts = ("", ".errors", ".tools", ".tools.build", ".tools.cmake", ".tools.files", ".tools.gnu")
        conan = {f"conan{part}": unittest.mock.MagicMock() for part in parts}
        conan["conan"].ConanFile = object
        with unittest.mock.patch.dict("sys.modules", conan):
            spec = importlib.util.spec_from_file_location("conanfile", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        recipe = module.Warren()
        recipe.requires = unittest.mock.Mock()
        recipe.recipe_folder = str(path.parent)
        recipe.export_sources_folder = str(self.directory)
        return recipe, conan["conan.tools.files"].copy

    def port(self):
        return json.loads(text_of("packaging/vcpkg/warren/vcpkg.json"))

    def test_the_version_is_the_projects(self):
        self.assertEqual(self.port()["version"], version())
        self.assertEqual(self.recipe()[0].version, version())

    def test_they_have_every_library(self):
        ports = {each if isinstance(each, str) else each["name"] for each in self.port()["dependencies"]}
        recipe, _ = self.recipe()
        recipe.requirements()
        requires = {call.args[0].split("/")[0] for call in recipe.requires.call_args_list}
        self.assertEqual(libraries(), set(LIBRARIES))
        for port, package in LIBRARIES.values():
            self.assertIn(port, ports)
            self.assertIn(package, requires)
        # Boost comes in parts there.
        for folder in ("src", "include"):
            for path in (TREE / folder).rglob("*.[ch]pp"):
                for part in re.findall(r"#include <boost/(\w+)[/.]", path.read_text()):
                    self.assertIn(f"boost-{part}", ports, path)

    def test_they_name_options_that_there_are(self):
        known = set(re.findall(r"^option\((WARREN_\w+)", cmake_lists(), re.MULTILINE))
        known |= set(re.findall(r"find_program\((WARREN_\w+)", text_of("cmake/warren_toolchain.cmake")))
        for name in ("debian/rules", "packaging/vcpkg/warren/portfile.cmake", "packaging/conan/conanfile.py"):
            options = set(re.findall(r"\bWARREN_[A-Z]+\b", text_of(name)))
            options |= set(re.findall(r"-D(WARREN_[A-Z]+)=", text_of(name)))
            self.assertEqual(options - known, set(), name)
            self.assertTrue(options, name)

    def test_conan_exports_what_is_there(self):
        recipe, copy = self.recipe()
        recipe.export_sources()
        parts = {call.args[1]: pathlib.Path(call.args[2]) for call in copy.call_args_list}
        self.assertIn("src/*", parts)
        for part, tree in parts.items():
            self.assertTrue(tree.samefile(TREE) and list(tree.glob(part)), part)

    def test_the_port_installs_the_library_and_the_program(self):
        """What it says, to functions that do what vcpkg's do with paths alone."""
        packages = self.directory / "packages"
        stub = f"""
set(CURRENT_PORT_DIR "{PACKAGING}/vcpkg/warren")
set(CURRENT_PACKAGES_DIR "{packages}")
foreach(name check_linkage find_acquire_program fixup_pkgconfig copy_tools)
  cmake_language(EVAL CODE "function(vcpkg_${{name}})\nendfunction()")
endforeach()
function(vcpkg_cmake_configure)
  cmake_parse_arguments(SAID "" "SOURCE_PATH" "OPTIONS" ${{ARGN}})
  if(NOT EXISTS "${{SAID_SOURCE_PATH}}/CMakeLists.txt")
    message(FATAL_ERROR "no sources: ${{SAID_SOURCE_PATH}}")
  endif()
endfunction()
function(vcpkg_cmake_install)
  execute_process(COMMAND "${{CMAKE_COMMAND}}" --install "{BUILT}" --prefix "{packages}"
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(SAID "" "CONFIG_PATH" "" ${{ARGN}})
  if(NOT EXISTS "{packages}/${{SAID_CONFIG_PATH}}/warren-config.cmake")
    message(FATAL_ERROR "no package: ${{SAID_CONFIG_PATH}}")
  endif()
endfunction()
function(vcpkg_install_copyright)
  cmake_parse_arguments(SAID "" "" "FILE_LIST" ${{ARGN}})
  file(INSTALL ${{SAID_FILE_LIST}} DESTINATION "{packages}/share/warren")
endfunction()
include("${{CURRENT_PORT_DIR}}/portfile.cmake")
"""
        path = self.write("port.cmake", stub)
        done = subprocess.run(["cmake", "-P", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        left = {path.name for path in (packages / "lib").iterdir()}
        self.assertIn("libwarren.so", left)
        self.assertEqual(left & {"systemd", "sysusers.d", "warren"}, set())
        self.assertTrue((packages / "bin/warren").is_file())


class Containers(TcpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.compose = yaml.safe_load(text_of("packaging/compose.yml"))
        cls.services = cls.compose["services"]
        cls.configuration = text_of("packaging/compose/warren.yml")

    def test_what_is_mounted_is_there(self):
        named = set(self.compose["volumes"])
        for name, service in self.services.items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                with self.subTest(name, source=source):
                    self.assertTrue(source in named or (PACKAGING / source).is_file())
        build = self.services["warren"]["build"]
        self.assertTrue((PACKAGING / build["context"] / build["dockerfile"]).is_file())

    def test_ports_are_this_machines_alone(self):
        for service in self.services.values():
            for port in service.get("ports", []):
                self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_the_server_has_a_configuration(self):
        path = self.write("compose.yml", self.configuration.replace("/var/lib/warren", str(self.directory)))
        command = [PROGRAM, "check", str(path), "--modules", MODULES]
        password = os.environ | {"BROKER_PASSWORD": "secret"}
        checked = subprocess.run(command, env=password, capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn("BROKER_PASSWORD", self.services["warren"]["environment"])

    def test_prometheus_asks_who_answers(self):
        said = yaml.safe_load(text_of("packaging/compose/prometheus.yml"))
        targets = [
            target
            for job in said["scrape_configs"]
            for static in job["static_configs"]
            for target in static["targets"]
        ]
        self.assertEqual({target.split(":")[0] for target in targets} - set(self.services), set())
        admin = yaml.safe_load(self.configuration)["admin"]["address"]
        self.assertIn("warren:" + admin.split(":")[1], targets)

    def test_prometheus_takes_its_configuration(self):
        self.write("prometheus.yml", text_of("packaging/compose/prometheus.yml"))
        self.write("warren-alerts.yml", text_of("packaging/prometheus/warren-alerts.yml"))
        command = ["promtool", "check", "config", self.directory / "prometheus.yml"]
        checked = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_grafana_finds_the_dashboard(self):
        said = yaml.safe_load(text_of("packaging/compose/grafana/dashboards.yml"))
        folder = said["providers"][0]["options"]["path"]
        mounted = self.services["grafana"]["volumes"]
        self.assertIn(f"./grafana/warren.json:{folder}/warren.json:ro", mounted)
        sources = yaml.safe_load(text_of("packaging/compose/grafana/datasources.yml"))["datasources"]
        host = re.match(r"http://(\w+):", sources[0]["url"])[1]
        self.assertIn(host, self.services)

    def container(self, word):
        """The argument of an instruction of the Containerfile, its lines as one."""
        joined = re.sub(r"\\\n\s*", "", text_of("packaging/Containerfile"))
        return re.findall(rf"(?m)^{word} (.*)$", joined)

    def test_its_health_is_asked_without_any_other_program(self):
        asked = json.loads(re.search(r"CMD (\[.*\])$", self.container("HEALTHCHECK")[0])[1])
        self.assertIn("/127.0.0.1/9095 ", asked[2])
        self.assertIn("9095", self.configuration)

        def ask(port):
            command = [word.replace("/9095 ", f"/{port} ") for word in asked]
            return subprocess.run(command, capture_output=True, timeout=60).returncode

        with self.serve(self.tcp(), admin={"address": "127.0.0.1:0"}) as server:
            admin = next(each for each in server.listeners if "http://" in each)
            address = re.search(r"http://\S+", admin)[0]
            self.assertEqual(ask(host_and_port(address)[1]), 0)
        with held_port() as nobody:
            self.assertNotEqual(ask(nobody.getsockname()[1]), 0)

    def test_nobody_there_is_root(self):
        user = self.container("USER")[-1]
        self.assertRegex(user, r"^\d+:\d+$")
        self.assertIn(f"--uid {user.split(':')[0]} ", self.container("RUN")[-2])
        self.assertEqual(self.services["warren"]["cap_drop"], ["ALL"])

    def test_what_it_installs_is_made(self):
        made = set(re.findall(r"(?m)^Package: (\S+)$", text_of("debian/control")))
        installed = set(re.findall(r"/packages/(\w[\w-]*)_\*", self.container("RUN")[-1]))
        self.assertLess({"warren", "libwarren0"}, installed)
        self.assertEqual(installed - made, set())


if __name__ == "__main__":
    unittest.main()
