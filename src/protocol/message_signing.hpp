#pragma once

#include <warren/error.hpp>

#include "protocol/hmac_sha256.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/nonce_memory.hpp"
#include "protocol/stream_protocol.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How MessagePack-RPC messages are authenticated, where both sides have a secret in common. The
/// metadata of a signed message ends with `auth`, and the message with it, in exactly this form:
///
///     request, notification   "auth": {"key": text of 8, "time_ms": uint64, "nonce": bin of 16,
///                                      "code": bin of 32}
///     response                "auth": {"key": text of 8, "nonce": bin of 16, "code": bin of 32}
///
///     key      which secret: the first 8 hexadecimal digits of SHA-256 over the text
///              "warren auth key:" and the secret
///     time_ms  when it was signed, in milliseconds since 1970
///     nonce    of a request: sixteen bytes that no other request bears; of a response: the
///              request's, so that it answers this request and no other
///     code     HMAC-SHA256 under the secret over all bytes of the message before these 32
///
/// Each object is in its smallest form (the time is a uint 64), so that all of it has one place,
/// counted from the message's end, and is checked before anything the message says is believed.
///
/// A server that has secrets takes signed requests only, each once, and only while its time is
/// at most `NonceMemoryOptions::window` before the server's own or `ahead_max` after it. Its other
/// answers are not signed: a signature under a response says that the server took this very
/// request, and for the first time.
namespace warren::protocol {

inline constexpr std::size_t auth_secret_bytes_min = 16;
inline constexpr std::size_t auth_secrets_max = 16;

/// The `key` of messages that are signed under a secret.
/// err  nullopt when OpenSSL refuses
std::optional<std::string> auth_key_id(std::string_view secret);

/// The secrets of one side, for messages it sends and gets.
/// thread any
class MessageSigner {
public:
    /// in   secrets: the first signs, each verifies; 1 to auth_secrets_max
    /// err  invalid_request for secrets that will not do | internal: no random bytes
    static std::expected<std::shared_ptr<const MessageSigner>, Failure> make(
        std::span<const std::string> secrets);

    /// Append a request or a notification, signed under the first secret.
    /// in   ticket: its id and whether a response is wanted; the key and nonce are filled in
    ///      metadata: but for `auth` and `accepts_message`
    /// err  invalid_request for what MessagePack cannot express | internal; `out` is as before
    /// cost O(bytes), no allocation but the growth of `out`
    std::expected<void, Failure> encode_request(const Call& call, StreamTicket& ticket,
                                                std::int64_t unix_ms, std::string& out,
                                                const RpcMetadata& metadata = {}) const;

    /// Take a request or notification, if it is signed and for the first time here.
    /// in   request: one whole message; unix_ms: now
    /// out  the ticket's key and nonce, for the response that is to be signed
    /// err  unauthenticated | overloaded: the memory is full; the response is not to be signed
    /// cost O(bytes)                                                      throws std::bad_alloc
    std::expected<void, Failure> verify_request(std::span<const std::byte> request,
                                                std::int64_t unix_ms, NonceMemory& memory,
                                                StreamTicket& ticket) const;

    /// Append a response, signed under the secret of a request that was taken.
    /// out  why it could not be sent and became an `internal` failure's response; empty: it could
    std::string encode_response(const StreamTicket& ticket, const Response& response,
                                std::string& out, const RpcMetadata& metadata = {}) const;

    /// Whether a response comes from one who has a secret of ours, and answers this very request.
    /// in   response: one whole message
    /// err  unauthenticated
    std::expected<void, Failure> verify_response(std::span<const std::byte> response,
                                                 const StreamTicket& ticket) const;

private:
    struct Key {
        std::string id;
        HmacKey hmac;
    };

    MessageSigner(std::vector<Key> keys, std::uint64_t client);

    std::uint8_t number_of(std::string_view id) const noexcept;
    Nonce next_nonce() const noexcept;

    std::vector<Key> keys_;
    // A nonce is these random bytes, drawn for each signer, and the count of its requests. Among a
    // million clients the chance that two draw the same is 1 in 30 million; then a request of the
    // one may be refused for one of the other, but still none is taken twice.
    std::uint64_t client_;
    mutable std::atomic<std::uint64_t> requests_ = 0;
};

}  // namespace warren::protocol
