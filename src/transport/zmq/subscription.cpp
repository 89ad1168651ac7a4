#include "transport/zmq/subscription.hpp"

#include "core/duration.hpp"
#include "runtime/backoff.hpp"
#include "transport/zmq/turn.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <utility>

namespace warren::transport {
namespace {

using std::chrono::milliseconds;

constexpr runtime::BackoffOptions backoff{.first = milliseconds{100}, .max = milliseconds{5'000}};

}  // namespace

ZmqSubscription::~ZmqSubscription() {
    home_.executor.forget(*this);
    home_.executor.cancel(silence_timer_);
    home_.executor.cancel(dial_timer_);
    if (link_ != nullptr) {
        link_->set_user(nullptr);
        home_.counters.connections.subtract();
    }
}

std::expected<void, Failure> ZmqSubscription::start(const std::string& endpoint) {
    auto parsed = parse_zmq_endpoint(endpoint, home_.options.side);
    if (!parsed) {
        return std::unexpected{std::move(parsed.error())};
    }
    endpoint_ = std::move(*parsed);
    if (home_.options.side == ZmqSide::bind) {
        return bind();
    }
    dial();
    return {};
}

std::expected<void, Failure> ZmqSubscription::bind() {
    auto binding = ZmqBinding::open(home_.executor,
                                    {.socket_type = ZMQ_SUB,
                                     .endpoints = {endpoint_.text},
                                     .side = ZmqSide::bind,
                                     .security = home_.options.security,
                                     .limits = home_.options.limits,
                                     .log = home_.options.log},
                                    home_.counters);
    if (!binding) {
        return std::unexpected{std::move(binding.error())};
    }
    binding_ = std::move(*binding);
    endpoint_.text = binding_->endpoints().front();
    open(binding_->socket());
    return {};
}

void ZmqSubscription::dial() {
    dialer_ = std::make_unique<ZmqDialer>(
        home_.executor, home_.link, endpoint_,
        [this](ZmqDialer::Dialled result) { dialled(std::move(result)); });
}

void ZmqSubscription::dial_later() {
    dial_timer_ = home_.executor.post_at(
        home_.executor.now() + runtime::backoff_after(++failures_, backoff, random_),
        [this] { dial(); });
}

void ZmqSubscription::dialled(ZmqDialer::Dialled result) {
    dialer_.reset();
    if (!result) {
        const ConnectFailure& why = result.error();
        const bool is_refused = why.retry == RetryClass::permanent;
        if (is_refused) {
            home_.counters.handshake_failures.add();
        }
        log_line(is_refused ? LogLevel::error : LogLevel::warning, to_string(why.failure));
        return dial_later();
    }
    link_ = std::move(*result);
    link_->set_user(this);
    home_.counters.accepted.add();
    home_.counters.connections.add();
    log_line(LogLevel::info, "subscribed to " + endpoint_.text);
    open(link_->socket());
    watch_silence();
}

void ZmqSubscription::open(ZmqSocket& socket) {
    socket_ = &socket;
    lost_ = false;
    paused_ = false;
    heard_at_ = home_.executor.now();
    ZmqWatch::User& user = *this;
    watch_.emplace(home_.executor, socket, user);
    begin_session();
}

void ZmqSubscription::begin_session() {
    renewing_ = false;
    paused_ = false;
    kept_.clear();
    session_ = home_.sink->on_connected(*this);
}

void ZmqSubscription::end_session(const Failure& why) {
    if (const auto session = std::exchange(session_, nullptr)) {
        session->on_closed(why);
    }
}

void ZmqSubscription::on_event(const ZmqEvent& event) {
    if (event.what == ZMQ_EVENT_DISCONNECTED) {
        // What was published before may still be there.
        lost_ = true;
        touch();
    }
}

void ZmqSubscription::touch() {
    if (!std::exchange(iteration_end_asked_, true)) {
        home_.executor.at_iteration_end(*this);
    }
}

void ZmqSubscription::resume() {
    paused_ = false;
    touch();
}

/// The session has enough of what it gets; the next one may fare better, on the same socket.
void ZmqSubscription::close_after_output() {
    renewing_ = true;
    touch();
}

void ZmqSubscription::on_loop_iteration() {
    iteration_end_asked_ = false;
    if (!output_.empty()) {
        home_.counters.dropped_messages.add();
        output_.clear();
        if (session_ != nullptr) {
            session_->on_unsent(0);
        }
    }
    if (renewing_ && session_ != nullptr) {
        end_session({.code = Code::connection_lost, .message = "Closed on this side"});
    }
    if (renewing_ && !stopping_ && socket_ != nullptr) {
        begin_session();
    }
    receive();
    if (lost_ && !iteration_end_asked_ && !paused_) {
        lose(endpoint_.text + " closed the connection, or fell silent");
        dial_later();
    }
}

/// The link is gone; its session hears of it.
void ZmqSubscription::lose(std::string why) {
    log_line(LogLevel::warning, why);
    home_.executor.cancel(silence_timer_);
    watch_.reset();
    socket_ = nullptr;
    lost_ = false;
    link_->set_user(nullptr);
    link_.reset();
    home_.counters.connections.subtract();
    home_.counters.reconnects.add();
    end_session({.code = Code::connection_lost, .message = std::move(why)});
}

void ZmqSubscription::watch_silence() {
    const milliseconds timeout = home_.options.silence_timeout;
    if (timeout.count() == 0) {
        return;
    }
    silence_timer_ = home_.executor.post_at(heard_at_ + timeout, [this, timeout] {
        if (home_.executor.now() < heard_at_ + timeout || paused_ || stopping_) {
            heard_at_ = paused_ ? home_.executor.now() : heard_at_;
            return watch_silence();
        }
        lose(fmt::format("Nothing came from {} within {}: it is connected to anew", endpoint_.text,
                         core::to_string(timeout)));
        dial();
    });
}

/// Take what has come; if there is more, the rest in the next turn.
void ZmqSubscription::receive() {
    std::size_t bytes = 0;
    for (std::size_t count = 0; socket_ != nullptr && !stopping_ && !paused_ && !renewing_;
         ++count) {
        if (count == turn_messages || bytes >= turn_bytes) {
            return touch();
        }
        if (!kept_.empty()) {
            const std::string message = std::exchange(kept_, {});
            offer(std::as_bytes(std::span{message}));
        } else if (!socket_->receive(frame_)) {
            return;
        } else {
            bytes += frame_.size();
            take();
        }
    }
}

/// A message of several frames is for others: their publishers put a topic first.
void ZmqSubscription::take() {
    heard_at_ = home_.executor.now();
    failures_ = 0;
    if (frame_.more()) {
        while (frame_.more() && socket_->receive(frame_)) {
        }
        return home_.counters.malformed_messages.add();
    }
    home_.counters.messages_in.add();
    home_.counters.bytes_in.add(frame_.size());
    offer({static_cast<const std::byte*>(frame_.data()), frame_.size()});
}

void ZmqSubscription::offer(std::span<const std::byte> message) {
    if (session_ == nullptr) {
        return home_.counters.refused_messages.add();
    }
    const auto taken = session_->on_input(message);
    if (taken.bytes < message.size() && paused_) {
        const auto rest = message.subspan(taken.bytes);
        kept_.assign(reinterpret_cast<const char*>(rest.data()), rest.size());
    }
}

void ZmqSubscription::close(std::move_only_function<void()> closed) {
    stopping_ = true;
    home_.executor.cancel(silence_timer_);
    home_.executor.cancel(dial_timer_);
    dialer_.reset();
    watch_.reset();
    socket_ = nullptr;
    lost_ = false;
    if (link_ != nullptr) {
        link_->set_user(nullptr);
        link_.reset();
        home_.counters.connections.subtract();
    }
    end_session({.code = Code::connection_lost, .message = "The server ends"});
    if (binding_ != nullptr) {
        return binding_->close(std::move(closed));
    }
    home_.executor.post(std::move(closed));
}

void ZmqSubscription::log_line(LogLevel level, std::string line) {
    if (home_.options.log != nullptr && line != last_line_) {
        last_line_ = std::move(line);
        home_.options.log->write(level, last_line_);
    }
}

}  // namespace warren::transport
