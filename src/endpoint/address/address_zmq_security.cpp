#include "endpoint/address/address_zmq_security.hpp"

#include "core/percent.hpp"
#include "endpoint/address/address_parameters.hpp"
#include "transport/net/secret_file.hpp"
#include "transport/zmq/curve_keys.hpp"

#include <algorithm>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::size_t plain_bytes_max = 255;  // [ZeroMQ RFC 24]
constexpr std::string_view file_suffix = "_file";

std::expected<void, Failure> check_curve_key(std::string_view key, const std::string& text) {
    if (transport::is_curve_key(text)) {
        return {};
    }
    return refused("The parameter '" + std::string{key} +
                   "' must be a key of CURVE, 40 characters of Z85; `warren keygen --curve` prints "
                   "a pair");
}

std::expected<void, Failure> check_plain(std::string_view key, const std::string& text) {
    if (!text.empty() && text.size() <= plain_bytes_max) {
        return {};
    }
    return refused("The parameter '" + std::string{key} + "' must have from 1 to " +
                   std::to_string(plain_bytes_max) + " bytes");
}

}  // namespace

std::expected<void, Failure> ZmqSecurityParameters::take(std::string_view key, std::string value) {
    if (key.ends_with(file_suffix)) {
        auto secret = transport::read_secret_file(value);
        if (!secret) {
            return refused("The file of the parameter '" + std::string{key} + "', '" + value +
                           "', cannot be read: " + secret.error());
        }
        key.remove_suffix(file_suffix.size());
        return take(key, std::move(*secret));
    }
    if (key == "client_keys") {
        for (const std::string_view part : split_servers(value)) {
            client_keys_.emplace_back(part);
            if (auto checked = check_curve_key(key, client_keys_.back()); !checked) {
                return checked;
            }
        }
        return {};
    }
    if (key == "client_names") {
        for (const std::string_view part : split_servers(value)) {
            client_names_.push_back(core::percent_decode(part).value_or(std::string{part}));
        }
        return {};
    }
    const bool is_plain = key == "username" || key == "password";
    if (auto checked = is_plain ? check_plain(key, value) : check_curve_key(key, value); !checked) {
        return checked;
    }
    (key == "username"     ? username_
     : key == "password"   ? password_
     : key == "server_key" ? server_key_
     : key == "public_key" ? public_key_
                           : secret_key_) = std::move(value);
    return {};
}

std::expected<void, Failure> ZmqSecurityParameters::check() const {
    const bool has_keys = !server_key_.empty() || !public_key_.empty() || !secret_key_.empty() ||
                          !client_keys_.empty();
    if (username_.empty() != password_.empty()) {
        return refused("Give both 'username' and 'password', or none of them");
    }
    if (client_names_.size() > client_keys_.size()) {
        return refused("'client_names' are of the 'client_keys', and there are more of them");
    }
    if (has_password() && has_keys) {
        return refused("A password and keys of CURVE do not go together: give one of them");
    }
    return {};
}

std::expected<void, Failure> ZmqSecurityParameters::apply(ZmqAddress& address) && {
    if (auto checked = check(); !checked) {
        return checked;
    }
    const ZmqSocketType socket = address.socket;
    const bool is_server = socket == ZmqSocketType::router || socket == ZmqSocketType::rep ||
                           socket == ZmqSocketType::pub;
    if (has_password()) {
        transport::ZmqPlain plain{std::move(username_), std::move(password_)};
        if (is_server) {
            address.server_security = std::move(plain);
        } else {
            address.client_security = std::move(plain);
        }
    } else if (is_server) {
        if (secret_key_.empty() && !client_keys_.empty()) {
            return refused("'client_keys' need the server's own 'secret_key'");
        }
        if (!secret_key_.empty()) {
            address.server_security = transport::ZmqCurveServer{
                std::move(secret_key_), std::move(client_keys_), std::move(client_names_)};
        }
    } else if (!server_key_.empty() || !public_key_.empty() || !secret_key_.empty()) {
        if (server_key_.empty()) {
            return refused("CURVE needs the server's public key: 'server_key'");
        }
        if (secret_key_.empty() && !public_key_.empty()) {
            return refused("This side's 'public_key' needs its 'secret_key', too");
        }
        address.client_security = transport::ZmqCurveClient{
            std::move(server_key_), std::move(public_key_), std::move(secret_key_)};
    }
    return {};
}

}  // namespace warren::endpoint
