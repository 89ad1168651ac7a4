#include "app/fresh_contract.hpp"

#include "app/exit_code.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

extern char** environ;

namespace warren::app {
namespace {

std::vector<std::string> arguments_of(const ContractSource& source) {
    std::vector<std::string> arguments{"warren", "contract", "show"};
    for (const std::string& directory : source.modules) {
        arguments.insert(arguments.end(), {"--modules", directory});
    }
    if (source.config_file) {
        arguments.insert(arguments.end(), {"--config", *source.config_file});
    }
    if (source.from) {
        arguments.insert(arguments.end(), {"--from", *source.from});
    }
    if (source.place) {
        arguments.insert(arguments.end(), {"--", *source.place});
    }
    return arguments;
}

/// Start this program again, its output into a pipe, with no signal blocked.
/// out  the process; -1 with `errno`
pid_t start_anew(std::vector<std::string> arguments, const std::array<int, 2>& pipe) {
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t files{};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, pipe[1], STDOUT_FILENO);
    posix_spawnattr_t attributes{};
    posix_spawnattr_init(&attributes);
    sigset_t none{};
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t child = -1;
    errno = posix_spawn(&child, "/proc/self/exe", &files, &attributes, pointers.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return errno == 0 ? child : -1;
}

std::string read_to_end(int file) {
    std::string text;
    std::array<char, 65536> room{};
    for (;;) {
        const ssize_t size = read(file, room.data(), room.size());
        if (size > 0) {
            text.append(room.data(), static_cast<std::size_t>(size));
        } else if (size == 0 || errno != EINTR) {
            return text;
        }
    }
}

std::unexpected<int> failed(const char* what, int error) {
    std::fprintf(stderr, "error: %s: %s\n", what, std::strerror(error));
    return std::unexpected<int>{exit_internal};
}

}  // namespace

std::expected<contract::Document, int> read_contract_afresh(const ContractSource& source) {
    std::array<int, 2> pipe{};
    if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
        return failed("no pipe can be had", errno);
    }
    const pid_t child = start_anew(arguments_of(source), pipe);
    const int error = errno;
    close(pipe[1]);
    const std::string text = child < 0 ? std::string{} : read_to_end(pipe[0]);
    close(pipe[0]);
    if (child < 0) {
        return failed("this program cannot be started again", error);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != exit_success) {
        return std::unexpected{WIFEXITED(status) ? WEXITSTATUS(status) : exit_internal};
    }
    auto document = contract::from_json(text);
    if (!document) {
        std::fprintf(stderr, "error: %s\n", to_string(document.error()).c_str());
        return std::unexpected<int>{exit_internal};
    }
    return std::move(*document);
}

}  // namespace warren::app
