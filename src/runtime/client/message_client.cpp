#include "runtime/client/message_client.hpp"

#include "protocol/compressed_body.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/reply_headers.hpp"
#include "protocol/returned_requests.hpp"
#include "runtime/dispatch/kept_bytes.hpp"

#include <chrono>
#include <utility>

namespace warren::runtime {
namespace {

/// After a lost connection servers have lost theirs, too, and get so long to come back.
constexpr std::chrono::seconds return_grace{5};

}  // namespace

MessageClient::MessageClient(Executor& executor, const protocol::MessageProtocol& protocol,
                             MessageClientOptions options)
    : ClientCalls{executor,
                  {options.in_flight_max, options.random, options.retry, options.key_random}},
      protocol_{protocol},
      options_{std::move(options)} {}

MessageClient::~MessageClient() {
    close();
}

void MessageClient::dispatch(ClientCall& call) {
    if (permanent_failure_) {
        return fail_unsent(call, unsent_failure(*permanent_failure_));
    }
    if (!is_ready_) {
        return waiting_.push(call);
    }
    if (blocked_) {
        if (call.when_blocked == WhenBlocked::fail) {
            return cannot_send(call, blocked_failure(options_.broker, *blocked_));
        }
        return waiting_.push(call);
    }
    // Whether the server is there tells why a method has no exchange to bind to. One whose server
    // is prepared for, and not the method, is not there either without its exchange.
    const bool binds_first = protocol_.preparation() == protocol::Preparation::of_server;
    if (binds_first ? bind_first(call) && is_served(call) : is_served(call) && bind_first(call)) {
        publish(call);
    }
}

std::string_view MessageClient::server_of(const ClientCall& call) const noexcept {
    return call.server.empty() ? std::string_view{options_.server} : call.server;
}

std::string_view MessageClient::prepared_of(const ClientCall& call) const noexcept {
    return protocol_.preparation() == protocol::Preparation::of_server ? server_of(call)
                                                                       : call.method;
}

/// out  false when the call waits for a binding or has failed
bool MessageClient::bind_first(ClientCall& call) {
    const std::string_view name = prepared_of(call);
    MethodBinding* binding = bindings_.find(name);
    if (binding != nullptr && binding->state == MethodBinding::State::bound) {
        return true;
    }
    std::vector<protocol::Binding> wanted;
    if (binding == nullptr || binding->state == MethodBinding::State::wanted) {
        wanted = protocol_.reply_bindings(name);
        if (wanted.empty()) {
            return true;
        }
    }
    if (binding == nullptr) {
        binding = bindings_.add(name);
    }
    if (binding == nullptr) {
        fail_unsent(call, {.code = Code::overloaded,
                           .message = "Not sent: this client calls " +
                                      std::to_string(MethodBindings::methods_max) +
                                      " methods or servers already, the limit (methods_max)"});
        return false;
    }
    binding->waiting.push(call);
    if (binding->state == MethodBinding::State::wanted) {
        binding->state = MethodBinding::State::requested;
        // Last, because it may be answered at once, and refused.
        transport_->bind_replies(binding->token, std::move(wanted));
    }
    return false;
}

void MessageClient::publish(ClientCall& call) {
    const std::uint64_t token = token_of(call);
    std::chrono::milliseconds left = time_left(call);
    if (left <= left.zero()) {
        return fail(call, deadline_failure_of(call));
    }
    const std::string_view return_key = call.wants_response ? transport_->return_key() : "";
    if (!return_key.empty()) {
        left = protocol::time_until_return(left);
    }
    const PendingCalls::CorrelationText correlation = pending().correlation_of(token);
    protocol::Call encoded{.method = call.method,
                           .style = call.style,
                           .arguments = call.arguments,
                           .correlation_id = {correlation.data(), correlation.size()},
                           .metadata = metadata_of(call, left)};
    // What a call that is forwarded says was when it was sent here, and of attempts elsewhere.
    encoded.metadata.attempt = options_.says_when_sent ? attempt_of(call) : 1;
    encoded.metadata.sent_at_ms = options_.says_when_sent && encoded.metadata.time_left
                                      ? std::optional{executor().unix_ms()}
                                      : std::nullopt;
    arena_.reset(kept_bytes_max);
    const std::string_view reply_to = call.wants_response ? std::string_view{reply_address_} : "";
    auto message = protocol_.encode_call(encoded, server_of(call), reply_to, arena_, body_);
    if (!message) {
        return fail_unsent(call, std::move(message.error()));
    }
    if (message->body.size() > options_.request_bytes_max) [[unlikely]] {
        return fail_unsent(
            call, protocol::oversized_request(message->body.size(),
                                              {.body_bytes_max = options_.request_bytes_max}));
    }
    if (options_.compression != format::Compression::none) {
        compress(call, *message);
    }
    if (options_.persistent.value_or(!call.wants_response || call.came_one_way)) {
        message->delivery_mode = protocol::persistent;
    }
    message->user_id = options_.user_id;
    if (!return_key.empty()) {
        protocol::add_return_key(return_key, *message, arena_);
    }
    set_stage(call, CallStage::sent);
    // Last, because the port may say at once what became of it.
    transport_->publish(token, *message);
}

void MessageClient::compress(const ClientCall& call, protocol::MessageView& request) {
    protocol::compress_body(options_.compression, format::compress_bytes_min_default, request,
                            compressed_);
    if (call.wants_response) {
        protocol::accept_compressed(options_.compression, request, arena_);
    }
}

void MessageClient::send_waiting() {
    // Not more than those that wait now: what waits again waits for something else.
    CallQueue due;
    due.append(waiting_);
    while (!due.empty()) {
        dispatch(due.pop());
    }
}

void MessageClient::on_ready(std::string_view reply_address) {
    is_ready_ = true;
    attempts_failed_ = 0;
    if (std::exchange(was_ready_, true)) {
        grace_until_ = now() + return_grace;
    }
    last_failure_.reset();
    permanent_failure_.reset();
    reply_address_ = reply_address;
    // Bindings that were asked for and not made are asked for again by the calls that wait.
    bindings_.each([this](MethodBinding& binding) {
        if (binding.state == MethodBinding::State::requested) {
            binding.state = MethodBinding::State::wanted;
            waiting_.append(binding.waiting);
        }
    });
    cancellations_sent_ = 0;
    send_cancellations();
    send_waiting();
}

void MessageClient::on_reply(const protocol::MessageView& reply) {
    const bool is_request = !reply.reply_to.empty() && reply.reply_to == reply_address_;
    auto returned = is_request ? protocol::returned_failure(reply, options_.broker) : std::nullopt;
    if (is_request && !returned) {
        // One of ours: its exchange copies what it gets to every queue, ours among them.
        return;
    }
    const PendingCalls::Token token = pending().find_correlation(reply.correlation_id);
    ClientCall* call = token != 0 ? pending().find(token) : nullptr;
    if (call == nullptr || stage_of(*call) == CallStage::queued || !call->wants_response) {
        drop_reply();
        return;
    }
    if (returned) {
        return attempt_failed(*call, std::move(*returned));
    }
    arena_.reset(kept_bytes_max);
    auto response = protocol_.decode_response(reply, arena_);
    if (!response) {
        attempt_failed(*call, std::move(response.error()));
    } else if (response->failure) {
        attempt_failed(*call, protocol::to_failure(*response));
    } else if (protocol::read_kind(reply, *response);
               response->kind != protocol::ResponseKind::end) {
        take_part(*call, *response, reply.body.size());
    } else {
        succeed(*call, *response);
    }
}

void MessageClient::on_accepted(std::uint64_t token) {
    if (ClientCall* call = pending().find(token)) {
        set_stage(*call, CallStage::accepted);
        if (!call->wants_response) {
            succeed(*call, {});
        }
    }
}

void MessageClient::on_returned(std::uint64_t token, const Failure& why) {
    ClientCall* const call = pending().find(token);
    if (call == nullptr) {
        return;
    }
    if (protocol_.preparation() == protocol::Preparation::of_server) {
        // Its server is gone: the next call asks whether it is back.
        MethodBinding* const binding = bindings_.find(server_of(*call));
        if (binding != nullptr && binding->state == MethodBinding::State::bound) {
            bindings_.remove(*binding);
        }
    }
    // What led to its server once may do so again: somebody deleted a binding, say.
    attempt_failed(*call, why);
}

void MessageClient::on_refused(std::uint64_t token, const Failure& why) {
    on_returned(token, why);
}

void MessageClient::on_dropped(std::uint64_t token) {
    if (ClientCall* call = pending().find(token)) {
        set_stage(*call, CallStage::queued);
        dispatch(*call);
    }
}

void MessageClient::on_bound(std::uint64_t token, const Failure* refused) {
    MethodBinding* binding = bindings_.find(token);
    if (binding == nullptr) {
        return;
    }
    CallQueue waiting;
    waiting.append(binding->waiting);
    if (refused != nullptr) {
        const Failure why = *refused;
        bindings_.remove(*binding);
        while (!waiting.empty()) {
            ClientCall& call = waiting.pop();
            cannot_send(call, unbound_failure(call, why));
        }
        return;
    }
    binding->state = MethodBinding::State::bound;
    while (!waiting.empty()) {
        dispatch(waiting.pop());
    }
}

void MessageClient::on_lost(const Failure& why, RepliesSurvive replies) {
    const bool was_connected = std::exchange(is_ready_, false);
    blocked_.reset();
    last_failure_ = why;
    forget_presences();
    pending().each([this, replies](PendingCalls::Token, ClientCall& call) {
        if (stage_of(call) != CallStage::queued) {
            lose(call, replies);
        }
    });
    if (!was_connected) {
        count_attempt(why);
    }
}

/// A request was sent, and the connection is gone.
void MessageClient::lose(ClientCall& call, RepliesSurvive replies) {
    // Of a one-way call there is nothing to come but the word that went with the connection.
    const bool may_still_end = replies == RepliesSurvive::yes && call.wants_response;
    // What the broker said that it has waits there, and so does its reply.
    if (may_still_end && stage_of(call) == CallStage::accepted) {
        return;
    }
    Failure why = lost_failure(options_.broker, stage_of(call), *last_failure_);
    if (!sends_again(call, why) && !may_still_end) {
        end(call, std::move(why));
    }
}

/// Calls wait for a connection as long as their client may.
void MessageClient::count_attempt(const Failure& why) {
    if (!options_.connect_attempts || ++attempts_failed_ < *options_.connect_attempts) {
        return;
    }
    const Failure failure = no_connection_failure(
        options_.broker, std::exchange(attempts_failed_, std::size_t{0}), why);
    pending().each([&](PendingCalls::Token, ClientCall& call) {
        if (stage_of(call) == CallStage::queued) {
            fail_unsent(call, failure);
        }
    });
}

void MessageClient::on_failed(const Failure& why) {
    is_ready_ = false;
    blocked_.reset();
    last_failure_ = why;
    permanent_failure_ = why;
    forget_presences();
    pending().each([this](PendingCalls::Token, ClientCall& call) {
        if (stage_of(call) == CallStage::queued) {
            return fail_unsent(call, unsent_failure(*permanent_failure_));
        }
        // A request that was sent may have had an effect, whatever keeps us out now.
        end(call, lost_failure(options_.broker, stage_of(call), *permanent_failure_));
    });
}

void MessageClient::on_blocked(std::string_view reason) {
    blocked_ = reason;
    pending().each([this](PendingCalls::Token, ClientCall& call) {
        if (stage_of(call) == CallStage::queued && call.when_blocked == WhenBlocked::fail) {
            cannot_send(call, blocked_failure(options_.broker, *blocked_));
        }
    });
}

void MessageClient::on_unblocked() {
    blocked_.reset();
    send_cancellations();
    if (is_ready_) {
        send_waiting();
    }
}

Failure MessageClient::deadline_failure_of(const ClientCall& call) const {
    const std::string progress = transport_ != nullptr ? transport_->progress() : std::string{};
    const ServerPresence* const presence = presences_.find(server_of(call));
    return deadline_failure(
        {.broker = options_.broker,
         .stage = stage_of(call),
         .is_connected = is_ready_,
         .last_failure = last_failure_ ? &*last_failure_ : nullptr,
         .blocked = blocked_ ? std::optional<std::string_view>{*blocked_} : std::nullopt,
         .wants_response = call.wants_response,
         .progress = progress,
         .attempt = last_failure_of(call),
         .unknown_why =
             presence != nullptr ? std::string_view{presence->unknown_why} : std::string_view{}},
        call.timeout);
}

}  // namespace warren::runtime
