#include "app/try_guard.hpp"

#include "core/base64.hpp"
#include "core/utf8.hpp"
#include "protocol/random_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace warren::app {
namespace {

constexpr std::string_view call_type = "application/json";

std::unexpected<TryGuard::Refusal> refused_call(std::string reason, unsigned status = 403) {
    return std::unexpected{TryGuard::Refusal{status, std::move(reason)}};
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return out;
}

/// A host as it is compared: without its port and brackets.
std::string host_name(std::string_view host) {
    const std::size_t end = host.find(']');
    if (host.starts_with('[') && end != std::string_view::npos) {
        return lower(host.substr(1, end - 1));
    }
    const std::size_t port = host.find(':');
    const bool is_bare_ipv6 = port != host.rfind(':');
    return lower(is_bare_ipv6 ? host : host.substr(0, port));
}

/// What somebody sent, in a message.
std::string in_quotes(std::string_view text) {
    constexpr std::size_t bytes_max = 200;
    return "'" + core::text_for_display(text, bytes_max) + "'";
}

}  // namespace

TryGuard::TryGuard(Options options) : options_{std::move(options)} {
    std::ranges::transform(options_.hosts, options_.hosts.begin(), host_name);
    options_.hosts.insert(options_.hosts.end(), {"localhost", "127.0.0.1", "::1"});
}

TryGuard::Guarded<void> TryGuard::check_origin(const Headers& headers) const {
    const std::string host = headers("Host");
    if (std::ranges::find(options_.hosts, host_name(host)) == options_.hosts.end()) {
        return refused_call("This server is not known as " + in_quotes(host) +
                            ": calls are made from its own pages alone; if it is, start it with "
                            "--public-host NAME");
    }
    const std::string origin = headers("Origin");
    const std::size_t scheme = origin.find("://");
    const bool is_web = origin.starts_with("http://") || origin.starts_with("https://");
    if (!origin.empty() && (!is_web || lower(origin.substr(scheme + 3)) != lower(host))) {
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
    if (const std::string type = headers("Content-Type"); type != call_type) {
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
