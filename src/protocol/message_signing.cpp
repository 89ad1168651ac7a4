#include "protocol/message_signing.hpp"

#include "core/assert.hpp"
#include "protocol/message_mac.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/random_bytes.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <optional>
#include <utility>

namespace warren::protocol {
namespace {

std::unexpected<Failure> unauthenticated(std::string message) {
    return std::unexpected{Failure{.code = Code::unauthenticated, .message = std::move(message)}};
}

std::unexpected<Failure> bad_secrets(std::string message) {
    return std::unexpected{Failure{.code = Code::invalid_request, .message = std::move(message)}};
}

std::expected<void, Failure> check_time(std::uint64_t time_ms, const Nonce& nonce,
                                        std::int64_t now_ms, NonceMemory& memory) {
    const auto now = static_cast<std::uint64_t>(now_ms);
    const bool is_past = time_ms <= now;
    const std::uint64_t distance = is_past ? now - time_ms : time_ms - now;
    const std::chrono::milliseconds allowed = is_past ? memory.window() : memory.ahead_max();
    if (distance <= static_cast<std::uint64_t>(allowed.count())) {
        return {};
    }
    if (!is_past) {
        memory.refuse_early(nonce, static_cast<std::int64_t>(time_ms));
    }
    return unauthenticated(fmt::format(
        "The request was signed {:.1f} s {} by this server's clock, and {:.1f} s are "
        "allowed{}: set the clocks of both sides right",
        static_cast<double>(distance) / 1000, is_past ? "ago" : "in the future",
        static_cast<double>(allowed.count()) / 1000, is_past ? "" : " (auth_clock_ahead_max)"));
}

std::expected<void, Failure> check_nonce(const Nonce& nonce, std::int64_t time_ms,
                                         NonceMemory& memory) {
    switch (memory.take(nonce, time_ms)) {
    case NonceMemory::Verdict::fresh:
        return {};
    case NonceMemory::Verdict::seen:
        return unauthenticated("The request was sent before, and is taken only once");
    case NonceMemory::Verdict::forgotten:
        return unauthenticated(
            fmt::format("The request was signed {:.3f} s before this server began to remember "
                        "what was sent, so it may have been sent before: sign it anew; if that "
                        "does not help, set the clocks of both sides right",
                        static_cast<double>(memory.since_ms() - time_ms) / 1000));
    case NonceMemory::Verdict::full:
        return std::unexpected{Failure{
            .code = Code::overloaded,
            .message = "As many signed requests are remembered as may (auth_nonce_blocks_max)",
            .retry_after = memory.window()}};
    }
    std::unreachable();
}

}  // namespace

std::optional<std::string> auth_key_id(std::string_view secret) {
    std::string labelled{"warren auth key:"};
    labelled += secret;
    std::array<unsigned char, 32> digest{};
    const bool hashed = EVP_Digest(labelled.data(), labelled.size(), digest.data(), nullptr,
                                   EVP_sha256(), nullptr) == 1;
    OPENSSL_cleanse(labelled.data(), labelled.size());
    if (!hashed) {
        return std::nullopt;
    }
    return fmt::format("{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
}

std::expected<std::shared_ptr<const MessageSigner>, Failure> MessageSigner::make(
    std::span<const std::string> secrets) {
    if (secrets.empty() || secrets.size() > auth_secrets_max) {
        return bad_secrets(
            fmt::format("There should be 1 to {} secrets to sign messages with, "
                        "and there are {}",
                        auth_secrets_max, secrets.size()));
    }
    std::vector<Key> keys;
    for (const std::string& secret : secrets) {
        if (secret.size() < auth_secret_bytes_min) {
            return bad_secrets(fmt::format(
                "Secret {} to sign messages with has {} bytes, and should have at least {}: make "
                "one with 'openssl rand -hex 32'",
                keys.size() + 1, secret.size(), auth_secret_bytes_min));
        }
        auto id = auth_key_id(secret);
        if (!id) {
            return std::unexpected{
                Failure{.code = Code::internal, .message = "OpenSSL has no SHA-256"}};
        }
        if (std::ranges::find(keys, *id, &Key::id) != keys.end()) {
            return bad_secrets(fmt::format(
                "Secret {} to sign messages with is there twice, or has the same key id ({}) as "
                "another: take another one",
                keys.size() + 1, *id));
        }
        keys.push_back({std::move(*id), HmacKey{secret}});
    }
    std::uint64_t client = 0;
    if (!fill_randomly(std::as_writable_bytes(std::span{&client, 1}))) {
        return std::unexpected{no_random_bytes()};
    }
    return std::shared_ptr<const MessageSigner>{new MessageSigner{std::move(keys), client}};
}

MessageSigner::MessageSigner(std::vector<Key> keys, std::uint64_t client)
    : keys_{std::move(keys)}, client_{client} {}

/// out  from 1; 0: none of ours
std::uint8_t MessageSigner::number_of(std::string_view id) const noexcept {
    const auto found = std::ranges::find(keys_, id, &Key::id);
    return found == keys_.end() ? 0 : static_cast<std::uint8_t>(found - keys_.begin() + 1);
}

Nonce MessageSigner::next_nonce() const noexcept {
    const std::uint64_t count = requests_.fetch_add(1, std::memory_order_relaxed);
    // Big-endian, so that it counts in the last byte: see NonceSet.
    const std::array<std::uint64_t, 2> parts{
        client_, std::endian::native == std::endian::little ? std::byteswap(count) : count};
    return std::bit_cast<Nonce>(parts);
}

std::expected<void, Failure> MessageSigner::encode_request(const Call& call, StreamTicket& ticket,
                                                           std::int64_t unix_ms, std::string& out,
                                                           const RpcMetadata& metadata) const {
    const Key& key = keys_.front();
    ticket.key = 1;
    ticket.nonce = next_nonce();
    const RequestAuth auth{key.id, unix_ms, ticket.nonce};
    const std::size_t start = out.size();
    RpcMetadata all = metadata;
    all.auth = auth.value();
    all.accepts_message = ticket.accepts_message;
    auto written = ticket.wants_response
                       ? rpc_encode_request(ticket.id, call, all, RpcPeer::warren, out)
                       : rpc_encode_notification(call, all, RpcPeer::warren, out);
    if (written && !append_mac(key.hmac, out, start)) [[unlikely]] {
        out.resize(start);
        return std::unexpected{
            Failure{.code = Code::internal, .message = "OpenSSL cannot sign the request"}};
    }
    return written;
}

std::expected<void, Failure> MessageSigner::verify_request(std::span<const std::byte> request,
                                                           std::int64_t unix_ms,
                                                           NonceMemory& memory,
                                                           StreamTicket& ticket) const {
    const auto mac = read_request_mac(request);
    if (!mac) {
        return unauthenticated(
            "The request is not signed, and this server takes only signed ones: give the client a "
            "secret of the server's (auth_secrets)");
    }
    const std::uint8_t number = number_of(mac->key_id);
    if (number == 0) {
        return unauthenticated(
            "The request is signed under a secret that this server does not have: give client and "
            "server a secret in common (auth_secrets)");
    }
    if (!verify_mac(keys_[number - 1U].hmac, request)) {
        return unauthenticated(
            "The request's signature is wrong: the request is not what was "
            "signed");
    }
    auto taken = check_time(mac->time_ms, mac->nonce, unix_ms, memory);
    if (taken) {
        taken = check_nonce(mac->nonce, static_cast<std::int64_t>(mac->time_ms), memory);
    }
    if (taken) {
        ticket.key = number;
        ticket.nonce = mac->nonce;
    }
    return taken;
}

std::string MessageSigner::encode_response(const StreamTicket& ticket, const Response& response,
                                           std::string& out, const RpcMetadata& metadata) const {
    WARREN_ASSERT(ticket.key != 0 && ticket.key <= keys_.size());
    const Key& key = keys_[ticket.key - 1U];
    const ResponseAuth auth{key.id, ticket.nonce};
    const std::size_t start = out.size();
    RpcMetadata all = metadata;
    all.auth = auth.value();
    all.accepts_message = ticket.accepts_message;
    std::string unwritable = rpc_encode_response(ticket.id, response, out, all);
    if (!append_mac(key.hmac, out, start)) [[unlikely]] {
        out.resize(start);
        unwritable = "The answer cannot be signed";
        rpc_encode_response(ticket.id, {.failure = Code::internal, .message = unwritable}, out);
    }
    return unwritable;
}

std::expected<void, Failure> MessageSigner::verify_response(std::span<const std::byte> response,
                                                            const StreamTicket& ticket) const {
    const auto mac = read_response_mac(response);
    if (!mac) {
        return unauthenticated(
            "The server's answer is not signed, so it is not believed: client and server need a "
            "secret in common (auth_secrets) and the same time");
    }
    const std::uint8_t number = number_of(mac->key_id);
    if (number == 0) {
        return unauthenticated(
            "The server's answer is signed under a secret that this client does "
            "not have (auth_secrets)");
    }
    if (!verify_mac(keys_[number - 1U].hmac, response)) {
        return unauthenticated(
            "The signature of the server's answer is wrong: the answer is not "
            "what was signed");
    }
    if (mac->nonce != ticket.nonce) {
        return unauthenticated("The server's answer is one to another request");
    }
    return {};
}

}  // namespace warren::protocol
