#include "runtime/server/stream_server.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"
#include "runtime/dispatch/kept_bytes.hpp"
#include "runtime/server/stream_server_session.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>

namespace warren::runtime {
namespace {

constexpr std::size_t free_calls_max = 1024;
// What the transport holds leaves without a word.
constexpr std::chrono::milliseconds look_again_after{10};

/// Where answers come in order nothing tells a request that is one-way from others.
StreamServerOptions with_order(StreamServerOptions options,
                               const protocol::StreamProtocol& protocol) {
    options.listener.runs_anyway =
        protocol.response_order() == protocol::ResponseOrder::as_requested;
    return options;
}

}  // namespace

StreamServer::StreamServer(protocol::StreamProtocol& protocol, StreamAcceptor& acceptor,
                           Dispatcher& dispatcher, Log& log, StreamServerOptions options)
    : speech_{std::make_shared<const StreamSpeech>(
          std::shared_ptr<protocol::StreamProtocol>{std::shared_ptr<void>{}, &protocol},
          std::move(options.signers))},
      acceptor_{acceptor},
      dispatcher_{dispatcher},
      log_{log},
      options_{with_order(std::move(options), protocol)},
      listener_{dispatcher, acceptor.executor(), std::move(options_.listener)},
      completions_{
          std::make_shared<CompletionQueue>(acceptor.executor(), [this] { collect_finished(); })},
      heartbeats_{acceptor.executor()},
      memory_{options_.limits.in_flight_bytes_max},
      backlog_{options_.limits.responses_bytes_per_connection_max,
               options_.limits.answers_bytes_max} {
    WARREN_ASSERT(options_.limits.in_flight_max > 0 &&
                  options_.limits.in_flight_per_connection_max > 0 &&
                  options_.turn_output_bytes_max > 0);
}

StreamServer::~StreamServer() {
    completions_->close();
    completions_->take_all([this](std::unique_ptr<CompletionEntry> entry) {
        if (entry->entry_kind == CompletionEntry::Kind::end) {
            leaves(static_cast<StreamServerCall&>(*entry));
        }
    });
    WARREN_ASSERT(in_flight_ == 0);
    for (const Slot& slot : slots_) {
        if (slot.session != nullptr) {
            slot.session->orphan();
        }
    }
    for (const auto& timer : {stall_timer_, cancel_timer_, unsent_timer_}) {
        if (timer) {
            listener_.executor().cancel(*timer);  // the acceptor may be gone
        }
    }
}

std::unique_ptr<StreamSession> StreamServer::on_connected(StreamConnection& connection) {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back(options_.limits.in_flight_bytes_per_connection_max, memory_.all);
    }
    const SessionId id{free_slots_.back(), slots_[free_slots_.back()].generation};
    Slot& slot = slots_[id.slot];
    auto session = std::make_unique<StreamServerSession>(
        *this, connection, id, speech_, speech_->protocol().response_order(), slot.unsent);
    free_slots_.pop_back();
    slot.session = session.get();
    return session;
}

void StreamServer::forget(StreamServerSession& session) noexcept {
    session.on_unsent(0);
    Slot& slot = slots_[session.id().slot];
    slot.session = nullptr;
    ++slot.generation;
    free_slots_.push_back(session.id().slot);
}

StreamServerSession* StreamServer::find(SessionId id) noexcept {
    const Slot& slot = slots_[id.slot];
    return slot.generation == id.generation ? slot.session : nullptr;
}

void StreamServer::take(StreamServerSession& session, protocol::StreamCallDecoder& decoder,
                        std::size_t request_bytes) {
    with_call(session, decoder.ticket, [&](std::unique_ptr<StreamServerCall> call) {
        call->request_bytes = request_bytes;
        std::optional<Failure> refusal = refusal_of(session, call->wants_response);
        if (!refusal) [[likely]] {
            refusal = hold_memory(*call);
        }
        if (refusal) [[unlikely]] {
            dispatcher_.refuse(std::move(call), std::move(*refusal), listener_);
        } else if (!decoder.call) [[unlikely]] {
            dispatcher_.refuse(std::move(call), std::move(decoder.call.error()), listener_);
        } else {
            decoder.call->metadata.caller = speech_->caller_of(decoder.ticket, session.caller());
            call->values_bytes = memory_.values.used_bytes();
            dispatcher_.dispatch(std::move(call), *decoder.call, listener_);
        }
    });
}

void StreamServer::accept_large(StreamServerSession& session,
                                const protocol::StreamCallDecoder& decoder,
                                std::span<const std::byte> request) {
    with_call(session, decoder.ticket, [&](std::unique_ptr<StreamServerCall> call) {
        call->request_bytes = request.size();
        if (std::optional<Failure> refusal = refusal_of(session, call->wants_response)) {
            return dispatcher_.refuse(std::move(call), std::move(*refusal), listener_);
        }
        auto kept = call->keep(speech_->protocol().make_call_decoder(), session.caller(), request);
        if (!kept) {
            return dispatcher_.refuse(std::move(call), std::move(kept.error()), listener_);
        }
        dispatcher_.dispatch_large(std::move(call), std::move(*kept), listener_);
    });
}

