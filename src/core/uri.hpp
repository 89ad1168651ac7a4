#pragma once

#include <warren/error.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::core {

/// An address such as amqps://user:password@host:5671/vhost?queue=test.  [RFC 3986; RabbitMQ URI
/// spec] A value; holds the password in plaintext, so print it with `to_string` only.
struct Uri {
    std::string scheme;                     // lower case
    std::string user;                       // decoded
    std::optional<std::string> password{};  // decoded; set when a ':' stands, even if empty
    std::string host{};  // decoded, without brackets; of fe80::1%25eth0 fe80::1%eth0
    std::optional<std::uint16_t> port{};
    /// Of a broker's address, after commas: other nodes to go to, in this order.
    std::vector<std::pair<std::string, std::optional<std::uint16_t>>> more_hosts{};
    std::string path{};  // percent-encoding kept, so that %2F stays apart from '/'
    std::vector<std::pair<std::string, std::string>> query{};  // decoded, in order, keys once each

    /// The value of one query key.
    std::optional<std::string_view> option(std::string_view key) const noexcept;

    /// The path's parts, decoded: none for "" and "/", {"a/b"} for "/a%2Fb", {"a", ""} for "/a/".
    std::vector<std::string> path_segments() const;

    friend bool operator==(const Uri&, const Uri&) = default;
};

/// Parse strictly.
/// in   scheme "://" [user [":" password] "@"] [host] [":" port] ["/" path] ["?" key=value&...];
///      of amqp and amqps several hosts, each with its port, between commas;
///      an IPv6 host stands in brackets, with %25 before the name of an interface [RFC 6874]; '+'
///      in the query is a plus; no fragment; an '@' that is not encoded stands after the user alone
/// err  invalid_request: what is wrong and at which character; never shows any of the address
std::expected<Uri, Failure> parse_uri(std::string_view text);

/// The virtual host an AMQP address names. No path and the path "/" both mean the default one, "/":
/// RabbitMQ's specification reads "/" as a host with an empty name, but who writes
/// amqp://localhost/ means the default. "/%2F" is "/", "/a%2Fb" is "a/b".
/// err  invalid_request for more than one segment
std::expected<std::string, Failure> virtual_host_of(const Uri& uri);

/// The address with "***" for the password; and, where a query value's key names a secret
/// (password, token, or ending in _key or _keys), for that value.
std::string to_string(const Uri& uri);

/// A host as addresses have it: an IPv6 address in brackets.
std::string host_text(std::string_view host);
/// The same, and ":port" where there is one.
std::string host_text(std::string_view host, std::optional<std::uint16_t> port);

/// The address with its scheme in lower case, which upper case means as well.  [RFC 3986 3.1]
std::string with_lower_scheme(std::string_view text);

}  // namespace warren::core
