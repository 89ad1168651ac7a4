#include "runtime/dispatch/call_content.hpp"

#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "model/recorded.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/field_errors.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/server_call.hpp"

#include <fmt/format.h>

#include <memory>
#include <string_view>

namespace warren::runtime {
namespace {

constexpr std::string_view nothing_said = "{}";
constexpr std::size_t text_bytes_max = std::size_t{16} << 10;

std::string instead_of(std::size_t size_bytes, std::size_t bytes_max) {
    return fmt::format(R"({{"omitted":"{} bytes, of which {} are recorded at the most"}})",
                       size_bytes, bytes_max);
}

std::string json_of(const Value& value, std::size_t bytes_max) {
    std::string text;
    if (!format::json_encode(value, text)) {
        return R"({"omitted":"JSON has no way to write this"})";
    }
    return text.size() > bytes_max ? instead_of(text.size(), bytes_max) : text;
}

const model::SecretTexts& secrets_of(const ServerCall& call) {
    static const model::SecretTexts none;
    return call.state.secrets == nullptr ? none : call.state.secrets->texts;
}

const Type* request_type_of(const ServerCall& call) noexcept {
    return call.state.method == nullptr ? nullptr : call.state.method->request;
}

}  // namespace

std::string ContentOfCall::request(std::size_t bytes_max) const {
    if (request_ == nullptr) {
        return std::string{nothing_said};
    }
    if (call_.request_bytes > bytes_max) {
        return instead_of(call_.request_bytes, bytes_max);
    }
    Arena arena;
    const Type* const type = request_type_of(call_);
    const Value shown = model::recorded(type, request_->arguments, secrets_of(call_), arena);
    return json_of(model::named_arguments(type, request_->style, shown, arena), bytes_max);
}

/// Cut behind the secrets, so that no half of one is left.
std::string ContentOfCall::without_secrets(std::string_view text) const {
    std::string shown = secrets_of(call_).without(text, model::recorded_secret);
    if (!core::utf8_valid(shown)) {
        return core::text_for_display(shown, text_bytes_max);
    }
    if (shown.size() > text_bytes_max) {
        shown.resize(text_bytes_max);
        while (!core::utf8_valid(shown)) {
            shown.pop_back();
        }
        shown += "...";
    }
    return shown;
}

std::string ContentOfCall::response(std::size_t bytes_max) const {
    const protocol::Response& response = call_.response();
    const bool has_type = call_.state.method != nullptr && !response.failure;
    Arena arena;
    std::string json{response.failure ? R"({"success":false,"message":)"
                                      : R"({"success":true,"message":)"};
    format::json_append_string(json, without_secrets(response.message));
    json += ",\"data\":";
    json += response.data
                ? json_of(model::recorded(has_type ? call_.state.method->response : nullptr,
                                          *response.data, secrets_of(call_), arena),
                          bytes_max)
                : "null";
    if (response.failure) {
        json.append(",\"code\":\"").append(name_of(*response.failure)).append("\"");
    }
    if (!response.errors.empty()) {
        json += ",\"errors\":" +
                json_of(model::recorded(nullptr, protocol::to_value(response.errors, arena),
                                        secrets_of(call_), arena),
                        bytes_max);
    }
    return json + '}';
}

std::string ContentOfCall::failure() const {
    const protocol::Response& response = call_.response();
    if (!response.failure) {
        return {};
    }
    std::string text = fmt::format("{}: {}", name_of(*response.failure), response.message);
    for (const FieldError& error : response.errors) {
        text += fmt::format("\n  {}: {} [{}]",
                            error.location.empty() ? "(all)" : to_string(error.location),
                            error.message, error.type);
    }
    if (call_.state.secrets != nullptr && !call_.state.secrets->details.empty()) {
        text += '\n' + call_.state.secrets->details;
    }
    return without_secrets(text);
}

void remember_secrets(ServerCall& call, const protocol::Call& request) {
    call.state.secrets = std::make_unique<CallSecrets>();
    model::collect_secrets(request_type_of(call), request.arguments,
                           call.state.policy->policy().keys, call.state.secrets->texts);
}

}  // namespace warren::runtime
