#include <warren/version.hpp>

#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace warren::app {
namespace {

struct ProjectFile {
    std::string_view name;
    std::string_view text;  // in which @NAME@ and @VERSION@ stand
};

constexpr std::array project_files{
    ProjectFile{"CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.25)
project(@NAME@ LANGUAGES CXX)
find_package(warren @VERSION@ REQUIRED)

# A module: what `warren serve` loads. Its types are hidden from those of other modules.
add_library(greet MODULE greet.cpp)
set_target_properties(greet PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden
                      LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/modules)
target_link_libraries(greet PRIVATE warren::warren)

enable_testing()
add_executable(greet_test greet_test.cpp)
target_link_libraries(greet_test PRIVATE warren::warren)
add_dependencies(greet_test greet)
add_test(NAME greet COMMAND greet_test ${PROJECT_BINARY_DIR}/modules)
)"},
    ProjectFile{"greet.cpp", R"(#include <warren/module.hpp>

#include <string>

namespace {

struct Request {
    std::string name;
};
WARREN_MODEL(Request, (name, describe("Whom to greet."), min_length(1)))

struct Response {
    std::string greeting;
};
WARREN_MODEL(Response, (greeting, describe("What to say.")))

Response greet(const Request& request) {
    return {.greeting = "Hello " + request.name};
}

}  // namespace

WARREN_MODULE(module) {
    module.method("greet", greet).describe("Say hello.").idempotent();
}
)"},
    ProjectFile{"greet_test.cpp", R"(#include <warren/client.hpp>
#include <warren/server.hpp>

#include <cstdio>

// The module as it is served, called in this process: no broker and no port is needed.
namespace {

int failures = 0;

void expect(bool is_so, const char* what) {
    if (!is_so) {
        std::fprintf(stderr, "failed: %s\n", what);
        ++failures;
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 2) {
        std::fprintf(stderr, "usage: greet_test MODULES\n");
        return 2;
    }
    warren::Server server;
    server.load_modules({arguments[1]});
    server.listen("memory:greet");
    server.start();

    warren::Client client{"memory:greet"};
    const auto told = client.call("greet", warren::Dynamic::map({{"name", "Ada"}}));
    expect(told["greeting"].as_text() == "Hello Ada", "it greets by name");
    try {
        client.call("greet", warren::Dynamic::map({{"name", ""}}));
        expect(false, "nobody is not greeted");
    } catch (const warren::Error& error) {
        expect(error.code() == warren::Code::invalid_request, "a name is wanted");
    }
    return failures == 0 ? 0 : 1;
}
)"},
    ProjectFile{"warren.yml", R"(modules: [build/modules]

listeners:
  - tcp: localhost:8080
    describe: true
)"},
    ProjectFile{".gitignore", "/build/\n"},
    ProjectFile{"README.md", R"(# @NAME@

Methods for Warren, as a module: `greet.cpp`. It is built, tested and served with

    cmake -S . -B build && cmake --build build    # -DCMAKE_PREFIX_PATH=... if Warren is not in /usr
    ctest --test-dir build --output-on-failure
    warren serve --config warren.yml

and called, from another terminal, with

    warren call greet '{"name": "Ada"}' --to tcp://localhost:8080
)"},
};

std::string replaced(std::string text, std::string_view what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
        text.replace(at, what.size(), with);
    }
    return text;
}

/// What CMake takes as a project's name.
std::string project_name(const std::filesystem::path& directory) {
    std::string name = std::filesystem::absolute(directory).lexically_normal().filename().string();
    if (name.empty()) {  // behind a separator at the end
        name = std::filesystem::absolute(directory)
                   .lexically_normal()
                   .parent_path()
                   .filename()
                   .string();
    }
    for (char& each : name) {
        const bool is_plain = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
                              (each >= '0' && each <= '9') || each == '-' || each == '_';
        each = is_plain ? each : '_';
    }
    return name.empty() ? "methods" : name;
}

std::string version_wanted() {
    const std::string version = WARREN_VERSION;
    return version.substr(0, version.find('.', version.find('.') + 1));
}

int fail_at(const std::filesystem::path& place, const std::string& why) {
    std::fprintf(stderr, "error: %s: %s\n", place.c_str(), why.c_str());
    return exit_failed;
}

int make_project(const std::filesystem::path& directory) {
    std::error_code error;
    if (std::filesystem::exists(directory, error)) {
        if (!std::filesystem::is_directory(directory, error)) {
            return fail_at(directory, "there is a file of this name: name a new directory");
        }
        if (!std::filesystem::is_empty(directory, error) && !error) {
            return fail_at(directory, "is not empty: name a new directory");
        }
    }
    std::filesystem::create_directories(directory, error);
    if (error) {
        return fail_at(directory, "cannot be made: " + error.message());
    }
    for (const ProjectFile& file : project_files) {
        const std::filesystem::path path = directory / file.name;
        std::ofstream stream{path, std::ios::binary};
        stream << replaced(replaced(std::string{file.text}, "@NAME@", project_name(directory)),
                           "@VERSION@", version_wanted());
        if (!stream.flush()) {
            return fail_at(path, "cannot be written: " + std::generic_category().message(errno));
        }
        std::printf("%s\n", path.c_str());
    }
    return exit_success;
}

}  // namespace

void add_init(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "init", "Make a project of one method, with its test and a configuration that serves it.");
    const auto directory = std::make_shared<std::string>();
    command->add_option("directory", *directory, "One that is not there yet, or empty")
        ->required()
        ->type_name(value_name::directory);
    command->callback(
        [&action, directory] { action = [directory] { return make_project(*directory); }; });
}

}  // namespace warren::app
