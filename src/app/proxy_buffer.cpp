#include "app/proxy_buffer.hpp"

#include "app/state_directory.hpp"
#include "endpoint/proxy.hpp"

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
