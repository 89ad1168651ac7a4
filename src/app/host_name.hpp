#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace warren::app {

/// Where something is in an address: "docs.example.org:8080", "[::1]".         [RFC 9110 7.2]
struct HostAndPort {
    std::string name;                     // in lower case, without brackets
    std::optional<std::uint16_t> port{};  // nullopt: that of the scheme
};

/// err  nullopt: it is nothing of the kind
std::optional<HostAndPort> read_host_and_port(std::string_view text);

/// A host's name or address alone, as it is compared: in lower case; IPv6 with brackets or without.
/// err  nullopt: it is none, such as an address with a scheme, a port or a path
std::optional<std::string> read_host_name(std::string_view text);

/// ASCII letters alone.
std::string in_lower_case(std::string_view text);

}  // namespace warren::app
