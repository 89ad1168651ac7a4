#include "endpoint/protocols/table.hpp"

#include <algorithm>

namespace warren::endpoint {

#define WARREN_PROTOCOL(name) extern const ProtocolDescriptor name;
#include "endpoint/protocols/list.inc"
#undef WARREN_PROTOCOL

std::span<const ProtocolDescriptor* const> protocols() noexcept {
#define WARREN_PROTOCOL(name) &name,
    static constexpr const ProtocolDescriptor* table[] = {
#include "endpoint/protocols/list.inc"
    };
#undef WARREN_PROTOCOL
    return table;
}

std::vector<std::string_view> names_of(Trait trait) {
    std::vector<std::string_view> names;
    for (const ProtocolDescriptor* const protocol : protocols()) {
        if (protocol->*trait) {
            names.push_back(protocol->name);
        }
    }
    return names;
}

std::string list_of(Trait trait, std::string_view separator) {
    std::string text;
    for (const std::string_view name : names_of(trait)) {
        text.append(text.empty() ? "" : separator).append(name);
    }
    return text;
}

const ProtocolDescriptor* find_protocol(Trait trait, std::string_view name) noexcept {
    const auto found = std::ranges::find_if(protocols(), [&](const ProtocolDescriptor* protocol) {
        return protocol->*trait && (name.empty() || protocol->name == name);
    });
    return found == protocols().end() ? nullptr : *found;
}

std::vector<std::string_view> stream_schemes() {
    std::vector<std::string_view> schemes;
    for (const ProtocolDescriptor* const protocol : protocols()) {
        for (const std::string_view scheme : {protocol->scheme, protocol->secured_scheme}) {
            if (std::ranges::find(schemes, scheme) == schemes.end()) {
                schemes.push_back(scheme);
            }
        }
    }
    return schemes;
}

const ProtocolDescriptor& protocol_of_scheme(std::string_view scheme) noexcept {
    return **std::ranges::find_if(protocols(), [scheme](const ProtocolDescriptor* protocol) {
        return protocol->over_streams &&
               (protocol->scheme == scheme || protocol->secured_scheme == scheme);
    });
}

}  // namespace warren::endpoint
