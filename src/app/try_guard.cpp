#include "app/try_guard.hpp"

#include "app/host_name.hpp"
#include "core/base64.hpp"
#include "core/utf8.hpp"
#include "protocol/random_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr std::string_view call_type = "application/json";

std::unexpected<TryGuard::Refusal> refused_call(std::string reason, unsigned status = 403) {
    return std::unexpected{TryGuard::Refusal{status, std::move(reason)}};
}

/// Without what is optional at the ends of a part of a header.                 [RFC 9110 5.6.3]
std::string_view trimmed(std::string_view text) {
    const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

/// JSON, as UTF-8 and nothing else; none of the types that a form could send. [RFC 9110 8.3.1]
bool is_call_type(std::string_view text) {
    const std::string type = in_lower_case(text);
    const std::size_t semicolon = type.find(';');
    if (trimmed(std::string_view{type}.substr(0, semicolon)) != call_type) {
        return false;
    }
    const std::string_view parameter =
        semicolon == std::string::npos ? "" : trimmed(std::string_view{type}.substr(semicolon + 1));
    return semicolon == std::string::npos || parameter == "charset=utf-8" ||
           parameter == R"(charset="utf-8")";
}

/// Whether an origin is that of pages which the host serves.                [RFC 6454 4, 6.2]
bool is_origin_of(std::string_view origin, const HostAndPort& host) {
    for (const auto& [scheme, usual_port] :
         {std::pair{std::string_view{"http://"}, 80}, {std::string_view{"https://"}, 443}}) {
        if (origin.starts_with(scheme)) {
            const auto from = read_host_and_port(origin.substr(scheme.size()));
            return from && from->name == host.name &&
                   from->port.value_or(usual_port) == host.port.value_or(usual_port);
        }
    }
    return false;
}

/// What somebody sent, in a message.
std::string in_quotes(std::string_view text) {
    constexpr std::size_t bytes_max = 200;
    return "'" + core::text_for_display(text, bytes_max) + "'";
}

}  // namespace

TryGuard::TryGuard(Options options) : options_{std::move(options)} {
    for (std::string& host : options_.hosts) {
        host = read_host_name(host).value_or(std::string{});  // no host is known by that
    }
    options_.hosts.insert(options_.hosts.end(), {"localhost", "127.0.0.1", "::1"});
}

TryGuard::Guarded<void> TryGuard::check_origin(const Headers& headers) const {
    const std::string host = headers("Host");
    const auto asked = read_host_and_port(host);
    if (!asked || std::ranges::find(options_.hosts, asked->name) == options_.hosts.end()) {
        return refused_call("This server is not known as " + in_quotes(host) +
                            ": calls are made from its own pages alone; if it is, start it with "
                            "--public-host NAME");
    }
    const std::string origin = headers("Origin");
    if (!origin.empty() && !is_origin_of(origin, *asked)) {
        return refused_call("A page of " + in_quotes(origin) +
                            " makes no calls here, only one of " + in_quotes(host));
    }
    const std::string site = headers("Sec-Fetch-Site");
    if (!site.empty() && site != "same-origin") {
        return refused_call("Only a page of this server makes calls: Sec-Fetch-Site is " +
                            in_quotes(site) + ", not 'same-origin'");
    }
    if (headers(own_header).empty()) {
        return refused_call("The header " + std::string{own_header} +
                            " is missing, which only pages of this server send");
    }
    return {};
}

TryGuard::Guarded<std::string> TryGuard::give_token(const Headers& headers, Clock::time_point now) {
    if (auto checked = check_origin(headers); !checked) {
        return std::unexpected{std::move(checked.error())};
    }
    std::array<std::byte, 32> random;
    if (!protocol::fill_randomly(random)) {
        return refused_call(protocol::no_random_bytes().message, 503);
    }
    if (tokens_.size() == options_.tokens_max) {
        tokens_.pop_front();
    }
    tokens_.push_back({core::base64_encode(random), headers("Host"), now + options_.token_age_max});
    return tokens_.back().text;
}

TryGuard::Guarded<void> TryGuard::admit(const Headers& headers, Clock::time_point now) {
    if (auto checked = check_origin(headers); !checked) {
        return checked;
    }
    if (const std::string type = headers("Content-Type"); !is_call_type(type)) {
        return refused_call(
            "A call is " + std::string{call_type} + ", and nothing else: not " + in_quotes(type),
            415);
    }
    return use_token(headers(own_header), headers("Host"), now);
}

TryGuard::Guarded<void> TryGuard::use_token(const std::string& text, const std::string& host,
                                            Clock::time_point now) {
    const auto found = std::ranges::find(tokens_, text, &Token::text);
    if (found == tokens_.end()) {
        return refused_call("The token is not known here, or was used: get one for each call");
    }
    const Token token = std::move(*found);
    tokens_.erase(found);
    if (now >= token.ends) {
        return refused_call("The token is too old: get one for each call");
    }
    if (token.host != host) {
        return refused_call("The token is of " + in_quotes(token.host) + ", not of " +
                            in_quotes(host));
    }
    return {};
}

}  // namespace warren::app
