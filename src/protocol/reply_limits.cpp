#include "protocol/reply_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace warren::protocol {
namespace {

Failure over(std::string_view has, std::string_view limit) {
    return {.code = Code::reply_over_limit,
            .message = fmt::format("The reply is over a limit of this client: it has {} ({} of "
                                   "ClientOptions, or of the address); the call was handled",
                                   has, limit)};
}

}  // namespace

std::optional<Failure> reply_over_limit(std::string_view type, const core::Limits& limits) {
    if (type == "bytes_over_limit" || type == "body_too_long") {
        return over(fmt::format("more than {} bytes", limits.body_bytes_max), "body_bytes_max");
    }
    if (type == "depth_over_limit") {
        return over(
            fmt::format("lists and maps nested deeper than {} levels", limits.nesting_depth_max),
            "nesting_depth_max");
    }
    if (type == "count_over_limit" || type == "memo_over_limit") {
        return over(fmt::format("more than {} values", limits.value_count_max), "value_count_max");
    }
    return std::nullopt;
}

std::optional<Failure> refuse_oversized_reply(const MessageView& reply,
                                              const core::Limits& limits) {
    const std::size_t size_bytes = std::max(reply.body_bytes, reply.body.size());
    if (size_bytes <= limits.body_bytes_max) {
        return std::nullopt;
    }
    return over(
        fmt::format("{} bytes, and at most {} are taken", size_bytes, limits.body_bytes_max),
        "body_bytes_max");
}

}  // namespace warren::protocol
