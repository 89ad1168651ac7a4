#include "protocol/callme.hpp"

#include "protocol/callme_body.hpp"
#include "protocol/callme_exceptions.hpp"
#include "protocol/content.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/reply_headers.hpp"
#include "protocol/reply_limits.hpp"

#include <initializer_list>
#include <string>
#include <utility>

namespace warren::protocol {
namespace {

// What callme's own programs say of each message.
constexpr std::uint8_t persistent = 2;
constexpr std::uint8_t lowest_priority = 0;

CallmeForm form_of(CallmeFormat format, int pickle_protocol) noexcept {
    switch (format) {
    case CallmeFormat::pickle:
        return static_cast<CallmeForm>(pickle_protocol);
    case CallmeFormat::json:
        return CallmeForm::json;
    case CallmeFormat::msgpack:
        return CallmeForm::msgpack;
    }
    std::unreachable();
}

std::string joined(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) {
        text += part;
    }
    return text;
}

/// An exchange with the one queue behind it, which live and die together.
Topology pair_of(std::string exchange, std::string queue_name, const TopologyOverrides& overrides) {
    Queue queue{.name = std::move(queue_name), .auto_delete = true};
    apply(overrides, queue);
    Topology topology;
    topology.exchanges.push_back(
        {.name = exchange, .durable = queue.durable, .auto_delete = queue.auto_delete});
    topology.bindings.push_back({.queue = queue.name, .exchange = std::move(exchange)});
    topology.queues.push_back(std::move(queue));
    return topology;
}

/// What the headers say, which is exact but short, with what the body knows beside.
Failure completed(Failure named, const Failure& body, CallmeForm form) {
    if (!is_pickle(form)) {
        named.message = body.message;
        named.errors = body.errors;
        named.data = body.data;
        return named;
    }
    const Value args = body.data["args"];
    const bool has_text =
        args.is_list() && args.as_list().size() == 1 && args.as_list().front().is_text();
    if (named.code == Code::no_such_method) {
        return named;
    }
    for (const std::string_view whole :
         {has_text ? args.as_list().front().as_text() : std::string_view{},
          std::string_view{body.message}}) {
        if (whole.starts_with(named.message)) {
            named.message = whole;
            break;
        }
    }
    const Value type = body.data["type"];
    const bool is_type_error = named.code == Code::invalid_request && type.is_text() &&
                               type.as_text() != callme_exception_type({.failure = named.code});
    if (named.code == Code::failed || is_type_error) {
        named.data = body.data;
    }
    return named;
}

/// What a reply needs to know of its request: how it is written, and for what.
struct Remembered {
    CallmeForm form = CallmeForm::unknown;
    std::string_view method{};
};

Remembered read_state(std::string_view state) noexcept {
    return state.empty() ? Remembered{}
                         : Remembered{static_cast<CallmeForm>(state.front()), state.substr(1)};
}

class CallmeProtocol final : public MessageProtocol {
public:
    CallmeProtocol(CallmeFormat format, const core::Limits& limits, int pickle_protocol)
        : form_{form_of(format, pickle_protocol)}, limits_{limits} {}

    std::string_view name() const noexcept override { return "callme"; }

    std::expected<Call, Failure> decode_call(const MessageView& request,
                                             Arena& arena) const override {
        auto plain = plain_body(request, arena, limits_);
        if (!plain) {
            return std::unexpected{std::move(plain.error())};
        }
        const CallmeForm form = callme_form_of(request, form_);
        if (auto refused = refuse_form(form)) {
            return std::unexpected{std::move(*refused)};
        }
        auto call = read_callme_request(*plain, form, arena, limits_);
        if (call && call->method.size() > limits_.method_name_bytes_max) {
            return std::unexpected{
                refused_request("The function's name has more than " +
                                    std::to_string(limits_.method_name_bytes_max) +
                                    " bytes (method_name_bytes_max)",
                                "method_too_long")};
        }
        if (call) {
            auto metadata = read_metadata(request);
            if (!metadata) {
                return std::unexpected{std::move(metadata.error())};
            }
            call->correlation_id = request.correlation_id;
            call->metadata = *metadata;
        }
        return call;
    }

    void remember(const MessageView& request, const Call* call,
                  ReplyAddress& address) const override {
        const CallmeForm form = callme_form_of(request, form_);
        address.state.assign(1, static_cast<char>(is_known(form) ? form : form_));
        address.state += call != nullptr ? call->method : std::string_view{};
    }

    std::optional<MessageView> encode_response(const ReplyAddress& address,
                                               const Response& response, Arena& arena,
                                               std::string& body,
                                               std::string* unwritable) const override {
        if (address.reply_to.empty()) {
            return std::nullopt;
        }
        const auto [form, method] = read_state(address.state);
        body.clear();
        Response sent = response;
        if (const auto written = write_callme_reply(sent, method, form, arena, body); !written) {
            report(written.error(), unwritable);
            body.clear();
            sent = {.failure = Code::internal,
                    .message = "The reply holds a value that cannot be written"};
            // Constant ASCII text: this cannot fail.
            static_cast<void>(write_callme_reply(sent, method, form, arena, body));
        }
        const CallmeProperties properties = callme_properties(form);
        Value headers = failure_headers(sent, arena);
        return MessageView{.exchange = address.reply_to,
                           .content_type = properties.content_type,
                           .content_encoding = properties.content_encoding,
                           .correlation_id = address.correlation_id,
                           .has_empty_correlation_id = address.has_empty_correlation_id,
                           .priority = lowest_priority,
                           .headers = headers.is_null() ? Value::map({}) : headers,
                           .body = bytes_of(body)};
    }

