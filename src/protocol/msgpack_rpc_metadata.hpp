#pragma once

#include <warren/value.hpp>

#include "protocol/msgpack_rpc_names.hpp"

namespace warren::protocol {

/// Whether an item of params, or the fifth of a response, is metadata: see `msgpack_rpc.hpp`.
inline bool is_rpc_metadata(const Value& item) noexcept {
    if (!item.is_map() || item.as_map().empty()) {
        return false;
    }
    const Value& first = item.as_map().front().key;
    return first.is_text() && first.as_text() == rpc_names::marker;
}

}  // namespace warren::protocol
