#pragma once

#include <warren/dynamic.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace warren {

/// What becomes of a secret that a caller sends in clear although the listener has keys.
enum class ClearSecrets : std::uint8_t {
    refuse,  // the request is invalid
    accept,  // it is taken as it is, while callers migrate
};

/// An exchange whose shape is not the protocol's default.
struct ListenerExchange {
    std::string name;
    std::string type = "direct";
    std::optional<bool> durable{};      // unset: as the protocol has it
    std::optional<bool> auto_delete{};  // unset: as the protocol has it
    Dynamic arguments{};
};

/// Where requests come in: a queue of a broker, and what is served from it.
struct ListenerOptions {
    /// amqp://[USER[:PASSWORD]@]HOST[:PORT]/[VHOST], amqps://..., or memory:NAME for clients in
    /// this process. The parameters `protocol` and `queue` say what the members below do.
    std::string url;
    std::string protocol{};  // cyberfusion (default) or tutorial
    std::string queue{};     // default: rpc_queue for tutorial and memory; no default otherwise
    std::vector<std::string> methods{};  // empty: every method of the server; tutorial: exactly one
    std::vector<ListenerExchange> exchanges{};
    std::vector<std::string> fernet_keys{};  // the first encrypts, all decrypt; empty: no secrets
    ClearSecrets clear_secrets = ClearSecrets::refuse;
    std::optional<std::chrono::seconds> fernet_ttl{};  // how old a token may be; unset: any age
    std::size_t max_simultaneous_requests = 5;         // handlers of this listener at once

    // The queue, where it is not the protocol's default.
    std::optional<bool> durable{};
    std::optional<bool> exclusive{};
    std::optional<bool> auto_delete{};
    std::optional<std::string> queue_type{};  // classic or quorum
    Dynamic queue_arguments{};                // a map such as {"x-max-length": 1000}
};

}  // namespace warren
