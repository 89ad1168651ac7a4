#include "protocol/cyberfusion.hpp"

#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "protocol/content.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/reply_headers.hpp"
#include "protocol/reply_limits.hpp"

#include <array>
#include <utility>

namespace warren::protocol {
namespace {

constexpr std::string_view content_type_json = "application/json";
constexpr std::string_view unexpected_error_message = "An unexpected error occurred";
// All of a message that is too long for the headers; only then is it there.
constexpr std::string_view message_member = "warren-message";

/// Whether a body of this type can be a request. Absent counts as JSON, as the original takes it;
/// and text is what some libraries call a body that was given to them as text.
bool may_be_json(std::string_view content_type) {
    const std::string_view type = media_type(content_type);
    return type.empty() || is_json_type(type) || is_media_type(type, "text/plain");
}

Value body_of(bool success, std::string_view message, const Value& data, Arena& arena) {
    const std::array members{Member{Value::text("success"), Value::boolean(success)},
                             Member{Value::text("message"), Value::text(message)},
                             Member{Value::text("data"), data}};
    return Value::map(arena.copy(std::span<const Member>{members}));
}

/// What others than Warren's callers need not know.
Value unexpected_body(std::string_view message, Arena& arena) {
    const std::array members{Member{Value::text("success"), Value::boolean(false)},
                             Member{Value::text("message"), Value::text(unexpected_error_message)},
                             Member{Value::text("data"), Value{}},
                             Member{Value::text(message_member), Value::text(message)}};
    const bool fits = message.size() <= header_message_bytes_max;
    return Value::map(arena.copy(std::span<const Member>{members}.first(fits ? 3 : 4)));
}

Value errors_data(std::span<const FieldError> errors, Arena& arena) {
    const std::array members{Member{Value::text("errors"), to_value(errors, arena)}};
    return Value::map(arena.copy(std::span<const Member>{members}));
}

Value response_body(const Response& response, Arena& arena) {
    const Value data = response.data.value_or(Value{});
    if (!response.failure) {
        return body_of(true, response.message, data, arena);
    }
    switch (*response.failure) {
    case Code::invalid_request:
        return body_of(false, invalid_request_message, errors_data(response.errors, arena), arena);
    case Code::failed:
        return body_of(false, response.message, data, arena);
    case Code::no_such_method:
    case Code::no_responder:
    case Code::expired_in_queue:
    case Code::deadline_exceeded:
    case Code::connection_lost:
    case Code::broker_blocked:
    case Code::overloaded:
    case Code::unauthenticated:
    case Code::permission_denied:
    case Code::contract_mismatch:
    case Code::conflict:
    case Code::cancelled:
    case Code::outcome_unknown:
    case Code::reply_over_limit:
    case Code::internal:
        return unexpected_body(response.message, arena);
    }
    std::unreachable();
}

Failure unreadable(std::string message, const MessageView& reply) {
    return {.code = Code::internal,
            .message = std::move(message),
            .peer_text = core::text_for_display(text_of(reply.body))};
}

/// What a reply with success=false means, when no header of Warren's says it.
Failure failure_of(std::string_view message, const Value& data) {
    const Value* errors = data.find("errors");
    if (message == invalid_request_message && errors != nullptr) {
        return {.code = Code::invalid_request,
                .message = std::string{message},
                .errors = read_errors(*errors)};
    }
    if (message == unexpected_error_message && data.is_null()) {
        return {.code = Code::internal, .message = std::string{message}};
    }
    return {.code = Code::failed, .message = std::string{message}, .data = Dynamic{data}};
}

class CyberfusionProtocol final : public MessageProtocol {
public:
    explicit CyberfusionProtocol(const core::Limits& limits) : limits_{limits} {}

    std::string_view name() const noexcept override { return "cyberfusion"; }