    ReplyAddress address_of(const MessageView& reply) const override {
        ReplyAddress address{.reply_to = std::string{reply.exchange},
                             .correlation_id = std::string{reply.correlation_id}};
        remember(reply, nullptr, address);
        return address;
    }

    Topology server_topology(const ServerTopologyOptions& options) const override {
        Topology topology = pair_of(callme_exchange_of(options.server),
                                    callme_queue_of(options.server), options.queue_overrides);
        topology.replies_on = RepliesOn::own_channel;
        return topology;
    }

    std::expected<MessageView, Failure> encode_call(const Call& call, std::string_view server,
                                                    std::string_view reply_to, Arena& arena,
                                                    std::string& body) const override {
        if (server.empty() || server.size() > callme_server_id_bytes_max) {
            return std::unexpected{Failure{
                .code = Code::invalid_request,
                .message = server.empty()
                               ? "Not sent: name the server, in the address as server_id=ID or by "
                                 "target"
                               : "Not sent: the server's id is too long"}};
        }
        body.clear();
        if (const auto written = write_callme_request(call, form_, arena, body); !written) {
            return std::unexpected{format::to_failure(written.error())};
        }
        const CallmeProperties properties = callme_properties(form_);
        MessageView encoded{.exchange = arena.copy(std::string_view{callme_exchange_of(server)}),
                            .content_type = properties.content_type,
                            .content_encoding = properties.content_encoding,
                            .correlation_id = call.correlation_id,
                            .reply_to = reply_to,
                            .delivery_mode = persistent,
                            .priority = lowest_priority,
                            .headers = Value::map({}),
                            .body = bytes_of(body)};
        write_metadata(call.metadata, encoded, arena);
        return encoded;
    }

    std::expected<Response, Failure> decode_response(const MessageView& reply,
                                                     Arena& arena) const override {
        if (auto refused = refuse_oversized_reply(reply, limits_)) {
            return std::unexpected{std::move(*refused)};
        }
        std::optional<Failure> named = read_failure_headers(reply.headers);
        const CallmeForm form = callme_form_of(reply, form_);
        if (auto refused = refuse_form(form)) {
            return std::unexpected{named ? std::move(*named)
                                         : Failure{.code = Code::internal,
                                                   .message = "The reply cannot be read: " +
                                                              refused->errors.front().message}};
        }
        const auto plain = plain_body(reply, arena, limits_);
        if (auto over = plain ? std::nullopt
                              : reply_over_limit(plain.error().errors.front().type, limits_)) {
            return std::unexpected{std::move(*over)};
        }
        auto response =
            plain ? read_callme_reply(*plain, form, arena, limits_)
                  : std::unexpected{Failure{.code = Code::internal,
                                            .message = "The reply cannot be read: " +
                                                       plain.error().errors.front().message}};
        if (named) {
            return std::unexpected{response ? std::move(*named)
                                            : completed(std::move(*named), response.error(), form)};
        }
        return response;
    }

    std::string server_queue(std::string_view server) const override {
        return callme_queue_of(server);
    }
    /// A request for an exchange that is missing closes the channel, and drags others along.
    Preparation preparation() const noexcept override { return Preparation::of_server; }
    std::vector<Binding> reply_bindings(std::string_view server) const override {
        if (server.empty() || server.size() > callme_server_id_bytes_max) {
            return {};  // `encode_call` says what is wrong
        }
        return {{.exchange = callme_exchange_of(server)}};
    }

private:
    bool is_known(CallmeForm form) const noexcept {
        return form != CallmeForm::unknown && (is_pickle(form_) || !is_pickle(form));
    }

    std::optional<Failure> refuse_form(CallmeForm form) const {
        if (is_known(form)) {
            return std::nullopt;
        }
        return refused_request(
            is_pickle(form)
                ? "A pickle is not read here (format): send application/json or application/msgpack"
                : "The content type should be application/json, application/msgpack or "
                  "application/x-python-serialize",
            "content_type");
    }

    CallmeForm form_;
    core::Limits limits_;
};

}  // namespace

std::string callme_queue_of(std::string_view server_id) {
    return joined({"server_", server_id, "_queue"});
}

std::string callme_exchange_of(std::string_view server_id) {
    return joined({"server_", server_id, "_ex"});
}

MakeReplyTopology callme_reply_topology(std::string user, TopologyOverrides overrides) {
    return [user = std::move(user), overrides = std::move(overrides)](std::string_view unique) {
        ReplyTopology made{.address = joined({"client_", user, "_ex_", unique})};
        made.topology =
            pair_of(made.address, joined({"client_", user, "_queue_", unique}), overrides);
        Queue& queue = made.topology.queues.front();
        if (!queue.exclusive && (queue.durable || !queue.auto_delete)) {
            // Its name is never used again: somebody has to clear it away, also where a restart of
            // the broker left it without the consumer that it would go with.
            apply({.arguments = abandoned_queue_arguments()}, queue);
        }
        made.topology.exchanges.front().auto_delete = true;
        return made;
    };
}

std::unique_ptr<MessageProtocol> make_callme_protocol(CallmeFormat format,
                                                      const core::Limits& limits,
                                                      int pickle_protocol) {
    return std::make_unique<CallmeProtocol>(format, limits, pickle_protocol);
}

}  // namespace warren::protocol
