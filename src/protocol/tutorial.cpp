#include "protocol/tutorial.hpp"

#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "protocol/content.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/reply_headers.hpp"
#include "protocol/reply_limits.hpp"

#include <array>
#include <utility>
#include <vector>

namespace warren::protocol {
namespace {

constexpr std::string_view json_content_type = "application/json";
constexpr std::string_view content_type_text = "text/plain";

// Warren's clients say by this header that the body is an object of named arguments; without it
// an object is the one argument of a method that has one.
constexpr std::string_view arguments_header = "warren-arguments";
constexpr std::string_view arguments_named = "named";
// And by this one which argument the bare body is, as their callers named it: a method may have
// more arguments than the one given.
constexpr std::string_view argument_header = "warren-argument";

format::JsonLimits json_limits(const core::Limits& limits) noexcept {
    return {.depth_max = limits.nesting_depth_max,
            .value_count_max = limits.value_count_max,
            .numbers = format::JsonNumbers::python};
}

/// A body read as the protocol has it: JSON, or else text.
std::expected<Value, Failure> read_body(const MessageView& message, Arena& arena,
                                        const core::Limits& limits) {
    auto plain = plain_body(message, arena, limits);
    if (!plain) {
        return std::unexpected{std::move(plain.error())};
    }
    const std::string_view text = text_of(*plain);
    const std::string_view type = media_type(message.content_type);
    const bool is_json = is_json_type(type);
    if (is_json || !is_text_type(type)) {
        const auto value = format::json_decode(text, arena, json_limits(limits));
        if (value) {
            return *value;
        }
        // What breaks a limit is no plain text; what breaks the syntax may well be.
        if (is_json || value.error().type != "json_invalid") {
            return std::unexpected{refused_request(value.error())};
        }
    }
    if (!core::utf8_valid(text)) {
        return std::unexpected{refused_request("The body is not valid UTF-8", "string_unicode")};
    }
    return Value::text(text);
}

/// Write a value as `read_body` reads it.
/// out  the content type
/// err  what JSON cannot express; `body` is empty then
std::expected<std::string_view, format::EncodeError> write_body(const Value& value,
                                                                std::string& body,
                                                                const core::Limits& limits) {
    body.clear();
    if (value.is_text()) {
        body = value.as_text();
        return content_type_text;
    }
    if (auto written = format::json_encode(value, body, json_limits(limits)); !written) {
        return std::unexpected{std::move(written.error())};
    }
    return json_content_type;
}

Value bare_failure(const Response& response, Arena& arena) {
    const std::array members{Member{Value::text("code"), Value::text(name_of(*response.failure))},
                             Member{Value::text("message"), Value::text(response.message)},
                             Member{Value::text("errors"), to_value(response.errors, arena)},
                             Member{Value::text("data"), response.data.value_or(Value{})}};
    const std::array wrapped{
        Member{Value::text("error"), Value::map(arena.copy(std::span<const Member>{members}))}};
    return Value::map(arena.copy(std::span<const Member>{wrapped}));
}

class TutorialProtocol final : public MessageProtocol {
public:
    TutorialProtocol(std::string method, const core::Limits& limits)
        : method_{std::move(method)}, limits_{limits} {}

    std::string_view name() const noexcept override { return "tutorial"; }

    std::expected<Call, Failure> decode_call(const MessageView& request,
                                             Arena& arena) const override {
        auto argument = read_body(request, arena, limits_);
        if (!argument) {
            return std::unexpected{std::move(argument.error())};
        }
        const Value* named = request.headers.find(arguments_header);
        bool by_name = named != nullptr && *named == Value::text(arguments_named);
        if (const Value* name = request.headers.find(argument_header);
            name != nullptr && name->is_text()) {
            const Member only{*name, *argument};
            argument = Value::map(arena.copy(std::span<const Member>{&only, 1}));
            by_name = true;
        }
        const auto metadata = read_metadata(request);
        if (!metadata) {
            return std::unexpected{metadata.error()};
        }
        return Call{.method = method_,
                    .style = by_name ? model::ArgumentStyle::named : model::ArgumentStyle::bare,
                    .arguments = *argument,
                    .correlation_id = request.correlation_id,
                    .metadata = *metadata};
    }

