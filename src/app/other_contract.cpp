#include "app/other_contract.hpp"

#include "app/contract_source.hpp"
#include "app/exit_code.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

/// All that comes out of a pipe.
std::string read_pipe(int from) {
    std::string text;
    std::array<char, 65'536> bytes;
    for (;;) {
        const ssize_t count = ::read(from, bytes.data(), bytes.size());
        if (count > 0) {
            text.append(bytes.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return text;
        }
    }
}

bool write_pipe(int to, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(to, text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    return true;
}

/// The document of modules that another process loads: two versions of one module in one process
/// may share what they describe, since the linker takes what has one name for one thing.
std::expected<contract::Document, int> read_apart(const std::string& directory) {
    std::array<int, 2> ends;
    if (::pipe(ends.data()) != 0) {
        std::perror("error: no pipe");
        return std::unexpected{exit_internal};
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        const auto document = read_contract(directory);
        const bool done = document && write_pipe(ends[1], contract::to_json(*document));
        ::_exit(done ? exit_success : document ? exit_internal : document.error());
    }
    ::close(ends[1]);
    const std::string text = read_pipe(ends[0]);
    ::close(ends[0]);
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0 || !WIFEXITED(status)) {
        std::fprintf(stderr, "error: %s: its modules ended the process that loaded them\n",
                     directory.c_str());
        return std::unexpected{exit_configuration};
    }
    if (WEXITSTATUS(status) != exit_success) {
        return std::unexpected{WEXITSTATUS(status)};
    }
    auto document = contract::from_json(text);
    if (!document) {
        std::fprintf(stderr, "error: %s: %s\n", directory.c_str(),
                     to_string(document.error()).c_str());
        return std::unexpected{exit_internal};
    }
    return std::move(*document);
}

}  // namespace

std::expected<contract::Document, int> read_other_contract(const std::string& place) {
    std::error_code error;
    return std::filesystem::is_directory(place, error) ? read_apart(place) : read_contract(place);
}

}  // namespace warren::app
