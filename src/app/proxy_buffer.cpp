#include "app/proxy_buffer.hpp"

#include "app/state_directory.hpp"
#include "endpoint/proxy/proxy_plan.hpp"
#include "store/queue_file.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

const char* environment(const char* name) {
    return std::getenv(name);
}

}  // namespace

std::expected<void, std::string> choose_buffer_file(const ListenerOptions& from,
                                                    ForwardOptions& to) {
    if (!to.buffer || !to.buffer->file.empty()) {
        return {};
    }
    const auto name = endpoint::proxy_name(from, to);
    if (!name) {
        return std::unexpected{name.error().message};
    }
    auto file = buffer_file_default(*name, environment);
    if (!file) {
        return std::unexpected{std::move(file.error())};
    }
    to.buffer->file = std::move(*file);
    return {};
}

std::optional<std::string> find_buffer_problem(const ForwardOptions& to) {
    if (!to.buffer) {
        return std::nullopt;
    }
    std::error_code error;
    std::filesystem::path path = std::filesystem::absolute(to.buffer->file, error);
    if (std::filesystem::exists(path, error)) {
        const bool fits =
            std::filesystem::is_regular_file(path, error) && access(path.c_str(), R_OK | W_OK) == 0;
        if (!fits) {
            return "the buffer '" + path.string() + "' is no file that can be read and written";
        }
        return store::QueueFile::is_other_file(path.string())
                   ? std::optional{"the buffer '" + path.string() +
                                   "' is no buffer of Warren's: name another file"}
                   : std::nullopt;
    }
    do {
        path = path.parent_path();
    } while (!std::filesystem::exists(path, error) && path.has_relative_path());
    if (std::filesystem::is_directory(path, error) && access(path.c_str(), W_OK | X_OK) == 0) {
        return std::nullopt;
    }
    return "the buffer '" + to.buffer->file + "' cannot be made: '" + path.string() +
           "' is no directory that can be written to";
}

void make_buffer_directory(const ForwardOptions& to) {
    const auto directory = state_directory(environment);
    if (!to.buffer || !directory ||
        std::filesystem::path{to.buffer->file}.parent_path() != *directory) {
        return;
    }
    std::error_code error;
    std::filesystem::create_directories(*directory, error);
    if (error) {
        throw Error{Code::invalid_request,
                    "cannot make the directory " + directory->string() + ": " + error.message()};
    }
}

}  // namespace warren::app
