#include "runtime/client/stream_client.hpp"

#include "runtime/client/client_failures.hpp"
#include "runtime/client/stream_client_failures.hpp"
#include "runtime/server_end.hpp"

#include <utility>

namespace warren::runtime {

StreamClient::StreamClient(Executor& executor,
                           std::shared_ptr<const protocol::StreamProtocol> protocol,
                           const StreamClientOptions& options)
    : ClientCalls{executor,
                  {options.in_flight_max, options.random, options.retry, options.key_random}},
      protocol_{std::move(protocol)},
      options_{options} {}

StreamClient::~StreamClient() {
    StreamClient::close();
}

void StreamClient::attach(StreamConnector& connector) {
    connector_ = &connector;
    pool_.emplace(connector, protocol_->response_order(), options_.pool, seed_of(options_.random));
    has_choice_ = pool_->has_choice();
    if (!waiting_.empty()) {
        send_waiting();
    }
}

void StreamClient::close() {
    ClientCalls::close();
    if (connect_timer_at_) {
        executor().cancel(connect_timer_);
        connect_timer_at_.reset();
    }
    executor().cancel(health_timer_);
    while (!sessions_.empty()) {
        drop(*sessions_.back());
    }
}

void StreamClient::dispatch(ClientCall& call) {
    StreamClientSession* const session = pool_ ? pool_->next(now()) : nullptr;
    if (session != nullptr) {
        send(call, *session);
    } else {
        waiting_.push(call);
    }
    if (pool_ && (!waiting_.empty() || pool_->is_incomplete())) {
        connect_due();
    }
}

void StreamClient::send(ClientCall& call, StreamClientSession& session) {
    const std::chrono::milliseconds left = time_left(call);
    if (left <= left.zero()) {
        return fail(call, deadline_failure_of(call));
    }
    if (!call.wants_response) {
        return send_one_way(call, session, left);
    }
    CallSlots::Slot& slot = session.slots.add(token_of(call));
    if (auto written = write(call, session, slot.ticket, left); !written) {
        session.slots.remove(slot);
        return fail(call, std::move(written.error()));
    }
    call.session_ = &session;
    call.id_ = slot.ticket.id;
    set_stage(call, CallStage::sent);
    if (has_choice_) {
        if (session.slots.size() == 1) {
            session.owes_since = now();
        }
        watch();
    }
}

void StreamClient::send_one_way(ClientCall& call, StreamClientSession& session,
                                std::chrono::milliseconds left) {
    if (session.connection().unsent_bytes() > options_.one_way_unsent_bytes_max) {
        return fail(call, unread_failure(connector_->display(session.address()),
                                         options_.one_way_unsent_bytes_max));
    }
    protocol::StreamTicket ticket{.wants_response = false};
    auto written = write(call, session, ticket, left);
    if (written) {
        succeed(call, {});
    } else {
        fail(call, std::move(written.error()));
    }
}

/// Put a request into a connection's output.
std::expected<void, Failure> StreamClient::write(ClientCall& call, StreamClientSession& session,
                                                 protocol::StreamTicket& ticket,
                                                 std::chrono::milliseconds left) {
    const protocol::Call encoded{.method = call.method,
                                 .style = call.style,
                                 .arguments = call.arguments,
                                 .metadata = metadata_of(call, left)};
    std::string& output = session.connection().output();
    const std::size_t output_before = output.size();
    auto written = protocol_->encode_call(encoded, ticket, unix_ms(), output);
    if (written) {
        set_request_bytes(call, output.size() - output_before);
        session.connection().end_message();
        session.connection().touch();
    }
    return written;
}

void StreamClient::send_waiting() {
    while (!waiting_.empty()) {
        StreamClientSession* const session = pool_->next(now());
        if (session == nullptr) {
            break;
        }
        send(waiting_.pop(), *session);
    }
    connect_due();
}

void StreamClient::connect_due() {
    if (is_closed()) {
        return;
    }
    pool_->connect_due(now(), waiting_.size());
    if (!waiting_.empty()) {
        arm_connect_timer();
    }
}

/// As with deadlines, a timer that is set for an earlier time stays.
void StreamClient::arm_connect_timer() {
    const std::optional<TimePoint> next = pool_->next_attempt(now());
    if (!next || (connect_timer_at_ && *connect_timer_at_ <= *next)) {
        return;
    }
    if (connect_timer_at_) {
        executor().cancel(connect_timer_);
    }
    connect_timer_at_ = next;
    connect_timer_ = executor().post_at(*next, [this] {
        connect_timer_at_.reset();
        if (!waiting_.empty()) {
            connect_due();
        }
    });
}

std::unique_ptr<StreamSession> StreamClient::on_connected(std::uint64_t token,
                                                          StreamConnection& connection) {
    const std::size_t address = pool_->on_connected(token);
    StreamClientSession::Owner& owner = *this;
    auto session = std::make_unique<StreamClientSession>(owner, connection, address, protocol_);
    if (is_closed()) {
        session->drop();
        return session;
    }
    stream_counters_.connects.fetch_add(1, std::memory_order_relaxed);
    log_line(LogLevel::info, "connected to " + connector_->display(address));
    stream_counters_.connections.fetch_add(1, std::memory_order_relaxed);
    sessions_.push_back(session.get());
    put_on_trial(*session);
    pool_->add(*session);
    send_waiting();
    return session;
}

void StreamClient::on_connect_failed(std::uint64_t token, const Failure& why, RetryClass retry) {
    pool_->on_connect_failed(token, why, retry, now());
    stream_counters_.connect_failures.fetch_add(1, std::memory_order_relaxed);
    log_line(retry == RetryClass::permanent ? LogLevel::error : LogLevel::warning, to_string(why));
    if (pool_->is_hopeless()) {
        fail_waiting();
    }
    if (!waiting_.empty()) {
        send_waiting();
    }
}

void StreamClient::fail_waiting() {
    const Failure why = pool_->failure();
    pool_->begin_anew();
    while (!waiting_.empty()) {
        fail_unsent(waiting_.pop(), why);
    }
}

void StreamClient::on_response(StreamClientSession& session, std::uint64_t token,
                               std::expected<protocol::Response, Failure> response) {
    ClientCall& call = *pending().find(token);
    pool_->on_answered(session);
    call.session_ = nullptr;
    if (response) {
        succeed(call, *response);
    } else {
        if (says_that_server_ends(response.error())) [[unlikely]] {
            leave_ending_server(session, response.error());
        } else if (response.error().code == Code::overloaded && response.error().retry_after) {
            pool_->avoid(session, now() + *response.error().retry_after);
        }
        attempt_failed(call, std::move(response.error()));
    }
}

/// What it has begun it still answers. Other calls wait for a connection to the next server, or to
/// another: sent here once more they would use up their attempts while it ends.
void StreamClient::leave_ending_server(StreamClientSession& session, Failure& why) {
    const auto pause = std::exchange(why.retry_after, std::nullopt);
    if (session.is_retired) {
        return;
    }
    session.is_retired = true;  // and dropped at the end of this input, if it owes nothing
    session.forget_probe();
    pool_->remove(session, now());
    if (!connector_->finds_next_server()) {
        pool_->stay_away(session.address(), now() + pause.value_or(std::chrono::milliseconds{0}));
    }
}

void StreamClient::on_part(std::uint64_t token, const protocol::Response& part, std::size_t bytes) {
    take_part(*pending().find(token), part, bytes);
}

void StreamClient::send_credit(ClientCall& call, std::uint64_t bytes_done) {
    if (call.session_ != nullptr) {
        StreamConnection& connection = call.session_->connection();
        protocol_->encode_credit(call.id_, bytes_done, unix_ms(), connection.output());
        connection.end_message();
        connection.touch();
    }
}

void StreamClient::on_stray_response(StreamClientSession&) {
    drop_reply();
}

void StreamClient::on_unreadable(StreamClientSession& session, const Failure& why) {
    drop_reply();
    session.unread = why.message;
    log_line(LogLevel::warning, connector_->display(session.address()) + ": " + why.message);
}

void StreamClient::on_input_early_flush() {
    accept_held();
    hold_submissions();
}

void StreamClient::on_input_end(StreamClientSession& session) {
    accept_held();
    if (session.is_retired && session.slots.empty()) {
        drop(session);
    }
    if (!waiting_.empty()) {
        send_waiting();
    }
}

void StreamClient::on_broken(StreamClientSession& session, const Failure& why) {
    const Failure failure = stream_broken_failure(connector_->display(session.address()), why);
    session.forget_probe();
    fail_trial(session, why);
    drop(session);
    session.slots.drain([&](std::uint64_t token) {
        ClientCall& call = *pending().find(token);
        call.session_ = nullptr;
        attempt_failed(call, failure);
    });
    if (!waiting_.empty()) {
        send_waiting();
    }
}

void StreamClient::on_lost(StreamClientSession& session, const Failure& why) {
    stream_counters_.connections_lost.fetch_add(1, std::memory_order_relaxed);
    session.forget_probe();
    const bool was_used = !session.slots.empty();
    const std::string where = connector_->display(session.address());
    const Failure failure = session.has_answered() ? lost_failure(where, CallStage::sent, why)
                                                   : unanswered_failure(where, why);
    log_line(LogLevel::warning, "the connection to " + where + " is lost: " + why.message);
    fail_trial(session, why);
    leave(session);
    session.slots.drain([&](std::uint64_t token) {
        ClientCall& call = *pending().find(token);
        call.session_ = nullptr;
        attempt_failed(call, failure);
    });
    // One that nobody used was in nobody's way either, and is made anew for the next call.
    if (was_used || !waiting_.empty()) {
        send_waiting();
    }
}

/// A connection gets no more calls, and nobody waits for its end.
void StreamClient::leave(StreamClientSession& session) {
    pool_->remove(session, now());
    if (std::erase(sessions_, &session) != 0) {
        stream_counters_.connections.fetch_sub(1, std::memory_order_relaxed);
    }
}

void StreamClient::drop(StreamClientSession& session) {
    leave(session);
    session.drop();
}

void StreamClient::forget(ClientCall& call) noexcept {
    StreamClientSession* const session = std::exchange(call.session_, nullptr);
    if (session == nullptr) {
        return;
    }
    if (CallSlots::Slot* const slot = session->slots.find(call.id_)) {
        session->slots.remove(*slot);
    }
    notify_cancelled(call, *session);
    if (is_closed()) {
        return;
    }
    const bool is_due = time_left(call) <= std::chrono::milliseconds{0};
    if (has_choice_ && is_due && session->last_life_at() + call.timeout <= now()) {
        suspect(*session);
    }
    if (session->is_in_order()) {
        // The next answer on it is this call's, whoever asks.
        drop(*session);
    } else {
        check_silence(*session, call);
    }
    if (!waiting_.empty()) {
        connect_due();
    }
}

/// So that the server lets go of it, and of its place. One that reads nothing hears nothing.
void StreamClient::notify_cancelled(const ClientCall& call, StreamClientSession& session) {
    StreamConnection& connection = session.connection();
    if (connection.unsent_bytes() <= options_.one_way_unsent_bytes_max &&
        protocol_->encode_cancellation(
            call.id_,
            call.runs_anyway ? protocol::Cancelled::if_begun : protocol::Cancelled::always,
            unix_ms(), connection.output())) {
        connection.end_message();
        connection.touch();
    }
}

void StreamClient::log_line(LogLevel level, std::string line) {
    if (options_.log != nullptr && line != last_line_) {
        last_line_ = std::move(line);
        options_.log->write(level, last_line_);
    }
}

Failure StreamClient::deadline_failure_of(const ClientCall& call) const {
    const bool is_sent = call.session_ != nullptr;
    std::string where = "the server";
    if (connector_ != nullptr) {
        where = is_sent ? connector_->display(call.session_->address()) : pool_->display();
    }
    const std::string progress =
        connector_ == nullptr || is_sent ? std::string{} : connector_->progress();
    return stream_deadline_failure({.where = where,
                                    .is_sent = is_sent,
                                    .is_connected = pool_ && pool_->has_connections(),
                                    .is_busy = pool_ && pool_->is_busy(),
                                    .attempt = call.last_failure_.get(),
                                    .connect = pool_ ? pool_->last_failure() : nullptr,
                                    .progress = progress,
                                    .unread = is_sent && !call.session_->has_answered()
                                                  ? std::string_view{call.session_->unread}
                                                  : std::string_view{}},
                                   call.timeout);
}

/// Read once in a turn of the loop.
std::int64_t StreamClient::unix_ms() {
    if (const TimePoint turn = now(); turn != unix_ms_at_) {
        unix_ms_at_ = turn;
        unix_ms_ = executor().unix_ms();
    }
    return unix_ms_;
}

}  // namespace warren::runtime
