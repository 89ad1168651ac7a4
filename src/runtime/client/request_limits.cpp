#include "runtime/client/request_limits.hpp"

#include "protocol/field_errors.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <span>

namespace warren::runtime {
namespace {

enum class Over : std::uint8_t { none, depth, count };

class Measure {
public:
    explicit Measure(const RequestLimits& limits) noexcept : limits_{limits} {}

    Over visit(const Value& value, std::size_t depth) noexcept {
        if (++count_ > limits_.value_count_max) {
            return Over::count;
        }
        if (!value.is_list() && !value.is_map()) [[likely]] {
            return Over::none;
        }
        if (depth == limits_.nesting_depth_max) {
            return Over::depth;
        }
        for (const Value& item : value.is_list() ? value.as_list() : std::span<const Value>{}) {
            if (const Over over = visit(item, depth + 1); over != Over::none) {
                return over;
            }
        }
        for (const Member& member : value.is_map() ? value.as_map() : std::span<const Member>{}) {
            if (const Over over = visit(member.value, depth + 1); over != Over::none) {
                return over;
            }
        }
        return Over::none;
    }

private:
    const RequestLimits& limits_;
    std::size_t count_ = 0;
};

}  // namespace

std::optional<Failure> refuse_over_limit(const Value& arguments, const RequestLimits& limits) {
    switch (Measure{limits}.visit(arguments, 0)) {
    case Over::none:
        break;
    case Over::depth:
        return protocol::refused_request(
            fmt::format("The request has lists and maps nested deeper than {} levels, the most "
                        "that are sent (nesting_depth_max)",
                        limits.nesting_depth_max),
            "depth_over_limit");
    case Over::count:
        return protocol::refused_request(
            fmt::format("The request has more than {} values, the most that are sent "
                        "(value_count_max)",
                        limits.value_count_max),
            "count_over_limit");
    }
    return std::nullopt;
}

}  // namespace warren::runtime
