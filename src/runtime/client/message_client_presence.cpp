#include "runtime/client/message_client.hpp"

#include <utility>

// A server that does not run may leave its queue behind, which takes requests that nobody handles.
namespace warren::runtime {
namespace {

/// So long nobody asks again, while calls are made; longer where the broker did not say.
constexpr std::chrono::seconds fresh_for{5};
constexpr std::chrono::seconds unknown_for{60};
/// Servers that have lost their connection as well are asked for again so often.
constexpr std::chrono::milliseconds return_pause{250};

}  // namespace

/// out  false when the call waits for the response
bool MessageClient::is_served(ClientCall& call) {
    if (options_.when_absent == WhenAbsent::wait || !call.wants_response) {
        return true;
    }
    ServerPresence* const presence = presences_.of(server_of(call));
    if (presence == nullptr || (presence->is_present && now() < presence->fresh_until)) {
        return true;
    }
    if (!presence->is_asked && !ask_for(*presence)) {
        return true;
    }
    // One that was there mostly still is.
    if (presence->is_present) {
        return true;
    }
    presence->waiting.push(call);
    return false;
}

bool MessageClient::ask_for(ServerPresence& presence) {
    presence.is_asked =
        transport_->count_consumers(presence.token, protocol_.server_queue(presence.server));
    return presence.is_asked;
}

void MessageClient::on_consumers(std::uint64_t token,
                                 const std::expected<std::uint32_t, Failure>& consumers) {
    ServerPresence* const presence = presences_.find(token);
    if (presence == nullptr || !is_ready_) {
        return;
    }
    presence->is_asked = false;
    presence->is_present = consumers.value_or(1) != 0;
    presence->is_confirmed = consumers.value_or(0) != 0;
    presence->unknown_why = consumers ? std::string{} : consumers.error().message;
    if (!presence->is_present && now() < grace_until_ && !presence->waiting.empty()) {
        presence->is_asked = true;
        executor().post_at(now() + return_pause, [weak = weak_from_this(), token] {
            const auto self = std::static_pointer_cast<MessageClient>(weak.lock());
            ServerPresence* const asked =
                self != nullptr && self->is_ready_ ? self->presences_.find(token) : nullptr;
            if (asked != nullptr && !self->ask_for(*asked)) {
                self->on_consumers(token, std::unexpected{Failure{}});
            }
        });
        return;
    }
    CallQueue waiting;
    waiting.append(presence->waiting);
    if (!presence->is_present) {
        return fail_all(waiting,
                        absent_failure(options_.broker, protocol_.server_queue(presence->server)));
    }
    presence->fresh_until = now() + (consumers ? fresh_for : unknown_for);
    while (!waiting.empty()) {
        dispatch(waiting.pop());
    }
}

/// Where each method has an exchange of its own, one that was never there says more of the method
/// than of a server that is known to be there.
Failure MessageClient::unbound_failure(const ClientCall& call, const Failure& why) {
    // One that says when to try again is about what is being made anew after a loss.
    if (why.code != Code::no_responder || why.retry_after ||
        options_.when_absent == WhenAbsent::wait ||
        protocol_.preparation() == protocol::Preparation::of_server ||
        protocol_.reply_bindings(call.method).empty()) {
        return why;
    }
    const ServerPresence* const presence = presences_.of(server_of(call));
    if (presence == nullptr || !presence->is_confirmed) {
        return why;
    }
    return {.code = Code::no_such_method,
            .message = "The server of the queue '" + protocol_.server_queue(presence->server) +
                       "' runs, and does not serve the method '" + std::string{call.method} +
                       "': " + std::string{name_of(why.code)} + ": " + why.message,
            .peer_text = why.peer_text};
}

/// What was known, and who waits to know, begins anew.
void MessageClient::forget_presences() {
    presences_.each([this](ServerPresence& presence) {
        presence.is_present = presence.is_confirmed = presence.is_asked = false;
        presence.unknown_why.clear();
        waiting_.append(presence.waiting);
    });
}

}  // namespace warren::runtime
