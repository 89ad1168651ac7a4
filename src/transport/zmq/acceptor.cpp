#include "transport/zmq/acceptor.hpp"

#include "core/line_limit.hpp"
#include "core/while_alive.hpp"
#include "transport/zmq/binding.hpp"
#include "transport/zmq/envelope_reader.hpp"
#include "transport/zmq/peer_set.hpp"
#include "transport/zmq/turn.hpp"
#include "transport/zmq/watch.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <optional>
#include <utility>

namespace warren::transport {
namespace {

class ZmqAcceptorImpl final : public ZmqAcceptor,
                              private LoopIterationHook,
                              private ZmqWatch::User,
                              private ZmqPeerSet::Owner,
                              public std::enable_shared_from_this<ZmqAcceptorImpl> {
public:
    ZmqAcceptorImpl(AsioExecutor& executor, ZmqServerOptions options)
        : executor_{executor}, options_{std::move(options)}, peers_{*this, options_, counters_} {}
    ~ZmqAcceptorImpl() override { executor_.forget(*this); }

    std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink) override {
        sink_ = &sink;
        auto binding = ZmqBinding::open(
            executor_,
            {.socket_type = ZMQ_ROUTER,
             .endpoints = options_.endpoints,
             .side = options_.side,
             .security = options_.security,
             .limits = options_.limits,
             .log = options_.log,
             .changed = [this](const ZmqEvent& event) { peers_.handle_event(event); }},
            counters_);
        if (!binding) {
            return std::unexpected{std::move(binding.error())};
        }
        binding_ = std::move(*binding);
        ZmqWatch::User& user = *this;
        watch_.emplace(executor_, binding_->socket(), user);
        return {};
    }

    void close_all(std::move_only_function<void()> closed) override {
        closed_ = std::move(closed);
        closing_ = true;
        want_iteration_end();
    }

    AsioExecutor& executor() noexcept override { return executor_; }
    /// Peers can still connect, for the responses of those that are there would be lost with the
    /// endpoint: what they ask is the runtime's to refuse.
    void stop_listening() override {}
    std::size_t unsent_bytes() const noexcept override { return peers_.unsent_bytes(); }
    const std::vector<std::string>& local_endpoints() const noexcept override {
        return binding_->endpoints();
    }
    const ZmqCounters& counters() const noexcept override { return counters_; }

private:
    void want_iteration_end() override {
        if (!std::exchange(iteration_end_asked_, true)) {
            executor_.at_iteration_end(*this);
        }
    }

    std::unique_ptr<runtime::StreamSession> make_session(runtime::StreamConnection& peer) override {
        return sink_->on_connected(peer);
    }

    void handle_events() override { binding_->handle_events(); }

    void on_too_many_peers() override {
        if (options_.log != nullptr && !std::exchange(logged_too_many_, true)) {
            options_.log->warning(
                fmt::format("Requests of further peers at {} are refused: {} have some under way, "
                            "as many as connections_max allows",
                            binding_->endpoints().front(), options_.peers_max));
        }
    }

    void on_unread_response() override {
        if (const auto more = unread_lines_.admit(executor_.now());
            more && options_.log != nullptr) {
            options_.log->warning(
                fmt::format("A peer at {} does not read its answers: those over its limits are "
                            "dropped (high_water_mark, connection_answers_bytes_max, "
                            "answers_bytes_max){}",
                            binding_->endpoints().front(), *more));
        }
    }

    void on_full_queue() override {
        if (const auto more = full_lines_.admit(executor_.now()); more && options_.log != nullptr) {
            options_.log->warning(
                fmt::format("A peer at {} sends faster than its requests are handled: those "
                            "over what may wait are refused, or dropped where answers have an "
                            "order{}",
                            binding_->endpoints().front(), *more));
        }
    }

    void on_malformed() {
        counters_.malformed_messages.add();
        if (const auto more = malformed_lines_.admit(executor_.now());
            more && options_.log != nullptr) {
            options_.log->warning(
                fmt::format("A message at {} is dropped: it has more frames than a request that "
                            "came through proxies, or more bytes than are read{}",
                            binding_->endpoints().front(), *more));
        }
    }

    void on_signal() override { receive(); }

    void on_loop_iteration() override {
        iteration_end_asked_ = false;
        if (binding_ == nullptr) {
            return;
        }
        peers_.settle(binding_->socket());
        if (closing_) {
            return close();
        }
        // Sending may have swallowed the signal of what has come since.
        receive();
    }

    /// Take what has come; if there is more, the rest in the next turn.
    void receive() {
        std::size_t bytes = 0;
        for (std::size_t count = 0; !closing_; ++count) {
            if (count == turn_messages || bytes >= turn_bytes) {
                return want_iteration_end();
            }
            switch (reader_.next(binding_->socket())) {
            case ZmqEnvelopeReader::Result::nothing:
                return;
            case ZmqEnvelopeReader::Result::malformed:
                on_malformed();
                break;
            case ZmqEnvelopeReader::Result::message:
                bytes += reader_.body().size();
                peers_.take(reader_);
                break;
            }
        }
    }

    void close() {
        watch_.reset();
        peers_.end_all({.code = Code::connection_lost, .message = "The server ends"});
        binding_->close(core::while_alive(weak_from_this(), [this] {
            binding_.reset();
            executor_.post(std::exchange(closed_, nullptr));
        }));
    }

    AsioExecutor& executor_;
    const ZmqServerOptions options_;
    ZmqCounters counters_;
    runtime::StreamAcceptorSink* sink_ = nullptr;
    ZmqPeerSet peers_;
    std::unique_ptr<ZmqBinding> binding_;
    std::optional<ZmqWatch> watch_;
    ZmqEnvelopeReader reader_{options_.limits.read_bytes_max()};
    bool iteration_end_asked_ = false;
    bool closing_ = false;
    bool logged_too_many_ = false;
    core::LineLimit unread_lines_;
    core::LineLimit full_lines_;
    core::LineLimit malformed_lines_;
    std::move_only_function<void()> closed_;
};

}  // namespace

std::shared_ptr<ZmqAcceptor> make_acceptor(AsioExecutor& executor, ZmqServerOptions options) {
    return std::make_shared<ZmqAcceptorImpl>(executor, std::move(options));
}

}  // namespace warren::transport
