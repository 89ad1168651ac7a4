#pragma once

#include <warren/value.hpp>

#include "protocol/hmac_sha256.hpp"
#include "protocol/nonce_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The last bytes of a signed message, as `message_signing.hpp` describes them.
namespace warren::protocol {

/// The `auth` of a request that is to be signed. It views itself and what it is made from.
class RequestAuth {
public:
    RequestAuth(std::string_view key_id, std::int64_t time_ms, const Nonce& nonce) noexcept;
    RequestAuth(const RequestAuth&) = delete;
    RequestAuth& operator=(const RequestAuth&) = delete;

    Value value() const noexcept { return Value::map(members_); }

private:
    std::array<Member, 4> members_;
};

/// The `auth` of a response that is to be signed, likewise.
class ResponseAuth {
public:
    ResponseAuth(std::string_view key_id, const Nonce& nonce) noexcept;
    ResponseAuth(const ResponseAuth&) = delete;
    ResponseAuth& operator=(const ResponseAuth&) = delete;

    Value value() const noexcept { return Value::map(members_); }

private:
    std::array<Member, 3> members_;
};

struct MessageMac {
    std::string_view key_id;    // a view of the message
    std::uint64_t time_ms = 0;  // of a request
    Nonce nonce{};
};

/// What a signed message says at its end.
/// in   message: one whole message
/// out  nullopt when it is not signed; nothing of it is proven yet: see `verify_mac`
/// cost O(1)                                                                        thread any
std::optional<MessageMac> read_request_mac(std::span<const std::byte> message) noexcept;
std::optional<MessageMac> read_response_mac(std::span<const std::byte> message) noexcept;

/// Write the code of the message that stands from `start` to the end, encoded with an `auth`.
/// err  false when OpenSSL refuses
bool append_mac(const HmacKey& key, std::string& out, std::size_t start) noexcept;

/// in   message: with a MAC
bool verify_mac(const HmacKey& key, std::span<const std::byte> message) noexcept;

}  // namespace warren::protocol
