#pragma once

#include "protocol/control.hpp"
#include "protocol/cyberfusion.hpp"
#include "runtime/server/message_server.hpp"
#include "transport/memory/broker.hpp"
#include "transport/memory/client_transport.hpp"
#include "transport/memory/server_transport.hpp"
#include "unit/runtime/dispatch/harness.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// A server behind a broker in memory, and somebody who calls it.
namespace warren::runtime::test {

using transport::Fault;
using transport::Hop;
using Kind = transport::Fault::Kind;

/// Sends raw messages and keeps what comes back.
class Caller final : public ClientSink {
public:
    explicit Caller(transport::MemoryBroker& broker, RepliesSurvive replies)
        : transport_{transport::make_memory_client_transport(broker, {.replies = replies})} {
        transport_->start(*this);
    }

    struct Request {
        std::string correlation_id{};
        std::string method = "work";
        std::string body = R"({"name": "x"})";
        std::string content_type = "application/json";
        std::string expiration{};
        Value headers{};
        bool wants_reply = true;
        bool is_persistent = false;
        std::string user_id{};
    };

    void send(const Request& request) {
        transport_->publish(
            ++token_,
            {.exchange = request.method,
             .routing_key = "queue",
             .content_type = request.content_type,
             .correlation_id = request.correlation_id,
             .reply_to = request.wants_reply ? reply_to_ : std::string_view{},
             .expiration = request.expiration,
             .user_id = request.user_id,
             .delivery_mode = request.is_persistent ? std::optional<std::uint8_t>{2} : std::nullopt,
             .headers = request.headers,
             .body = protocol::bytes_of(request.body)});
    }

    struct Control {
        std::string type{};
        std::string correlation_id{};
        std::string expiration = "60000";
        std::string user_id{};
    };
    /// Send what is said to the servers of the queue beside requests.
    void control(const Control& control) {
        const std::string key = protocol::control_key("queue");
        transport_->send_control({.exchange = protocol::control_exchange,
                                  .routing_key = key,
                                  .correlation_id = control.correlation_id,
                                  .expiration = control.expiration,
                                  .type = control.type,
                                  .user_id = control.user_id});
    }
    void cancel(const std::string& correlation_id,
                std::chrono::milliseconds request_expires_after = 60s) {
        control({.type = "warren.cancel",
                 .correlation_id = correlation_id,
                 .expiration = std::to_string(request_expires_after.count())});
    }

    const std::vector<std::string>& replies(const std::string& correlation_id) {
        return replies_[correlation_id];
    }
    /// out  the only reply, or what is wrong
    std::string reply(const std::string& correlation_id) {
        const auto& all = replies(correlation_id);
        return all.size() == 1 ? all.front() : "(" + std::to_string(all.size()) + " replies)";
    }
    std::string_view address() const noexcept { return reply_to_; }
    std::size_t returned() const noexcept { return returned_; }
    std::size_t accepted() const noexcept { return accepted_; }
    transport::MemoryClientTransport& transport() noexcept { return *transport_; }

    void on_ready(std::string_view reply_address) override {
        reply_to_ = reply_address;
        transport_->bind_replies(0, {{.exchange = "work", .routing_key_is_queue = true}});
    }
    void on_reply(const protocol::MessageView& reply) override {
        replies_[std::string{reply.correlation_id}].emplace_back(protocol::text_of(reply.body));
    }
    void on_accepted(std::uint64_t) override { ++accepted_; }
    void on_returned(std::uint64_t, const Failure&) override { ++returned_; }
    void on_refused(std::uint64_t, const Failure&) override { ++returned_; }
    void on_dropped(std::uint64_t) override { ++returned_; }
    void on_bound(std::uint64_t, const Failure*) override {}
    void on_lost(const Failure&, RepliesSurvive) override {}
    void on_failed(const Failure&) override {}
    void on_blocked(std::string_view) override {}
    void on_unblocked() override {}

private:
    const std::shared_ptr<transport::MemoryClientTransport> transport_;
    std::string reply_to_;
    std::uint64_t token_ = 0;
    std::size_t returned_ = 0;
    std::size_t accepted_ = 0;
    std::map<std::string, std::vector<std::string>> replies_;
};

/// Counts what the server does to its port, to hold it to one settlement per delivery.
class CountingPort final : public ServerTransport {
public:
    explicit CountingPort(transport::MemoryServerTransport& inner) : inner_{inner} {}

