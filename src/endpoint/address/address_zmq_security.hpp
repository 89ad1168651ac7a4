#pragma once

#include <warren/error.hpp>

#include "endpoint/address/address.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace warren::endpoint {

/// What an address over ZeroMQ says about who may speak with whom, until it is known which socket
/// it is of.
class ZmqSecurityParameters {
public:
    /// in   key: one of username, password, server_key, public_key, secret_key, client_keys (keys
    ///      between commas) or client_names (of these, likewise, with %2C for a comma); or one of
    ///      the others with "_file", for a file's content
    /// err  invalid_request: no key, or a file that cannot be read; shows no secret
    std::expected<void, Failure> take(std::string_view key, std::string value);

    /// Say it to an address whose socket is known.
    /// err  invalid_request: what is missing, or does not go together
    std::expected<void, Failure> apply(ZmqAddress& address) &&;

private:
    std::expected<void, Failure> check() const;
    bool has_password() const noexcept { return !username_.empty() || !password_.empty(); }

    std::string username_;
    std::string password_;
    std::string server_key_;
    std::string public_key_;
    std::string secret_key_;
    std::vector<std::string> client_keys_;
    std::vector<std::string> client_names_;
};

}  // namespace warren::endpoint
