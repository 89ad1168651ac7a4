#include "app/host_name.hpp"

#include "core/digit.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

bool is_ipv6(const std::string& text) {
    in6_addr ignored{};
    return inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char character) {
        return (character >= 'a' && character <= 'z') || core::is_digit(character) ||
               character == '-' || character == '.' || character == '_';
    });
}

}  // namespace

std::string in_lower_case(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return out;
}

std::optional<std::string> read_host_name(std::string_view text) {
    const bool has_brackets = text.size() > 2 && text.starts_with('[') && text.ends_with(']');
    std::string name = in_lower_case(has_brackets ? text.substr(1, text.size() - 2) : text);
    const bool is_host = is_ipv6(name) || (!has_brackets && is_name(name));
    return is_host ? std::optional{std::move(name)} : std::nullopt;
}

std::optional<HostAndPort> read_host_and_port(std::string_view text) {
    const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
    const std::size_t colon = text.find(':', std::min(bracket, text.size()));
    auto name = read_host_name(text.substr(0, colon));
    if (!name || (!text.starts_with('[') && name->contains(':'))) {
        return std::nullopt;
    }
    HostAndPort read{.name = std::move(*name)};
    if (colon == std::string_view::npos) {
        return read;
    }
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    read.port = port;
    return read;
}

}  // namespace warren::app
