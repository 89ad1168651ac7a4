#include "endpoint/server/topic_pattern.hpp"

#include "endpoint/failures.hpp"

#include <algorithm>
#include <ranges>
#include <string>

namespace warren::endpoint {

bool is_topic_pattern(std::string_view name) {
    for (const auto word : std::views::split(name, '.')) {
        if (std::ranges::equal(word, std::string_view{"*"}) ||
            std::ranges::equal(word, std::string_view{"#"})) {
            return true;
        }
    }
    return false;
}

std::expected<void, Failure> check_reply_queue(const ProtocolDescriptor& protocol,
                                               std::string_view name) {
    if (protocol.method == MethodSource::by_exchange && is_topic_pattern(name)) {
        return refused("The reply_queue '" + std::string{name} +
                       "' cannot be: to exchanges of type topic the words '*' and '#' stand for "
                       "others, so that it would get requests as replies; choose another name");
    }
    return {};
}

}  // namespace warren::endpoint