void StreamServer::send_heartbeat_response(StreamServerSession& session,
                                           const protocol::StreamCallDecoder& decoder) {
    if (decoder.ticket.wants_response) {
        session.protocol().encode_response(decoder.ticket, {.message = protocol::message_default},
                                           session.unix_ms(), session.output());
        session.end_message();
    }
}

void StreamServer::refuse_broken(StreamServerSession& session,
                                 protocol::StreamCallDecoder& decoder) {
    counters_.broken_streams.fetch_add(1, std::memory_order_relaxed);
    refuse_unread(session, decoder, Unread::closed);
}

void StreamServer::refuse_unreadable(StreamServerSession& session,
                                     protocol::StreamCallDecoder& decoder) {
    counters_.unreadable_messages.fetch_add(1, std::memory_order_relaxed);
    refuse_unread(session, decoder,
                  decoder.ticket.wants_response ? Unread::refused : Unread::dropped);
}

void StreamServer::refuse_unread(StreamServerSession& session, protocol::StreamCallDecoder& decoder,
                                 Unread consequence) {
    constexpr std::array<std::string_view, 3> lines{
        "a connection is closed, as no request can be read from it",
        "a message is dropped, as it is no request", "a message is refused, as it is no request"};
    const auto kind = static_cast<std::size_t>(consequence);
    Failure& failure = decoder.call.error();
    // Somebody who looks for the port's protocol would fill the log otherwise.
    const auto more = unread_lines_[kind].admit(acceptor_.executor().now());
    log_.write(more ? LogLevel::info : LogLevel::debug,
               fmt::format("{}: {}: {}{}", listener_.options().name, lines[kind],
                           core::text_for_display(to_string(failure)), more.value_or("")));
    if (decoder.ticket.wants_response) {
        with_call(session, decoder.ticket, [&](std::unique_ptr<StreamServerCall> call) {
            dispatcher_.refuse(std::move(call), std::move(failure), listener_);
        });
    }
}

void StreamServer::refuse_overflow(StreamServerSession& session,
                                   const protocol::StreamCallDecoder& decoder) {
    with_call(session, decoder.ticket, [&](std::unique_ptr<StreamServerCall> call) {
        dispatcher_.refuse(
            std::move(call),
            overloaded("The messages of this peer that wait have as many bytes as they may"),
            listener_);
    });
}

template <typename Dispatch>
void StreamServer::with_call(StreamServerSession& session, const protocol::StreamTicket& ticket,
                             Dispatch&& dispatch) {
    std::unique_ptr<StreamServerCall> call = make_call(session, ticket);
    dispatching_ = &session;
    dispatch(std::move(call));
    memory_.forget_values();
}

std::unique_ptr<StreamServerCall> StreamServer::new_call() {
    return std::make_unique<StreamServerCall>(*this, speech_, completions_);
}

std::unique_ptr<StreamServerCall> StreamServer::make_call(StreamServerSession& session,
                                                          const protocol::StreamTicket& ticket) {
    if (free_.empty()) [[unlikely]] {
        free_.push_back(new_call());
    }
    std::unique_ptr<StreamServerCall> call = std::move(free_.back());
    free_.pop_back();
    call->session = session.id();
    call->share = &session.share();
    call->memory = &slots_[session.id().slot].memory;
    call->ticket = ticket;
    call->reply_ticket = ticket;
    call->wants_response = ticket.wants_response;
    const bool is_intercepted = listener_.policy()->interceptors() != nullptr;
    if (dispatcher_.shows_calls() || is_intercepted) [[unlikely]] {
        call->peer_address = session.peer_address();
    }
    if (is_intercepted) [[unlikely]] {
        // Of what cannot be read, too.
        call->state.context.caller = call->arena.copy(session.caller());
    }
    session.begin_call();
    ++in_flight_;
    return call;
}

void StreamServer::leaves(StreamServerCall& call) noexcept {
    --in_flight_;
    if (call.heartbeats != 0) [[unlikely]] {
        heartbeats_.remove(call.heartbeats);
    }
    abandoned_ -= call.is_abandoned ? 1 : 0;
    if (call.held_bytes != 0) {
        call.memory->release_alone(std::exchange(call.held_bytes, 0));
    }
}

void StreamServer::respond_here(std::unique_ptr<StreamServerCall> call) noexcept {
    try {
        call->encode_response(dispatching_->unix_ms(), dispatching_->output());
        dispatching_->end_message();
    } catch (const std::bad_alloc&) {
        dispatching_->end_unanswered();
    }
    dispatching_->end_call();
    leaves(*call);
    recycle(std::move(call));
}

