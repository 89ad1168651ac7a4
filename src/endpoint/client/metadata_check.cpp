#include "endpoint/client/metadata_check.hpp"

#include "endpoint/protocols/descriptor.hpp"

#include <string_view>
#include <utility>

namespace warren::endpoint {

MetadataCheck::MetadataCheck(const Address& address) {
    if (!address.protocol->metadata.asked) {
        nothing_because_ = std::string{address.protocol->name} + " has no place for it";
    } else if (address.is_brokerless() && !address.is_warren()) {
        nothing_because_ =
            "a peer that is not Warren's (peer=foreign) would take it for an argument";
    }
}

std::optional<Failure> MetadataCheck::refuse(const protocol::Metadata& asked) const {
    const std::string_view first = protocol::first_asked(asked);
    if (first.empty()) {
        return std::nullopt;
    }
    std::string why;
    if (!nothing_because_.empty()) {
        why = "the call says its " + std::string{first} + ", and " + nothing_because_;
    } else if (auto fault = protocol::fault_of(asked)) {
        why = std::move(*fault);
    } else {
        return std::nullopt;
    }
    return Failure{.code = Code::invalid_request, .message = "Not sent: " + why};
}

}  // namespace warren::endpoint
