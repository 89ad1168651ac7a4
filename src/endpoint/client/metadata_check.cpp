#include "endpoint/client/metadata_check.hpp"

#include "endpoint/protocols/descriptor.hpp"

#include <string_view>
#include <utility>

namespace warren::endpoint {

std::optional<std::string> no_parts_because(const Address& address) {
    if (!address.protocol->has_parts) {
        return std::string{address.protocol->name} + " has nothing but that";
    }
    if (!address.is_warren()) {
        return "only a server of Warren's sends more (peer=warren)";
    }
    if (address.is_one_way() || address.broadcasts()) {
        return "this address sends to whoever listens";
    }
    return std::nullopt;
}

MetadataCheck::MetadataCheck(const Address& address)
    : no_parts_because_{no_parts_because(address)} {
    if (!address.protocol->metadata.asked) {
        nothing_because_ = std::string{address.protocol->name} + " has no place for it";
    } else if (address.is_brokerless() && !address.is_warren()) {
        nothing_because_ =
            "a peer that is not Warren's (peer=foreign) would take it for an argument";
    }
}

std::optional<Failure> MetadataCheck::refuse(const protocol::Metadata& asked) const {
    if (asked.takes_more_than_end() && no_parts_because_) {
        return Failure{.code = Code::invalid_request,
                       .message =
                           "Not sent: the call takes parts, progress or heartbeats before "
                           "its response, and " +
                           *no_parts_because_};
    }
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
