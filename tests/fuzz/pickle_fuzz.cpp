// Pickle: whatever is accepted is within the limits for who walks over it as over a tree, and is
// written in each protocol in a form that reads back as what is written the same.
#include "format/pickle/pickle.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace warren;

constexpr format::PickleLimits limits{.bytes_max = 50'000,
                                      .depth_max = 40,
                                      .value_count_max = 5'000,
                                      .text_bytes_max = 200'000,
                                      .memo_count_max = 5'000,
                                      .integer_bytes_max = 300};
constexpr format::PickleClass classes[] = {{"callme.protocol", "RpcRequest"},
                                           {"callme.protocol", "RpcResponse"}};

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::size_t count(const format::PickleValue& value, std::size_t depth) {
    check(depth <= limits.depth_max && value.kind() != format::PickleValue::Kind::callable);
    std::size_t values = 1;
    if (value.is_compound()) {
        for (const format::PickleValue& item : value.items()) {
            values += count(item, depth + (item.is_compound() ? 1 : 0));
        }
    }
    return values;
}

std::string written(const format::PickleValue& value, int protocol) {
    std::string out;
    check(format::pickle_encode(value, protocol, out, limits.depth_max).has_value());
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Arena arena;
    const auto read =
        format::pickle_decode(std::as_bytes(std::span{data, size}), arena, limits, classes);
    if (!read) {
        check(!read.error().type.empty() && read.error().offset <= size);
        return 0;
    }
    check(count(read->value, read->value.is_compound() ? 1 : 0) <= limits.value_count_max);
    if (const auto value = format::pickle_to_value(read->value, arena)) {
        (void)written(format::pickle_from_value(*value, arena), format::pickle_protocol_default);
    } else {
        check(!value.error().type.empty());
    }
    for (int protocol = format::pickle_protocol_min; protocol <= format::pickle_protocol_max;
         ++protocol) {
        const std::string once = written(read->value, protocol);
        const auto again =
            format::pickle_decode(std::as_bytes(std::span{once}), arena, {}, classes);
        check(again && again->protocol == protocol);
        check(written(again->value, protocol) == once);
    }
    return 0;
}
