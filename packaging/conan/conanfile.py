"""A recipe of the tree that it stands in: conan create packaging/conan --build=missing"""

import pathlib

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.0"


class Warren(ConanFile):
    name = "warren"
    version = "0.1.0"
    description = "RPC over message brokers, over TCP and TLS, and within a process"
    license = "Apache-2.0"
    topics = ("rpc", "rabbitmq", "zeromq")
    package_type = "shared-library"
    settings = "os", "arch", "compiler", "build_type"
    default_options = {
        "boost/*:header_only": True,
        "prometheus-cpp/*:with_pull": False,
        "prometheus-cpp/*:with_push": False,
    }

    def export_sources(self):
        tree = pathlib.Path(self.recipe_folder).resolve().parents[1]
        parts = ("CMakeLists.txt", "LICENSE", "*.md", "cmake/*", "docs/guide/*", "include/*", "modules/*")
        for part in (*parts, "packaging/*", "src/*"):
            copy(self, part, str(tree), self.export_sources_folder)

    def requirements(self):
        # Its headers are Boost.Asio's, too; of all else who links an installed Warren needs nothing.
        self.requires("boost/[>=1.81 <2]", transitive_headers=True)
        self.requires("cli11/[>=2.3 <3]")
        self.requires("cppzmq/[>=4.9 <5]")
        self.requires("libpq/[>=15]")
        self.requires("libsystemd/[>=252]")
        self.requires("openssl/[>=3 <4]")
        self.requires("prometheus-cpp/[>=1.1 <2]")
        self.requires("re2/[>=20220601]")
        # It brings its own version of fmt.
        self.requires("spdlog/[>=1.10 <2]")
        self.requires("sqlite3/[>=3.40 <4]")
        self.requires("yaml-cpp/[>=0.7 <1]")
        self.requires("zeromq/[>=4.3.4 <5]")
        self.requires("zlib/[>=1.2.11 <2]")
        self.requires("zstd/[>=1.5.4 <2]")

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25 <4]")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("Warren is for Linux")
        check_min_cppstd(self, 23)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["WARREN_TESTS"] = False
        toolchain.cache_variables["WARREN_EXAMPLES"] = False
        toolchain.cache_variables["WARREN_PYTHON"] = False
        toolchain.cache_variables["WARREN_UNITY"] = True
        toolchain.generate()
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, str(pathlib.Path(self.package_folder, "licenses")))
        # Conan makes these of `package_info`.
        for part in ("lib/cmake", "lib/pkgconfig"):
            rmdir(self, str(pathlib.Path(self.package_folder, part)))

    def package_info(self):
        self.cpp_info.libs = ["warren"]
        self.cpp_info.defines = ["BOOST_ASIO_NO_DEPRECATED", "BOOST_ASIO_SEPARATE_COMPILATION"]
        self.cpp_info.set_property("cmake_file_name", "warren")
        self.cpp_info.set_property("cmake_target_name", "warren::warren")
        self.cpp_info.set_property("pkg_config_name", "warren")
        # Other packages may need no Boost but its headers.
        self.cpp_info.requires = ["boost::headers"]
