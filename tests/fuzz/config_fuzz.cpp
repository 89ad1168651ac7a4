// A configuration: any file is read in either shape, and for all of it or for one virtual host.
// What is wrong is said in lines of text, each with the place in the file; nothing is thrown.
#include "app/config/config.hpp"
#include "core/utf8.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// A file that is in memory alone.
class File {
public:
    void write(std::string_view content) {
        check(::ftruncate(descriptor_, 0) == 0 &&
              ::pwrite(descriptor_, content.data(), content.size(), 0) ==
                  static_cast<ssize_t>(content.size()));
    }
    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_ = ::memfd_create("warren.yml", MFD_CLOEXEC);
};

void check_line(std::string_view line) {
    check(warren::core::utf8_valid(line) && std::ranges::none_of(line, [](unsigned char letter) {
              return letter < ' ' || letter == '\x7f';
          }));
}

/// "FILE:LINE: ...", where it is not about the file as a whole.
void check_problem(std::string_view problem, std::string_view file, std::size_t lines) {
    check_line(problem);
    check(problem.starts_with(file));
    problem.remove_prefix(file.size());
    if (problem.starts_with(": is empty") || problem.starts_with(": holds several documents")) {
        return;
    }
    check(problem.starts_with(":"));
    std::size_t line = 0;
    const char* const end = problem.data() + problem.size();
    const auto [stopped, error] = std::from_chars(problem.data() + 1, end, line);
    check(error == std::errc{} && line >= 1 && line <= lines);
    check(std::string_view{stopped, end}.starts_with(": "));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren;
    static File file;
    const std::string_view content{reinterpret_cast<const char*>(data), size};
    const auto lines = static_cast<std::size_t>(std::ranges::count(content, '\n')) + 1;
    const std::string path = file.path();
    file.write(content);
    for (const auto& virtual_host :
         {std::optional<std::string>{}, std::optional<std::string>{"trees"}}) {
        std::vector<std::string> problems;
        const app::Config config = app::read_config(path, virtual_host, problems);
        for (const std::string& problem : problems) {
            check_problem(problem, path, lines);
        }
        for (const std::string& note : config.notes) {
            check_line(note);
        }
        check(!problems.empty() || !config.listeners.empty() || !config.proxies.empty());
    }
    return 0;
}
