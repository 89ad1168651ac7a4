#include "transport/zmq/socket_options.hpp"

#include "transport/zmq/curve_keys.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace warren::transport {
namespace {

constexpr std::size_t curve_key_characters = 40;

// As the alternatives of both sides' securities follow each other.
constexpr std::array<std::string_view, 3> mechanism_names{
    "NULL (no credentials)", "PLAIN (a user name and a password)", "CURVE (keys)"};

std::unexpected<Failure> refuse(std::string message) {
    return std::unexpected{Failure{.code = Code::invalid_request, .message = std::move(message)}};
}

/// err  nullopt: it is no key in Z85
std::optional<std::string> key_of(const std::string& text) {
    std::array<std::uint8_t, curve_key_bytes> key{};
    if (text.size() != curve_key_characters ||
        zmq_z85_decode(key.data(), text.c_str()) == nullptr) {
        return std::nullopt;
    }
    return std::string{reinterpret_cast<const char*>(key.data()), key.size()};
}

std::unexpected<Failure> refuse_key(std::string_view which) {
    return refuse(
        fmt::format("{} is no CURVE key: it must be 40 characters of Z85, as "
                    "`warren keygen --curve` makes them",
                    which));
}

/// out  in Z85; empty: the key is none
std::string public_key_of(const std::string& secret_key) {
    std::array<char, curve_key_characters + 1> text{};
    if (!key_of(secret_key) || zmq_curve_public(text.data(), secret_key.c_str()) != 0) {
        return {};
    }
    return text.data();
}

std::expected<ZmqCurveClient, Failure> complete(ZmqCurveClient keys) {
    if (keys.secret_key.empty()) {
        if (!keys.public_key.empty()) {
            return refuse("A client's CURVE public key needs its secret key, too");
        }
        std::array<char, curve_key_characters + 1> made_public{};
        std::array<char, curve_key_characters + 1> made_secret{};
        zmq_curve_keypair(made_public.data(), made_secret.data());
        keys.public_key = made_public.data();
        keys.secret_key = made_secret.data();
        return keys;
    }
    std::string derived = public_key_of(keys.secret_key);
    if (derived.empty()) {
        return refuse_key("The client's secret key");
    }
    if (keys.public_key.empty()) {
        keys.public_key = std::move(derived);
    } else if (keys.public_key != derived) {
        return refuse("The client's CURVE public key does not belong to its secret key");
    }
    return keys;
}

std::expected<void, Failure> secure_plain(ZmqSocket& socket, const ZmqPlain& plain) {
    if (!socket.set(ZMQ_PLAIN_USERNAME, plain.username) ||
        !socket.set(ZMQ_PLAIN_PASSWORD, plain.password)) {
        return refuse("User name and password must have 1 to 255 bytes each");
    }
    return {};
}

std::expected<void, Failure> secure_curve(ZmqSocket& socket, const ZmqCurveClient& given) {
    const auto keys = complete(given);
    if (!keys) {
        return std::unexpected{keys.error()};
    }
    const auto server_key = key_of(keys->server_public_key);
    if (!server_key || !socket.set(ZMQ_CURVE_SERVERKEY, *server_key)) {
        return refuse_key("The server's public key");
    }
    socket.set(ZMQ_CURVE_PUBLICKEY, *key_of(keys->public_key));
    socket.set(ZMQ_CURVE_SECRETKEY, *key_of(keys->secret_key));
    return {};
}

std::expected<void, Failure> serve_curve(ZmqSocket& socket, const ZmqCurveServer& curve) {
    const auto secret_key = key_of(curve.secret_key);
    if (!secret_key) {
        return refuse_key("The server's secret key");
    }
    for (const std::string& client : curve.client_public_keys) {
        if (!key_of(client)) {
            return refuse_key(fmt::format("'{}' among the clients' public keys", client));
        }
    }
    socket.set(ZMQ_CURVE_SERVER, 1);
    socket.set(ZMQ_CURVE_SECRETKEY, *secret_key);
    return {};
}

std::expected<void, Failure> serve_plain(ZmqSocket& socket, const ZmqPlain& plain) {
    const auto fits = [](const std::string& text) { return !text.empty() && text.size() <= 255; };
    if (!fits(plain.username) || !fits(plain.password)) {
        return refuse("User name and password must have 1 to 255 bytes each");
    }
    socket.set(ZMQ_PLAIN_SERVER, 1);
    return {};
}

/// Ask a peer that is silent three times, the last time when it is given up.
void look_for_life(ZmqSocket& socket, int timeout_ms, ZmqSide side) {
    const int third_ms = std::max(1, timeout_ms / 3);
    if (side == ZmqSide::connect) {
        socket.set(ZMQ_HEARTBEAT_IVL, third_ms);
        // From the first question that stays without a response.
        socket.set(ZMQ_HEARTBEAT_TIMEOUT, 2 * third_ms);
        return;
    }
    const int third_s = std::max(1, third_ms / 1'000);
    socket.set(ZMQ_TCP_KEEPALIVE, 1);
    socket.set(ZMQ_TCP_KEEPALIVE_IDLE, third_s);
    socket.set(ZMQ_TCP_KEEPALIVE_INTVL, third_s);
    socket.set(ZMQ_TCP_KEEPALIVE_CNT, 2);
}

}  // namespace

void limit(ZmqSocket& socket, const ZmqLimits& limits, ZmqSide side) {
    socket.set(ZMQ_SNDHWM, limits.high_water_mark);
    socket.set(ZMQ_RCVHWM, limits.high_water_mark);
    // Over it ZeroMQ drops the connection without a word. Who sends less hears why, from the reader
    // of the message.
    socket.set_bytes_max(limits.read_bytes_max());
    if (limits.heartbeat_timeout.count() != 0) {
        look_for_life(socket, static_cast<int>(limits.heartbeat_timeout.count()), side);
    }
}

std::expected<void, Failure> secure(ZmqSocket& socket, const ZmqClientSecurity& security) {
    if (const auto* const plain = std::get_if<ZmqPlain>(&security)) {
        return secure_plain(socket, *plain);
    }
    if (const auto* const curve = std::get_if<ZmqCurveClient>(&security)) {
        return secure_curve(socket, *curve);
    }
    return {};
}

std::expected<std::shared_ptr<const std::string>, Failure> secure(
    ZmqSocket& socket, const ZmqServerSecurity& security) {
    std::expected<void, Failure> secured;
    if (const auto* const plain = std::get_if<ZmqPlain>(&security)) {
        secured = serve_plain(socket, *plain);
    } else if (const auto* const curve = std::get_if<ZmqCurveServer>(&security)) {
        secured = serve_curve(socket, *curve);
    } else {
        return nullptr;
    }
    if (!secured) {
        return std::unexpected{std::move(secured.error())};
    }
    auto domain = socket.context().zap().add(security);
    socket.set(ZMQ_ZAP_DOMAIN, *domain);
    return domain;
}

void allow_ipv6(ZmqSocket& socket, std::string_view endpoint) {
    const bool is_meant = endpoint.starts_with("tcp://*") || endpoint.contains('[');
    socket.set(ZMQ_IPV6, is_meant ? 1 : 0);
}

void reconnect(ZmqSocket& socket) {
    socket.set(ZMQ_RECONNECT_IVL, 100);
    socket.set(ZMQ_RECONNECT_IVL_MAX, 5'000);
}

std::string_view name_of(const ZmqClientSecurity& security) {
    return mechanism_names[security.index()];
}

std::string_view name_of(const ZmqServerSecurity& security) {
    return mechanism_names[security.index()];
}

}  // namespace warren::transport
