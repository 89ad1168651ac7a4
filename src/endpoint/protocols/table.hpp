#pragma once

#include "endpoint/protocols/descriptor.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

// The protocols that there are.
namespace warren::endpoint {

std::span<const ProtocolDescriptor* const> protocols() noexcept;

/// The names of those that have a trait, such as what carries them.
std::vector<std::string_view> names_of(Trait trait);
/// The same as text: "one, another".
std::string list_of(Trait trait, std::string_view separator = ", ");

/// in   name: empty for the first one that has the trait
/// out  null: none of them has that name
const ProtocolDescriptor* find_protocol(Trait trait, std::string_view name) noexcept;

/// Each scheme of an address over a stream, once.
std::vector<std::string_view> stream_schemes();
/// in   scheme: one of these
const ProtocolDescriptor& protocol_of_scheme(std::string_view scheme) noexcept;

}  // namespace warren::endpoint
