"""A project that has Warren's tree inside of itself finds the library there, and nothing else of it."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from fixture import TREE

CXX = os.environ.get("WARREN_CXX", "g++")

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(greetings LANGUAGES CXX)
enable_testing()
%s
foreach(target warren warren::warren)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "${target} is missing")
  endif()
endforeach()
foreach(target test_support dx_example example_quick_start)
  if(TARGET ${target})
    message(FATAL_ERROR "${target} is Warren's own matter")
  endif()
endforeach()
add_executable(greet greet.cpp)
target_link_libraries(greet PRIVATE warren::warren)
"""


class Subproject(unittest.TestCase):
    def configure(self, inclusion):
        """Configure a project that includes Warren so; gives where."""
        place = self.enterContext(tempfile.TemporaryDirectory())
        source, built = pathlib.Path(place, "source"), pathlib.Path(place, "built")
        source.mkdir()
        (source / "greet.cpp").write_text("int main() {}\n")
        (source / "CMakeLists.txt").write_text(PROJECT % inclusion)
        self.cmake("-S", source, "-B", built, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={CXX}")
        return built

    def cmake(self, *arguments):
        finished = subprocess.run(["cmake", *arguments], capture_output=True, text=True)
        self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)

    def check(self, built):
        listed = subprocess.run(
            ["ctest", "--test-dir", built, "-N"], check=True, capture_output=True, text=True
        )
        self.assertIn("Total Tests: 0", listed.stdout)
        # Nothing was built, so this could not succeed if there were anything to install.
        self.cmake("--install", built, "--prefix", built / "prefix")
        self.assertFalse((built / "prefix").exists())

    def test_as_a_folder(self):
        self.check(self.configure(f'add_subdirectory("{TREE}" warren)'))

    def test_fetched(self):
        self.check(
            self.configure(
                "include(FetchContent)\n"
                f'FetchContent_Declare(warren SOURCE_DIR "{TREE}")\n'
                "FetchContent_MakeAvailable(warren)"
            )
        )


if __name__ == "__main__":
    unittest.main()
