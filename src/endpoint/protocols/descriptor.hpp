#pragma once

#include <warren/error.hpp>
#include <warren/listener.hpp>

#include "core/limits.hpp"
#include "format/compression.hpp"
#include "model/secrets.hpp"
#include "protocol/message_protocol.hpp"
#include "protocol/nonce_memory.hpp"
#include "protocol/stream_protocol.hpp"
#include "runtime/backoff.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::endpoint {

struct Address;

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// How a request says which method it calls.
enum class MethodSource : std::uint8_t {
    in_request,
    by_exchange,  // at a broker: one for each method
    by_listener,  // not at all: a listener has one
};

struct StreamProtocolOptions {
    std::string method{};  // of protocols whose requests do not say it
    std::vector<std::string>
        auth_secrets{};  // the first signs, all verify; none: nothing is signed
    std::shared_ptr<protocol::NonceMemory> nonces{};  // of a server with secrets
    protocol::RpcPeer peer = protocol::RpcPeer::warren;
    protocol::StreamSide side = protocol::StreamSide::server;
    /// The transport keeps messages apart: each input is one, and nothing of it follows.
    bool whole_messages = false;
    bool one_way = false;      // nothing is answered, as over PUB and SUB
    bool passes_text = false;  // of protocols that can
    format::Compression compression = format::Compression::none;  // of a client's requests
    std::optional<std::size_t> compress_bytes_min = format::compress_bytes_min_default;
};

/// A key that a listener has by one protocol only, with the option it is, as text; what is no flag
/// is a parameter of the listener's address, too.
struct ListenerKey {
    std::string_view name;
    std::string (*get)(const ListenerOptions& options);  // empty: unset
    void (*set)(ListenerOptions& options, std::string_view text);
    std::span<const std::string_view> words{};  // what it may be; empty: anything
    bool is_flag = false;                       // "true" or unset
    bool is_required = false;
};

/// What of a call's metadata the messages of a protocol carry from Warren's clients to its servers.
struct CarriedMetadata {
    bool time_left = false;
    bool attempt = false;  // as the client counts them; a broker's own count is added to it
    bool asked = false;    // what callers ask for: key, trace, baggage, contract and priority
};

/// What every protocol at a broker carries in properties and headers.
inline constexpr CarriedMetadata carried_at_brokers{
    .time_left = true, .attempt = true, .asked = true};

/// What a protocol is to endpoints: all that they know of it. Each has a file in this folder, which
/// is the only one to know its name, and a line in `list.inc`.
struct ProtocolDescriptor {
    std::string_view name;  // as in addresses and configurations
    // What carries it.
    bool at_brokers = false;     // and in memory
    bool over_streams = false;   // TCP and TLS
    bool over_messages = false;  // bytes as well, in messages that are kept apart: ZeroMQ
    MethodSource method = MethodSource::in_request;
    bool has_one_way = true;
    bool mixes_arguments = false;  // some by position, others by name
    CarriedMetadata metadata{};
    bool compresses = false;    // large messages, between Warren's own
    bool has_parts = false;     // a call may have more than one response
    bool has_envelope = false;  // responses are objects of success, message and data
    model::SecretDepth secret_depth = model::SecretDepth::any;  // where nobody says another

    // At brokers.
    std::unique_ptr<protocol::MessageProtocol> (*make_message)(
        const Address& address, const std::string& method, const core::Limits& limits) = nullptr;
    std::string_view server_key = "queue";  // what an address names a server by
    std::string_view queue_default{};       // where it names none; empty: it must
    /// The queue of a server, where it is not called as the server is. Then a client's address
    /// need not name one, as each call may.
    std::string (*queue_of)(std::string_view server) = nullptr;
    /// The exchange that takes a server's requests, where it is one of its own.
    std::string (*exchange_of)(std::string_view server) = nullptr;
    /// How a client gets its replies, where the protocol says that.
    protocol::MakeReplyTopology (*reply_topology)(const Address& address) = nullptr;
    /// Requests at once where nobody says how many, if there are not as many as usual.
    std::size_t (*requests_at_once)(const ListenerOptions& options) = nullptr;
    std::span<const std::string_view> parameters{};  // of addresses: its own
    /// Take these into the address, and give back the others.
    std::expected<Parameters, Failure> (*accept_parameters)(Parameters given,
                                                            Address& address) = nullptr;
    std::span<const ListenerKey> listener_keys{};
    std::expected<void, Failure> (*check_listener)(const ListenerOptions& options,
                                                   const Address& address) = nullptr;

    // Over streams and messages.
    /// in   options: whose secrets were checked
    std::unique_ptr<protocol::StreamProtocol> (*make_stream)(const StreamProtocolOptions& options,
                                                             const core::Limits& limits) = nullptr;
    /// What secrets to sign with must be. Null: nothing is signed.
    std::expected<void, Failure> (*check_secrets)(std::span<const std::string> secrets) = nullptr;
    bool remembers_signed = false;  // requests, so that a server takes each once
    /// What signed requests say of their secret; null: nothing.
    std::string (*key_id)(std::string_view secret) = nullptr;

    // Over streams.
    std::string_view scheme = "tcp";
    std::string_view secured_scheme = "tls";
    runtime::BackoffOptions connect_backoff{};

    // Over messages.
    bool has_ids_apart = false;     // messages of a client begin with them, and the transport cuts
    bool passes_text = false;       // between two sides of it, to the byte
    bool accepts_shutdown = false;  // from clients
    std::string_view heartbeat{};   // what a publisher says that has nothing to say
    std::chrono::milliseconds silence_timeout{0};  // of its subscribers; 0: none

    /// Whether a side may have secrets to sign with, or none.
    /// err  invalid_request
    std::expected<void, Failure> check_signing(std::span<const std::string> secrets) const;
    /// How deep secrets are both a client's and a server's business.
    /// in   nested: what the options say
    constexpr model::SecretDepth secret_depth_for(std::optional<bool> nested) const noexcept {
        return !nested ? secret_depth
                       : (*nested ? model::SecretDepth::any : model::SecretDepth::direct);
    }
};

/// Such as `&ProtocolDescriptor::over_streams`.
using Trait = bool ProtocolDescriptor::*;

}  // namespace warren::endpoint
