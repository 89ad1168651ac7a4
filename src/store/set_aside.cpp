#include "store/set_aside.hpp"

#include "core/keyed_hash.hpp"

#include <initializer_list>
#include <string_view>

namespace warren::store {
namespace {

// The same in every process: it guards against chance alone.
constexpr core::HashKey set_aside_key{0x73'65'74'20'61'73'69'64, 0x65'20'63'61'6C'6C'73'2E};

std::int64_t checksum_of(std::initializer_list<std::string_view> texts,
                         std::initializer_list<std::int64_t> numbers) {
    std::string bytes;
    for (const std::string_view text : texts) {
        bytes.append(std::to_string(text.size())).append(1, ' ').append(text);
    }
    for (const std::int64_t number : numbers) {
        bytes.append(std::to_string(number)).append(1, ' ');
    }
    return static_cast<std::int64_t>(core::siphash(set_aside_key, bytes));
}

}  // namespace

std::int64_t DeadCall::checksum() const {
    return checksum_of({key, method, request, reason, server}, {attempts, first_at_ms, last_at_ms});
}

std::int64_t LaterCall::checksum() const {
    return checksum_of({key, method, request}, {});
}

}  // namespace warren::store
