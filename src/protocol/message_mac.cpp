#include "protocol/message_mac.hpp"

#include "format/msgpack/msgpack_head.hpp"

#include <algorithm>

namespace warren::protocol {
namespace {

using namespace std::string_view_literals;

// Until its MAC is appended a message ends with these.
constexpr HmacSha256 no_code{};
constexpr std::size_t code_bytes = no_code.size();
constexpr std::size_t key_id_bytes = 8;
// The first that takes a uint 64; so a clock that was never set is told as such by the server, and
// not as a request that is not signed.
constexpr std::int64_t time_ms_min = std::int64_t{1} << 32;

// What stands before each part; the names' lengths and those of the parts are their own heads.
constexpr std::string_view before_key_of_request =
    "\xa4"
    "auth"
    "\x84\xa3"
    "key"
    "\xa8"sv;
constexpr std::string_view before_key_of_response =
    "\xa4"
    "auth"
    "\x83\xa3"
    "key"
    "\xa8"sv;
constexpr std::string_view before_time =
    "\xa7"
    "time_ms"
    "\xcf"sv;
constexpr std::string_view before_nonce =
    "\xa5"
    "nonce"
    "\xc4\x10"sv;
constexpr std::string_view before_code =
    "\xa4"
    "code"
    "\xc4\x20"sv;

constexpr std::size_t response_mac_bytes = before_key_of_response.size() + key_id_bytes +
                                           before_nonce.size() + Nonce{}.size() +
                                           before_code.size() + code_bytes;
constexpr std::size_t request_mac_bytes =
    response_mac_bytes + before_time.size() + sizeof(std::uint64_t);

/// Takes the parts of what a MAC covers, one after the other.
class MacReader {
public:
    MacReader(std::span<const std::byte> message, std::size_t mac_bytes) noexcept
        : rest_{message.last(mac_bytes)} {}

    bool expect(std::string_view octets) noexcept {
        return std::ranges::equal(take(octets.size()), std::as_bytes(std::span{octets}));
    }
    std::string_view take_key_id() noexcept {
        const auto id = take(key_id_bytes);
        return {reinterpret_cast<const char*>(id.data()), id.size()};
    }
    std::uint64_t take_time() noexcept {
        return format::load_big_endian<std::uint64_t>(take(sizeof(std::uint64_t)).data());
    }
    Nonce take_nonce() noexcept {
        Nonce nonce;
        std::ranges::copy(take(nonce.size()), nonce.begin());
        return nonce;
    }

private:
    std::span<const std::byte> take(std::size_t size_bytes) noexcept {
        const auto part = rest_.first(size_bytes);
        rest_ = rest_.subspan(size_bytes);
        return part;
    }

    std::span<const std::byte> rest_;
};

/// How the ends of signed messages of one kind are laid out.
struct MacLayout {
    std::string_view before_key;
    std::size_t bytes;
    bool has_time;
};

constexpr MacLayout request_mac{
    .before_key = before_key_of_request, .bytes = request_mac_bytes, .has_time = true};
constexpr MacLayout response_mac{
    .before_key = before_key_of_response, .bytes = response_mac_bytes, .has_time = false};

std::optional<MessageMac> read_mac(std::span<const std::byte> message,
                                   const MacLayout& layout) noexcept {
    if (message.size() < layout.bytes) {
        return std::nullopt;
    }
    MacReader reader{message, layout.bytes};
    MessageMac mac;
    bool good = reader.expect(layout.before_key);
    mac.key_id = reader.take_key_id();
    if (layout.has_time) {
        good = reader.expect(before_time) && good;
        mac.time_ms = reader.take_time();
    }
    good = reader.expect(before_nonce) && good;
    mac.nonce = reader.take_nonce();
    good = reader.expect(before_code) && good;
    return good ? std::optional{mac} : std::nullopt;
}

Member member(std::string_view name, const Value& value) noexcept {
    return {Value::text(name), value};
}

Value without_mac() noexcept {
    return Value::bytes(no_code);
}

}  // namespace

RequestAuth::RequestAuth(std::string_view key_id, std::int64_t time_ms, const Nonce& nonce) noexcept
    : members_{member("key", Value::text(key_id)),
               member("time_ms", Value::integer(std::max(time_ms, time_ms_min))),
               member("nonce", Value::bytes(nonce)), member("code", without_mac())} {}

ResponseAuth::ResponseAuth(std::string_view key_id, const Nonce& nonce) noexcept
    : members_{member("key", Value::text(key_id)), member("nonce", Value::bytes(nonce)),
               member("code", without_mac())} {}

std::optional<MessageMac> read_request_mac(std::span<const std::byte> message) noexcept {
    return read_mac(message, request_mac);
}

std::optional<MessageMac> read_response_mac(std::span<const std::byte> message) noexcept {
    return read_mac(message, response_mac);
}

bool append_mac(const HmacKey& key, std::string& out, std::size_t start) noexcept {
    const std::span message = std::as_writable_bytes(std::span{out}).subspan(start);
    const auto code = key.code(message.first(message.size() - code_bytes));
    if (!code) {
        return false;
    }
    std::ranges::copy(*code, message.last(code_bytes).begin());
    return true;
}

bool verify_mac(const HmacKey& key, std::span<const std::byte> message) noexcept {
    const auto code = key.code(message.first(message.size() - code_bytes));
    return code && same_code(*code, message.last(code_bytes));
}

}  // namespace warren::protocol
