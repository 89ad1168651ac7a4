#include "endpoint/protocols/descriptor.hpp"

#include "endpoint/failures.hpp"

namespace warren::endpoint {

std::expected<void, Failure> ProtocolDescriptor::check_signing(
    std::span<const std::string> secrets) const {
    if (!secrets.empty() && check_secrets == nullptr) {
        return refused("Secrets to sign with are not of the protocol " + std::string{name});
    }
    return secrets.empty() ? std::expected<void, Failure>{} : check_secrets(secrets);
}

}  // namespace warren::endpoint
