#pragma once

#include <warren/value.hpp>

#include "protocol/call.hpp"
#include "protocol/msgpack_rpc_names.hpp"

#include <string_view>
#include <utility>

namespace warren::protocol {

/// Whether an item of params, or the fifth of a response, is metadata: see `msgpack_rpc.hpp`.
inline bool is_rpc_metadata(const Value& item) noexcept {
    if (!item.is_map() || item.as_map().empty()) {
        return false;
    }
    const Value& first = item.as_map().front().key;
    return first.is_text() && first.as_text() == rpc_names::marker;
}

/// What the value of the marker says of a response.
inline std::string_view rpc_name_of(ResponseKind kind) noexcept {
    switch (kind) {
    case ResponseKind::end:
        return rpc_names::bare;
    case ResponseKind::part:
        return rpc_names::part;
    case ResponseKind::progress:
        return rpc_names::progress;
    case ResponseKind::heartbeat:
        return rpc_names::heartbeat;
    }
    std::unreachable();
}

}  // namespace warren::protocol
