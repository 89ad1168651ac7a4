#include "endpoint/http_place.hpp"

#include "core/digit.hpp"
#include "core/uri.hpp"
#include "endpoint/failures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace warren::endpoint {
namespace {

bool is_token(std::string_view name) noexcept {  // [RFC 9110 5.6.2]
    return !name.empty() && std::ranges::all_of(name, [](char character) {
        return core::is_digit(character) || (character >= 'a' && character <= 'z') ||
               (character >= 'A' && character <= 'Z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.contains(character);
    });
}

/// What a request has of its own, or must not have.
bool is_reserved(std::string_view name) {
    std::string lower{name};
    std::ranges::transform(lower, lower.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
    });
    constexpr std::string_view reserved[] = {
        "host", "content-length", "content-type", "transfer-encoding", "connection", "expect"};
    return std::ranges::find(reserved, lower) != std::end(reserved);
}

std::expected<void, Failure> check_headers(
    const std::vector<std::pair<std::string, std::string>>& headers) {
    for (const auto& [name, value] : headers) {
        if (!is_token(name) || is_reserved(name)) {
            return refused("A header cannot have that name, or not from here");
        }
        if (!std::ranges::all_of(value, [](unsigned char character) {
                return character == '\t' || (character >= ' ' && character != 0x7f);
            })) {
            return refused(fmt::format("The header '{}' has a character that none may", name));
        }
    }
    return {};
}

}  // namespace

std::expected<HttpPlace, Failure> http_place(const HttpPlaceOptions& options) {
    const std::string address = core::with_lower_scheme(options.address);
    const bool is_secured = address.starts_with("https://");
    if (!is_secured && !address.starts_with("http://")) {
        return refused(fmt::format("A {}'s address begins with http:// or https://", options.peer));
    }
    auto uri = core::parse_uri(address);
    if (!uri) {
        return std::unexpected{std::move(uri.error())};
    }
    if (uri->host.empty() || !uri->user.empty() || uri->password || !uri->query.empty()) {
        return refused(
            fmt::format("A {}'s address is http://HOST:PORT, and a path; secrets go into headers",
                        options.peer));
    }
    if (auto checked = check_headers(options.headers); !checked) {
        return std::unexpected{std::move(checked.error())};
    }
    transport::HttpClientOptions client{
        .target = {.host = uri->host,
                   .port = uri->port.value_or(is_secured ? 443 : 80),
                   .connect_timeout = options.timeout,
                   .display = core::to_string(*uri),
                   .peer = options.peer},
        .host = core::host_text(uri->host, uri->port),
        .headers = options.headers,
        .timeout = options.timeout};
    if (is_secured) {
        client.target.tls.emplace();
    }
    client.headers.emplace_back("Content-Type", "application/json");
    client.headers.emplace_back("User-Agent", "warren/" WARREN_VERSION);
    return HttpPlace{.client = std::move(client), .path = uri->path.empty() ? "/" : uri->path};
}

}  // namespace warren::endpoint
