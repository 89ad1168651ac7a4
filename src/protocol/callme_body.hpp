#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "core/limits.hpp"
#include "format/error.hpp"
#include "protocol/call.hpp"
#include "protocol/message_view.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The bodies of the callme protocol, in each of its forms.
namespace warren::protocol {

/// How one body is written. A pickle's protocol counts, because a peer reads at most its own.
enum class CallmeForm : std::uint8_t {
    unknown = 0,
    pickle_of_python_2 = 1,  // protocol 2, for Python 2 to read
    pickle_2 = 2,
    pickle_3 = 3,
    pickle_4 = 4,
    pickle_5 = 5,
    json,
    msgpack,
};

constexpr bool is_pickle(CallmeForm form) noexcept {
    return form >= CallmeForm::pickle_of_python_2 && form <= CallmeForm::pickle_5;
}

/// By the content type, and of a pickle by its first bytes: those of protocols 0 and 1 are answered
/// in the oldest one that is written, and those of Python 2 for it.
/// in   otherwise: of a message that names no type
CallmeForm callme_form_of(const MessageView& message, CallmeForm otherwise) noexcept;

struct CallmeProperties {
    std::string_view content_type;
    std::string_view content_encoding;
};
CallmeProperties callme_properties(CallmeForm form) noexcept;

/// Read a request's method and arguments, nothing else of the call.
/// out  views of `body` and `arena`
/// err  invalid_request
std::expected<Call, Failure> read_callme_request(std::span<const std::byte> request,
                                                 CallmeForm form, Arena& arena,
                                                 const core::Limits& limits);

/// Append a request. A lone null for arguments is none at all.
std::expected<void, format::EncodeError> write_callme_request(const Call& call, CallmeForm form,
                                                              Arena& arena, std::string& body);

/// Read a reply.
/// err  what the peer answered instead; internal when it cannot be read
std::expected<Response, Failure> read_callme_reply(std::span<const std::byte> reply,
                                                   CallmeForm form, Arena& arena,
                                                   const core::Limits& limits);

/// Append a reply.
/// in   method: as the request named it
std::expected<void, format::EncodeError> write_callme_reply(const Response& response,
                                                            std::string_view method,
                                                            CallmeForm form, Arena& arena,
                                                            std::string& body);

}  // namespace warren::protocol