    Executor& executor() noexcept override { return inner_.executor(); }
    bool hears_control() const noexcept override { return inner_.hears_control(); }
    Settlement settle(DeliveryId delivery, const protocol::MessageView* reply) override {
        if (is_trying && reply != nullptr) {
            trials.push_back(delivery);
            return Settlement::on_trial;
        }
        const Settlement settlement = inner_.settle(delivery, reply);
        const bool settles = delivery.generation != 0;  // and is no part, say
        if (settles && settlement == Settlement::sent) {
            ++ends_[{delivery.generation, delivery.tag}];
            ++(reply != nullptr ? with_reply : without_reply);
        }
        return settlement;
    }
    void requeue(DeliveryId delivery) override {
        ++ends_[{delivery.generation, delivery.tag}];
        ++requeued;
        inner_.requeue(delivery);
    }
    void reject(DeliveryId delivery) override {
        ++rejected;
        (void)settle(delivery, nullptr);
    }
    bool pause() override {
        ++paused;
        return moves;
    }
    void unpause() override { ++unpaused; }
    bool can_move() const noexcept override { return moves; }
    void move(DeliveryId delivery, const protocol::MessageView& request,
              const protocol::RequestMove& move) override {
        Arena arena;
        moved.push_back(
            {delivery, move,
             protocol::OwnedMessage{protocol::moved_request(request, move, "server", arena)}});
    }
    void stop_consuming() override {
        if (!is_deaf) {
            inner_.stop_consuming();
        }
    }
    void resume_consuming() override { inner_.resume_consuming(); }

    bool ask() override {
        ++asked;
        return responses;
    }

    /// The most that any one delivery was settled or given back.
    int ends_max() const {
        int most = 0;
        for (const auto& [_, count] : ends_) {
            most = std::max(most, count);
        }
        return most;
    }

    bool is_deaf = false;    // it does not confirm that consuming stopped
    bool is_trying = false;  // every reply is put on trial
    bool responses = false;  // whether it can be asked what it has read
    std::size_t asked = 0;
    bool moves = false;  // requests, for which the test says what becomes of them
    struct Moved {
        DeliveryId delivery;
        protocol::RequestMove move;
        protocol::OwnedMessage message;
    };
    std::vector<Moved> moved;
    std::size_t rejected = 0;
    std::size_t paused = 0;
    std::size_t unpaused = 0;
    std::vector<DeliveryId> trials;
    std::size_t with_reply = 0;
    std::size_t without_reply = 0;
    std::size_t requeued = 0;

private:
    transport::MemoryServerTransport& inner_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, int> ends_;
};

struct ServedBroker {
    Stage stage{};
    transport::MemoryBroker broker{stage.executor};
    std::unique_ptr<protocol::MessageProtocol> protocol = protocol::make_cyberfusion_protocol();
    std::shared_ptr<transport::MemoryServerTransport> memory_transport{};
    std::unique_ptr<CountingPort> transport{};
    std::unique_ptr<MessageServer> server{};
    std::unique_ptr<Caller> caller{};
    bool drained = false;
    bool moves = false;  // as that of the port

    ~ServedBroker() {
        stage.dispatcher.cancel_all();
        if (server) {
            server->stop_now();
            run();
        }
    }

    /// Serve what is registered in `stage`, on the queue "queue".
    void serve(MessageServerOptions options = {}, RepliesSurvive replies = RepliesSurvive::yes) {
        std::vector<std::string> methods;
        for (const Method* method : stage.registry.all()) {
            methods.push_back(method->name);
        }
        options.listener.name = "listener";
        options.listener.methods = stage.registry.all();
        memory_transport = transport::make_memory_server_transport(
            broker,
            transport::MemoryServerOptions{.topology = protocol->server_topology(
                                               {.server = "queue", .methods = std::move(methods)}),
                                           .queue = "queue",
                                           .control_key = protocol::control_key("queue"),
                                           .prefetch = options.in_flight_max});
        transport = std::make_unique<CountingPort>(*memory_transport);
        transport->moves = moves;
        server = std::make_unique<MessageServer>(*protocol, *transport, stage.dispatcher, stage.log,
                                                 std::move(options));
        memory_transport->start(*server);
        run();
        caller = std::make_unique<Caller>(broker, replies);
        run();
    }

    void run() { stage.run(); }
    void turn() { stage.turn(); }
    /// Nothing waits in the queue, and everything delivered was settled.
    bool is_empty() { return broker.ready("queue") == 0 && broker.outstanding("queue") == 0; }
    void lose_connection() {
        memory_transport->close({.code = Code::connection_lost, .message = "cut by the test"});
    }
    /// Run what is queued, and hand the results over, before the connection comes back.
    void workers_run_while_disconnected() {
        stage.workers.run_all();
        stage.turn();
    }
    void drain() {
        server->drain([this] { drained = true; });
    }
};

}  // namespace warren::runtime::test