void StreamServer::collect_finished() {
    completions_->take_all([this](std::unique_ptr<CompletionEntry> entry) {
        if (entry->entry_kind == CompletionEntry::Kind::part) [[unlikely]] {
            return give_part(static_cast<const StreamPart&>(*entry));
        }
        if (entry->entry_kind == CompletionEntry::Kind::heartbeats) [[unlikely]] {
            return begin_heartbeats(static_cast<const HeartbeatsBegin&>(*entry));
        }
        std::unique_ptr<StreamServerCall> call{static_cast<StreamServerCall*>(entry.release())};
        leaves(*call);
        if (call->state.parts != nullptr) [[unlikely]] {
            forget_parts(*call);
        }
        send_response(*call, call->is_cancelled ? nullptr : find(call->session));
        recycle(std::move(call));
    });
    if (memory_.is_worth_trimming(backlog_.bytes())) [[unlikely]] {
        dispatcher_.trim_memory();
    }
    resume_held();
    check_drained();
}

void StreamServer::send_response(const StreamServerCall& call, StreamServerSession* session) {
    if (session != nullptr && (!call.is_abandoned || session->has_order())) {
        session->end_call();
    }
    // A peer that has moved, and asks again, would take it for the response to that.
    const bool is_given = session != nullptr && !session->take_moved_from();
    if (!is_given) {
        backlog_.remove(*call.share, call.reply.size());
        if (call.ticket.wants_response) {
            counters_.dropped_responses.fetch_add(1, std::memory_order_relaxed);
        }
    }
    if (session != nullptr) {
        session->response(is_given ? std::string_view{call.reply} : std::string_view{});
    }
}

void StreamServer::forget_parts(const StreamServerCall& call) noexcept {
    if (StreamServerSession* const session = find(call.session)) {
        session->forget_parts(call.ticket.id);
    }
}

void StreamServer::give_part(const StreamPart& part) {
    if (StreamServerSession* const session = find(part.session)) {
        if (part.flow != nullptr) {
            session->expect_credit(part.request_id, part.flow);
        }
        session->write(part.bytes);
    } else {
        backlog_.remove(*part.share, part.bytes.size());
    }
}

/// A connection that does not take what waits for it shows by that what there is to know.
void StreamServer::begin_heartbeats(const HeartbeatsBegin& begin) {
    auto& call = static_cast<StreamServerCall&>(begin.call);
    call.heartbeats = heartbeats_.add(
        begin.interval,
        [this, id = call.session, ticket = call.reply_ticket, speech = call.speech()] {
            StreamServerSession* const session = find(id);
            if (session == nullptr || session->has_unsent()) {
                return;
            }
            std::string bytes;
            speech->protocol().encode_response(ticket, {.kind = protocol::ResponseKind::heartbeat},
                                               unix_ms(), bytes);
            backlog_.add(session->share(), bytes.size());
            session->write(bytes);
        });
}

void StreamServer::recycle(std::unique_ptr<StreamServerCall> call) {
    // One that outlasted a renewal speaks as was right before.
    if (free_.size() < free_calls_max && call->speech() == speech_ &&
        call->arena.capacity_bytes() <= kept_bytes_max &&
        call->reply.capacity() <= kept_bytes_max) {
        call->reuse();
        free_.push_back(std::move(call));
    }
}

void StreamServer::drain(std::move_only_function<void()> on_drained) {
    on_drained_.push_back(std::move(on_drained));
    if (!stopping_) {
        stopping_ = true;
        acceptor_.stop_listening();
    }
    check_drained();
}

void StreamServer::stop_now(std::move_only_function<void()> on_drained) {
    abandoned_all_ = true;
    for (const Slot& slot : slots_) {
        if (StreamServerSession* const session = slot.session) {
            forget(*session);
            session->abandon();
        }
    }
    if (on_drained) {
        drain(std::move(on_drained));
    } else {
        drain([] {});
    }
}

std::string StreamServer::unfinished() const {
    const std::size_t unsent = unsent_bytes();
    return unsent == 0
               ? std::string{}
               : fmt::format("{}: answers that wait for a connection to take them: {} bytes",
                             listener_.options().name, unsent);
}

void StreamServer::check_drained() {
    if (!stopping_ || in_flight_ != 0 || (!abandoned_all_ && backlog_.bytes() != 0)) {
        return;
    }
    if (!abandoned_all_ && acceptor_.unsent_bytes() != 0) {
        if (!unsent_timer_) {
            unsent_timer_ =
                acceptor_.executor().post_at(acceptor_.executor().now() + look_again_after, [this] {
                    unsent_timer_.reset();
                    check_drained();
                });
        }
        return;
    }
    // They may destroy this server, and the port that is calling it.
    for (std::move_only_function<void()>& on_drained : std::exchange(on_drained_, {})) {
        acceptor_.executor().post(std::move(on_drained));
    }
}

}  // namespace warren::runtime
