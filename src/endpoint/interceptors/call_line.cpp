#include "endpoint/interceptors/call_line.hpp"

#include "core/utf8.hpp"
#include "format/json/json.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <string_view>

namespace warren::endpoint {
namespace {

constexpr std::size_t member_bytes_max = 512;

void add_text(std::string& line, std::string_view name, std::string_view text) {
    line.append(name);
    if (text.size() <= member_bytes_max && core::utf8_valid(text)) [[likely]] {
        format::json_append_string(line, text);
    } else {
        format::json_append_string(line, core::text_for_display(text, member_bytes_max));
    }
}

/// "00-TRACE-SPAN-FLAGS"                                              [W3C Trace Context, 3.2]
std::string_view trace_of(std::string_view traceparent) noexcept {
    constexpr std::size_t at = 3;
    constexpr std::size_t digits = 32;
    return traceparent.size() < at + digits ? std::string_view{} : traceparent.substr(at, digits);
}

}  // namespace

std::string call_members(const CallAtServer& call, const CallEnd& end) {
    const Context& context = call.context;
    const std::chrono::duration<double, std::milli> duration = end.duration;
    std::string line;
    add_text(line, "\"method\":", context.method);
    add_text(line, ",\"caller\":", context.caller);
    add_text(line, ",\"code\":", end.failure ? name_of(*end.failure) : "ok");
    fmt::format_to(std::back_inserter(line),
                   R"(,"duration_ms":{:.3f},"request_bytes":{},"response_bytes":{},"attempt":{})",
                   duration.count(), call.request_bytes, end.response_bytes, context.attempt);
    add_text(line, ",\"key\":", context.idempotency_key);
    add_text(line, ",\"trace\":", trace_of(context.traceparent));
    add_text(line, ",\"listener\":", call.listener);
    add_text(line, ",\"peer\":", call.peer_address);
    if (end.failure) {
        add_text(line, ",\"message\":", end.message);
    }
    return line;
}

}  // namespace warren::endpoint
