#include "app/read_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace warren::app {

namespace {

std::unexpected<std::string> system_reason() {
    return std::unexpected{std::generic_category().message(errno)};
}

}  // namespace

std::expected<std::string, std::string> read_file(const std::string& path, std::size_t size_max) {
    std::ifstream stream{path, std::ios::binary};
    if (!stream.is_open()) {
        return system_reason();
    }
    std::string content;
    std::array<char, 65536> chunk{};
    while (content.size() <= size_max &&
           (stream.read(chunk.data(), chunk.size()) || stream.gcount() > 0)) {
        content.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
    }
    if (stream.bad()) {
        return system_reason();  // a directory, say: it opens, but nothing can be read
    }
    content.resize(std::min(content.size(), size_max + 1));
    return content;
}

}  // namespace warren::app
