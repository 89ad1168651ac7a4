#pragma once

#include <warren/error.hpp>

#include <optional>
#include <string>
#include <utility>

namespace warren {

/// What a handler answers when it has more to say than data: a message, or that it did not succeed.
/// A handler that only has data returns the data itself.
///
///     return Reply<Response>{Response{.tolerable = true}, "Onions are fine"};
///     return Reply<Response>::failure("Out of onions");
template <typename T>
struct Reply {
    bool success = true;
    std::string message = "OK";
    std::optional<T> data{};

    Reply() = default;
    Reply(T content) : data{std::move(content)} {}
    Reply(T content, std::string text) : message{std::move(text)}, data{std::move(content)} {}

    /// The handler's own failure: the caller gets `Code::failed` with this message and data.
    static Reply failure(std::string text, std::optional<T> content = std::nullopt) {
        Reply reply;
        reply.success = false;
        reply.message = std::move(text);
        reply.data = std::move(content);
        return reply;
    }
};

}  // namespace warren
