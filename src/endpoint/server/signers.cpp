#include "endpoint/server/signers.hpp"

#include "core/utf8.hpp"
#include "endpoint/failures.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace warren::endpoint {
namespace {

constexpr std::size_t caller_name_bytes_max = 255;  // as brokers and ZeroMQ have it

bool is_caller_name(const std::string& name) {
    return name.size() <= caller_name_bytes_max && core::text_for_display(name) == name;
}

}  // namespace

std::expected<void, Failure> check_signers(const ListenerOptions& options) {
    if (options.auth_names.size() > options.auth_secrets.size()) {
        return refused("'auth_names' are of the 'auth_secrets', and there are more of them");
    }
    for (const auto* const names : {&options.auth_names, &options.zmq.client_names}) {
        if (!std::ranges::all_of(*names, is_caller_name)) {
            return refused("A caller's name is one line of at most " +
                           std::to_string(caller_name_bytes_max) + " bytes of UTF-8");
        }
    }
    return {};
}

std::vector<runtime::Signer> signers_of(const ListenerOptions& options,
                                        const ProtocolDescriptor& protocol) {
    std::vector<runtime::Signer> signers;
    for (const std::string& secret : options.auth_secrets) {
        const std::size_t at = signers.size();
        if (at < options.auth_names.size() && !options.auth_names[at].empty()) {
            signers.push_back({.name = options.auth_names[at], .is_named = true});
        } else {
            signers.push_back({.name = protocol.key_id ? protocol.key_id(secret) : std::string{}});
        }
    }
    return signers;
}

}  // namespace warren::endpoint