    std::optional<MessageView> encode_response(const ReplyAddress& address,
                                               const Response& response, Arena& arena,
                                               std::string& body,
                                               std::string* unwritable) const override {
        if (address.reply_to.empty()) {
            return std::nullopt;
        }
        Response sent = response;
        auto content_type = write_body(content_of(sent, arena), body, limits_);
        if (!content_type) {
            report(content_type.error(), unwritable);
            sent = {.failure = Code::internal,
                    .message = unwritable_reply_message(content_type.error())};
            content_type = write_body(content_of(sent, arena), body, limits_);
        }
        return MessageView{.routing_key = address.reply_to,
                           .content_type = content_type.value_or(json_content_type),
                           .correlation_id = address.correlation_id,
                           .has_empty_correlation_id = address.has_empty_correlation_id,
                           .headers = failure_headers(sent, arena),
                           .body = bytes_of(body)};
    }

    Topology server_topology(const ServerTopologyOptions& options) const override {
        Queue queue{.name = options.server};
        apply(options.queue_overrides, queue);
        return {.queues = {std::move(queue)}};
    }

    std::expected<MessageView, Failure> encode_call(const Call& call, std::string_view server,
                                                    std::string_view reply_to, Arena& arena,
                                                    std::string& body) const override {
        if (auto refused = refuse_mixed(call)) {
            return std::unexpected{std::move(*refused)};
        }
        const std::optional<Value> single = single_argument(call);
        const Value argument = single.value_or(call.arguments);
        const auto content_type = write_body(argument, body, limits_);
        if (!content_type) {
            return std::unexpected{format::to_failure(content_type.error())};
        }
        MessageView request{.routing_key = server,
                            .content_type = *content_type,
                            .correlation_id = call.correlation_id,
                            .reply_to = reply_to,
                            .body = bytes_of(body)};
        if (call.style == model::ArgumentStyle::named) {
            const Member header =
                single ? Member{Value::text(argument_header), call.arguments.as_map().front().key}
                       : Member{Value::text(arguments_header), Value::text(arguments_named)};
            request.headers = Value::map(arena.copy(std::span<const Member>{&header, 1}));
        }
        write_metadata(call.metadata, request, arena);
        return request;
    }

    std::expected<Response, Failure> decode_response(const MessageView& reply,
                                                     Arena& arena) const override {
        auto value = read_body(reply, arena, limits_);
        std::optional<Failure> failure = read_failure_headers(reply.headers);
        if (failure) {
            if (const Value* error = value ? value->find("error") : nullptr; error != nullptr) {
                complete(*failure, *error);
            }
            return std::unexpected{std::move(*failure)};
        }
        if (!value) {
            if (auto refused = reply_over_limit(value.error().errors.front().type, limits_)) {
                return std::unexpected{std::move(*refused)};
            }
            return std::unexpected{
                Failure{.code = Code::internal,
                        .message = "The reply cannot be read: " + value.error().errors[0].message,
                        .peer_text = core::text_for_display(text_of(reply.body))}};
        }
        return Response{.data = *value};
    }

    std::vector<Binding> reply_bindings(std::string_view) const override { return {}; }

private:
    /// The one argument that the tutorial's own servers expect as the whole body.
    static std::optional<Value> single_argument(const Call& call) {
        switch (call.style) {
        case model::ArgumentStyle::bare:
            return call.arguments;
        case model::ArgumentStyle::positional:
            if (call.arguments.is_list() && call.arguments.as_list().size() == 1) {
                return call.arguments.as_list().front();
            }
            return std::nullopt;
        case model::ArgumentStyle::named:
            if (call.arguments.is_map() && call.arguments.as_map().size() == 1) {
                const Value& value = call.arguments.as_map().front().value;
                // Sent bare, an object would be taken for named arguments and a list for
                // positional ones.
                return value.is_map() || value.is_list() ? std::nullopt : std::optional{value};
            }
            return std::nullopt;
        case model::ArgumentStyle::mixed:
            return std::nullopt;
        }
        std::unreachable();
    }

    static Value content_of(const Response& response, Arena& arena) {
        return response.failure ? bare_failure(response, arena) : response.data.value_or(Value{});
    }

    static void complete(Failure& failure, const Value& error) {
        if (const Value* message = error.find("message");
            message != nullptr && message->is_text()) {
            failure.message = message->as_text();
        }
        if (const Value* errors = error.find("errors")) {
            failure.errors = read_errors(*errors);
        }
        if (const Value* data = error.find("data")) {
            failure.data = Dynamic{*data};
        }
    }

    std::string method_;
    core::Limits limits_;
};

}  // namespace

std::unique_ptr<MessageProtocol> make_tutorial_protocol(std::string method,
                                                        const core::Limits& limits) {
    return std::make_unique<TutorialProtocol>(std::move(method), limits);
}

}  // namespace warren::protocol
