#pragma once

#include "transport/net/tls_options.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::transport {

class AddressMemory;
class TlsMemory;

/// Whom to connect to.
struct DialTarget {
    std::string host{};  // a name, or an address of IPv4 or IPv6
    std::uint16_t port = 0;
    std::optional<TlsOptions> tls{};                    // unset: in plaintext
    std::shared_ptr<TlsMemory> tls_memory{};            // null: nothing is kept
    std::shared_ptr<AddressMemory> address_memory{};    // null: each time as the name has them
    std::vector<std::string> addresses{};               // instead of looking the name up
    std::chrono::milliseconds connect_timeout{10'000};  // name, TCP and TLS, all addresses together

    // For messages.
    std::string display{};              // such as "tcp://localhost:8080"
    std::string_view peer = "server";   // what is there; a literal
    std::string_view ca_option = "ca";  // the name of the option that `ca_file` is from
    std::string_view certificate_option = "certificate";  // and that of `certificate_file`
    std::string_view key_option = "key";                  // and that of `key_file`
};

}  // namespace warren::transport
