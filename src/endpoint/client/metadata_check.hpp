#pragma once

#include <warren/error.hpp>

#include "endpoint/address/address.hpp"
#include "protocol/metadata.hpp"

#include <optional>
#include <string>

namespace warren::endpoint {

/// Why a call there gets nothing before its response; nullopt: it may.
std::optional<std::string> no_parts_because(const Address& address);

/// What a client's callers may say of their calls beside method and arguments.
class MetadataCheck {
public:
    explicit MetadataCheck(const Address& address);

    /// Whether its way carries any of it.                                          thread any
    bool is_carried() const noexcept { return nothing_because_.empty(); }
    /// Why a call is not sent: its way does not carry what it says, or not in this form.
    /// err  as the value: invalid_request                                          thread any
    std::optional<Failure> refuse(const protocol::Metadata& asked) const;

private:
    std::string nothing_because_;  // empty: everything is carried
    std::optional<std::string> no_parts_because_;
};

}  // namespace warren::endpoint
