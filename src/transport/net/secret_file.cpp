#include "transport/net/secret_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace warren::transport {

std::expected<std::string, std::string> read_secret_file(const std::string& path) {
    std::ifstream stream{path, std::ios::binary};
    std::string secret(secret_file_bytes_max + 1, '\0');
    stream.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    if (!stream.is_open() || stream.bad()) {
        return std::unexpected{std::generic_category().message(errno)};
    }
    secret.resize(static_cast<std::size_t>(stream.gcount()));
    if (secret.size() > secret_file_bytes_max) {
        return std::unexpected{"it is too long for a secret"};
    }
    secret.erase(std::min(secret.find_last_not_of("\r\n") + 1, secret.size()));
    if (secret.empty()) {
        return std::unexpected{"it is empty"};
    }
    return secret;
}

}  // namespace warren::transport