    std::expected<Call, Failure> decode_call(const MessageView& request,
                                             Arena& arena) const override {
        auto plain = plain_body(request, arena, limits_);
        if (!plain) {
            return std::unexpected{std::move(plain.error())};
        }
        if (!may_be_json(request.content_type)) {
            return std::unexpected{refused_request(
                "The body must be JSON with content type 'application/json'", "content_type")};
        }
        const auto body = format::json_decode(text_of(*plain), arena, json_limits());
        if (!body) {
            return std::unexpected{refused_request(body.error())};
        }
        if (!body->is_map()) {
            return std::unexpected{refused_request("Input should be an object", "model_type")};
        }
        const auto metadata = read_metadata(request);
        if (!metadata) {
            return std::unexpected{metadata.error()};
        }
        return Call{.method = request.exchange,
                    .style = model::ArgumentStyle::named,
                    .arguments = *body,
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
        body.clear();
        Response sent = response;
        if (const auto written =
                format::json_encode(response_body(sent, arena), body, json_limits());
            !written) {
            report(written.error(), unwritable);
            body.clear();
            sent = {.failure = Code::internal,
                    .message = unwritable_reply_message(written.error())};
            // Constant ASCII text: this cannot fail.
            static_cast<void>(format::json_encode(response_body(sent, arena), body));
        }
        const bool direct = is_direct_reply(address.reply_to);
        return MessageView{
            .exchange = direct ? std::string_view{} : std::string_view{address.exchange},
            .routing_key = address.reply_to,
            .content_type = content_type_json,
            .correlation_id = address.correlation_id,
            .has_empty_correlation_id = address.has_empty_correlation_id,
            .headers = failure_headers(sent, arena),
            .body = bytes_of(body)};
    }

    Topology server_topology(const ServerTopologyOptions& options) const override {
        Topology topology;
        Queue queue{.name = options.server, .durable = true};
        apply(options.queue_overrides, queue);
        for (const std::string& method : options.methods) {
            topology.exchanges.push_back(exchange_for(method, options));
            topology.bindings.push_back(
                {.queue = options.server, .exchange = method, .routing_key = options.server});
        }
        topology.queues.push_back(std::move(queue));
        return topology;
    }

    std::expected<MessageView, Failure> encode_call(const Call& call, std::string_view server,
                                                    std::string_view reply_to, Arena& arena,
                                                    std::string& body) const override {
        if (auto refused = refuse_mixed(call)) {
            return std::unexpected{std::move(*refused)};
        }
        const bool nothing = call.arguments.is_null() ||
                             (call.arguments.is_list() && call.arguments.as_list().empty());
        if (!call.arguments.is_map() && !nothing) {
            return std::unexpected{Failure{
                .code = Code::invalid_request,
                .message = "The cyberfusion protocol takes arguments by name: give an object, "
                           "such as {\"name\": value}"}};
        }
        body.clear();
        if (const auto written =
                format::json_encode(nothing ? Value::map({}) : call.arguments, body, json_limits());
            !written) {
            return std::unexpected{format::to_failure(written.error())};
        }
        MessageView request{.exchange = call.method,
                            .routing_key = server,
                            .content_type = content_type_json,
                            .correlation_id = call.correlation_id,
                            .reply_to = reply_to,
                            .body = bytes_of(body)};
        write_metadata(call.metadata, request, arena);
        return request;
    }

    std::expected<Response, Failure> decode_response(const MessageView& reply,
                                                     Arena& arena) const override {
        if (auto refused = refuse_oversized_reply(reply, limits_)) {
            return std::unexpected{std::move(*refused)};
        }
        const auto plain = plain_body(reply, arena, limits_);
        if (!plain) {
            if (auto over = reply_over_limit(plain.error().errors.front().type, limits_)) {
                return std::unexpected{std::move(*over)};
            }
            return std::unexpected{unreadable(
                "The reply cannot be read: " + plain.error().errors.front().message, reply)};
        }
        const auto body = format::json_decode(text_of(*plain), arena, json_limits());
        if (!body) {
            if (auto refused = reply_over_limit(body.error().type, limits_)) {
                return std::unexpected{std::move(*refused)};
            }
            return std::unexpected{
                unreadable("The reply is not JSON: " + body.error().message, reply)};
        }
        const Value* success = body->find("success");
        const Value* message = body->find("message");
        const Value* data = body->find("data");
        if (success == nullptr || success->kind() != Value::Kind::boolean || message == nullptr ||
            !message->is_text()) {
            return std::unexpected{unreadable(
                "The reply is not an object with 'success', 'message' and 'data'", reply)};
        }
        const Value content = data != nullptr ? *data : Value{};
        if (success->as_boolean()) {
            return Response{.message = message->as_text(), .data = content};
        }
        if (std::optional<Failure> named = read_failure_headers(reply.headers)) {
            if (const Value* errors = content.find("errors");
                errors != nullptr && named->code == Code::invalid_request) {
                named->errors = read_errors(*errors);
            } else {
                const Value* const all = body->find(message_member);
                complete_message(
                    *named, all != nullptr && all->is_text() ? all->as_text() : message->as_text());
                named->data = Dynamic{content};
            }
            return std::unexpected{std::move(*named)};
        }
        return std::unexpected{failure_of(message->as_text(), content)};
    }

    std::vector<Binding> reply_bindings(std::string_view method) const override {
        return {{.exchange = std::string{method}, .routing_key_is_queue = true}};
    }

private:
    format::JsonLimits json_limits() const {
        return {.depth_max = limits_.nesting_depth_max,
                .value_count_max = limits_.value_count_max,
                .numbers = format::JsonNumbers::python};
    }

    static Exchange exchange_for(const std::string& method, const ServerTopologyOptions& options) {
        for (const Exchange& configured : options.exchanges) {
            if (configured.name == method) {
                return configured;
            }
        }
        Exchange exchange{.name = method};
        exchange.durable = options.exchange_overrides.durable.value_or(exchange.durable);
        exchange.auto_delete =
            options.exchange_overrides.auto_delete.value_or(exchange.auto_delete);
        return exchange;
    }

    core::Limits limits_;
};

}  // namespace

std::unique_ptr<MessageProtocol> make_cyberfusion_protocol(const core::Limits& limits) {
    return std::make_unique<CyberfusionProtocol>(limits);
}

}  // namespace warren::protocol
