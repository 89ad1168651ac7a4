#include "runtime/stream_server.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"
#include "runtime/kept_bytes.hpp"
#include "runtime/stream_server_session.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>

namespace warren::runtime {
namespace {

constexpr std::size_t free_jobs_max = 1024;
// What the transport holds leaves without a word.
constexpr std::chrono::milliseconds look_again_after{10};
// Of what cannot be read, the first in so long is told.

}  // namespace

StreamServer::StreamServer(protocol::StreamDialect& dialect, StreamServerPort& port,
                           Dispatcher& dispatcher, Log& log, StreamServerOptions options)
    : dialect_{dialect},
      port_{port},
      dispatcher_{dispatcher},
      log_{log},
      options_{std::move(options)},
      lane_{dispatcher, port.executor(), std::move(options_.policy)},
      mailbox_{std::make_shared<Mailbox>(port.executor(), [this] { take_finished(); })},
      memory_{options_.in_flight_bytes_max},
      backlog_{options_.answers_bytes_per_connection_max, options_.answers_bytes_max} {
    WARREN_ASSERT(options_.in_flight_max > 0 && options_.in_flight_per_connection_max > 0 &&
                  options_.turn_output_bytes_max > 0);
}

StreamServer::~StreamServer() {
    mailbox_->close();
    mailbox_->take_all([this](std::unique_ptr<Mail> mail) {
        if (!mail->is_part) {
            leaves(static_cast<StreamJob&>(*mail));
        }
    });
    WARREN_ASSERT(in_flight_ == 0);
    for (const Place& place : places_) {
        if (place.session != nullptr) {
            place.session->orphan();
        }
    }
    for (const auto& timer : {stall_timer_, cancel_timer_, held_timer_}) {
        if (timer) {
            port_.executor().cancel(*timer);
        }
    }
}

std::unique_ptr<StreamSession> StreamServer::on_connected(StreamConnection& connection) {
    auto decoder = dialect_.make_quick_call_decoder(quick_bytes_max);
    if (free_places_.empty()) {
        free_places_.push_back(static_cast<std::uint32_t>(places_.size()));
        places_.emplace_back(options_.in_flight_bytes_per_connection_max, memory_.all);
    }
    const SessionId id{free_places_.back(), places_[free_places_.back()].generation};
    Place& place = places_[id.place];
    auto session = std::make_unique<StreamServerSession>(*this, connection, id, std::move(decoder),
                                                         dialect_.answer_order(), place.unsent);
    free_places_.pop_back();
    place.session = session.get();
    return session;
}

void StreamServer::forget(StreamServerSession& session) noexcept {
    session.on_unsent(0);
    Place& place = places_[session.id().place];
    place.session = nullptr;
    ++place.generation;
    free_places_.push_back(session.id().place);
}

StreamServerSession* StreamServer::find(SessionId id) noexcept {
    const Place& place = places_[id.place];
    return place.generation == id.generation ? place.session : nullptr;
}

void StreamServer::take(StreamServerSession& session, protocol::StreamCallDecoder& decoder,
                        std::size_t request_bytes) {
    with_job(session, decoder.ticket, [&](std::unique_ptr<StreamJob> job) {
        job->request_bytes = request_bytes;
        std::optional<Failure> refusal = refusal_of(session, job->wants_answer);
        if (!refusal) [[likely]] {
            refusal = hold_memory(*job);
        }
        if (refusal) [[unlikely]] {
            dispatcher_.refuse(std::move(job), std::move(*refusal), lane_);
        } else if (!decoder.call) [[unlikely]] {
            dispatcher_.refuse(std::move(job), std::move(decoder.call.error()), lane_);
        } else {
            decoder.call->metadata.caller = session.caller();
            job->values_bytes = memory_.values.used_bytes();
            dispatcher_.dispatch(std::move(job), *decoder.call, lane_);
        }
    });
}

void StreamServer::take_large(StreamServerSession& session,
                              const protocol::StreamCallDecoder& decoder,
                              std::span<const std::byte> request) {
    with_job(session, decoder.ticket, [&](std::unique_ptr<StreamJob> job) {
        job->request_bytes = request.size();
        if (std::optional<Failure> refusal = refusal_of(session, job->wants_answer)) {
            return dispatcher_.refuse(std::move(job), std::move(*refusal), lane_);
        }
        auto kept = job->keep(dialect_.make_call_decoder(), session.caller(), request);
        if (!kept) {
            return dispatcher_.refuse(std::move(job), std::move(kept.error()), lane_);
        }
        dispatcher_.dispatch_large(std::move(job), std::move(*kept), lane_);
    });
}

void StreamServer::answer_heartbeat(StreamServerSession& session,
                                    const protocol::StreamCallDecoder& decoder) {
    if (decoder.ticket.wants_answer) {
        dialect_.encode_answer(decoder.ticket, {.message = protocol::message_default},
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
                  decoder.ticket.wants_answer ? Unread::refused : Unread::dropped);
}

void StreamServer::refuse_unread(StreamServerSession& session, protocol::StreamCallDecoder& decoder,
                                 Unread consequence) {
    constexpr std::array<std::string_view, 3> lines{
        "a connection is closed, as no request can be read from it",
        "a message is dropped, as it is no request", "a message is refused, as it is no request"};
    const auto kind = static_cast<std::size_t>(consequence);
    Failure& failure = decoder.call.error();
    // Somebody who looks for the port's protocol would fill the log otherwise.
    const auto more = unread_lines_[kind].admit(port_.executor().now());
    log_.write(more ? LogLevel::info : LogLevel::debug,
               fmt::format("{}: {}: {}{}", lane_.policy().name, lines[kind],
                           core::text_for_display(to_string(failure)), more.value_or("")));
    if (decoder.ticket.wants_answer) {
        with_job(session, decoder.ticket, [&](std::unique_ptr<StreamJob> job) {
            dispatcher_.refuse(std::move(job), std::move(failure), lane_);
        });
    }
}

void StreamServer::refuse_overflow(StreamServerSession& session,
                                   const protocol::StreamCallDecoder& decoder) {
    with_job(session, decoder.ticket, [&](std::unique_ptr<StreamJob> job) {
        dispatcher_.refuse(
            std::move(job),
            overloaded("The messages of this peer that wait have as many bytes as they may"),
            lane_);
    });
}

template <typename Dispatch>
void StreamServer::with_job(StreamServerSession& session, const protocol::StreamTicket& ticket,
                            Dispatch&& dispatch) {
    std::unique_ptr<StreamJob> job = make_job(session, ticket);
    dispatching_ = &session;
    dispatch(std::move(job));
    memory_.forget_values();
}

std::unique_ptr<StreamJob> StreamServer::make_job(StreamServerSession& session,
                                                  const protocol::StreamTicket& ticket) {
    std::unique_ptr<StreamJob> job;
    if (free_.empty()) {
        job = std::make_unique<StreamJob>(*this, dialect_, mailbox_);
    } else {
        job = std::move(free_.back());
        free_.pop_back();
    }
    job->session = session.id();
    job->share = &session.share();
    job->memory = &places_[session.id().place].memory;
    job->ticket = ticket;
    job->reply_ticket = ticket;
    job->wants_answer = ticket.wants_answer;
    if (dispatcher_.shows_calls()) [[unlikely]] {
        job->peer_address = session.peer_address();
    }
    session.begin_call();
    ++in_flight_;
    return job;
}

void StreamServer::leaves(StreamJob& job) noexcept {
    --in_flight_;
    abandoned_ -= job.is_abandoned ? 1 : 0;
    job.held.give_back();
}

void StreamServer::answer_here(std::unique_ptr<StreamJob> job) noexcept {
    try {
        job->encode_reply(dispatching_->unix_ms(), dispatching_->output());
        dispatching_->end_message();
    } catch (const std::bad_alloc&) {
        dispatching_->end_unanswered();
    }
    dispatching_->end_call();
    leaves(*job);
    recycle(std::move(job));
}

void StreamServer::take_finished() {
    mailbox_->take_all([this](std::unique_ptr<Mail> mail) {
        if (mail->is_part) {
            return give_part(static_cast<const StreamPart&>(*mail));
        }
        std::unique_ptr<StreamJob> job{static_cast<StreamJob*>(mail.release())};
        leaves(*job);
        give_answer(*job, job->is_cancelled ? nullptr : find(job->session));
        recycle(std::move(job));
    });
    if (memory_.is_worth_trimming(backlog_.bytes())) [[unlikely]] {
        dispatcher_.trim_memory();
    }
    resume_held();
    check_drained();
}

void StreamServer::give_answer(const StreamJob& job, StreamServerSession* session) {
    if (session != nullptr && (!job.is_abandoned || session->has_order())) {
        session->end_call();
    }
    // A peer that is back, and asks again, would take it for the answer to that.
    const bool is_given = session != nullptr && !(job.is_abandoned && session->is_asked_again());
    if (!is_given) {
        backlog_.remove(*job.share, job.reply.size());
        if (job.ticket.wants_answer) {
            counters_.dropped_answers.fetch_add(1, std::memory_order_relaxed);
        }
    }
    if (session != nullptr) {
        session->answer(is_given ? std::string_view{job.reply} : std::string_view{});
    }
}

void StreamServer::give_part(const StreamPart& part) {
    if (StreamServerSession* const session = find(part.session)) {
        session->write(part.bytes);
    } else {
        backlog_.remove(*part.share, part.bytes.size());
    }
}

void StreamServer::recycle(std::unique_ptr<StreamJob> job) {
    if (free_.size() < free_jobs_max && job->arena.capacity_bytes() <= kept_bytes_max &&
        job->reply.capacity() <= kept_bytes_max) {
        job->reuse();
        free_.push_back(std::move(job));
    }
}

void StreamServer::stall(const StreamServerSession& session) {
    stalled_.push_back(session.id());
    if (!stall_timer_) {
        stall_timer_ = port_.executor().post_at(port_.executor().now(), [this] {
            stall_timer_.reset();
            resume_stalled();
        });
    }
}

void StreamServer::resume_stalled() {
    for (const SessionId id : std::exchange(stalled_, {})) {
        if (StreamServerSession* const session = find(id)) {
            session->resume();
        }
    }
}

void StreamServer::drain(std::move_only_function<void()> on_drained) {
    on_drained_.push_back(std::move(on_drained));
    if (!stopping_) {
        stopping_ = true;
        port_.stop_listening();
    }
    check_drained();
}

void StreamServer::stop_now(std::move_only_function<void()> on_drained) {
    abandoned_all_ = true;
    for (const Place& place : places_) {
        if (StreamServerSession* const session = place.session) {
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
                             lane_.policy().name, unsent);
}

void StreamServer::check_drained() {
    if (!stopping_ || in_flight_ != 0 || (!abandoned_all_ && backlog_.bytes() != 0)) {
        return;
    }
    if (!abandoned_all_ && port_.held_bytes() != 0) {
        if (!held_timer_) {
            held_timer_ =
                port_.executor().post_at(port_.executor().now() + look_again_after, [this] {
                    held_timer_.reset();
                    check_drained();
                });
        }
        return;
    }
    // They may destroy this server, and the port that is calling it.
    for (std::move_only_function<void()>& on_drained : std::exchange(on_drained_, {})) {
        port_.executor().post(std::move(on_drained));
    }
}

}  // namespace warren::runtime
