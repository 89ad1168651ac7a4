#pragma once

#include <warren/context.hpp>

#include "core/uri.hpp"
#include "runtime/transports.hpp"
#include "support/rabbitmq.hpp"
#include "transport/amqp/client_transport.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/server_transport.hpp"
#include "transport/loop/asio_executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// Both ports against a real broker, watched from the test's thread.
namespace warren::test {

/// An executor on a thread of its own.
class LoopThread {
public:
    LoopThread() : thread_{[this] { executor_.run(); }} {}
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;
    ~LoopThread() {
        executor_.stop();
        thread_.join();
    }

    transport::AsioExecutor& executor() noexcept { return executor_; }

    /// Run a function on the loop and wait for its result.
    template <typename Function>
    auto run(Function function) {
        std::packaged_task<decltype(function())()> task{std::move(function)};
        auto result = task.get_future();
        executor_.post([&task] { task(); });
        return result.get();
    }

private:
    transport::AsioExecutor executor_;
    std::thread thread_;
};

/// State that the loop changes and a test waits on.
class Watched {
public:
    /// out  whether it came true before the deadline, which is generous: it is no measurement
    template <typename Predicate>
    bool await(Predicate predicate, std::chrono::seconds at_most = std::chrono::seconds{60}) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, at_most, predicate);
    }

protected:
    template <typename Change>
    void change(Change apply) {
        {
            const std::scoped_lock lock{mutex_};
            apply();
        }
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

/// For what only the broker knows: asks it until it says so.
template <typename Predicate>
bool eventually(Predicate predicate) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!predicate()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
    }
    return true;
}

class RecordingLog final : public Log, public Watched {
public:
    void write(LogLevel, std::string_view line) override {
        change([&] { lines_.emplace_back(line); });
    }
    bool await_line(std::string_view part) {
        return await([&] {
            return std::ranges::any_of(lines_,
                                       [&](const auto& line) { return line.contains(part); });
        });
    }
    std::size_t count(std::string_view part) {
        std::size_t found = 0;
        change([&] {
            found = static_cast<std::size_t>(std::ranges::count_if(
                lines_, [&](const auto& line) { return line.contains(part); }));
        });
        return found;
    }

private:
    std::vector<std::string> lines_;
};

inline transport::AmqpEndpoint endpoint_of(const std::string& uri) {
    return transport::amqp_endpoint(core::parse_uri(uri).value()).value();
}

inline std::shared_ptr<transport::Link> make_link(LoopThread& loop, const std::string& uri,
                                                  Log* log = nullptr) {
    return transport::make_link(loop.executor(), endpoint_of(uri),
                                transport::LinkOptions{.log = log});
}

inline std::string text_of(std::span<const std::byte> body) {
    return {reinterpret_cast<const char*>(body.data()), body.size()};
}

/// Answers each request with its own body, through the exchange `reply_exchange`.
class EchoServer final : public runtime::ServerSink, public Watched {
public:
    EchoServer(LoopThread& loop, const std::string& uri, transport::AmqpServerOptions options,
               Log* log = nullptr)
        : EchoServer{loop, make_link(loop, uri, log), std::move(options)} {}

    EchoServer(LoopThread& loop, std::shared_ptr<transport::Link> link,
               transport::AmqpServerOptions options)
        : loop_{loop} {
        loop_.run([&] {
            transport_ = transport::make_amqp_server_transport(std::move(link), std::move(options));
            transport_->start(*this);
        });
    }
    ~EchoServer() override {
        loop_.run([this] { transport_.reset(); });
    }

    transport::AmqpServerTransport& transport() noexcept { return *transport_; }

    bool await_consuming(std::uint64_t at_least = 1) {
        return await([&] { return generation_ >= at_least; });
    }

    // Set before requests come.
    bool holds = false;            // keep deliveries instead of answering
    bool acknowledges = true;      // once a reply on trial was taken
    std::string reply_exchange{};  // the default one

    void on_delivery(runtime::DeliveryId delivery, const protocol::MessageView& message) override {
        if (holds) {
            return change([&] { held_.push_back(delivery); });
        }
        change([&] { deliveries_ += 1; });
        const protocol::MessageView reply{.exchange = reply_exchange,
                                          .routing_key = message.reply_to,
                                          .correlation_id = message.correlation_id,
                                          .headers = message.headers,
                                          .body = message.body};
        transport_->settle(delivery, message.reply_to.empty() ? nullptr : &reply);
    }
    void on_consuming(std::uint64_t generation) override {
        change([&] {
            generation_ = generation;
            ++times_consuming_;
        });
    }
    void on_lost(std::uint64_t, const Failure& why) override {
        change([&] { lost_.push_back(why); });
    }
    void on_interrupted(const Failure& why) override {
        change([&] { interrupted_.push_back(why); });
    }
    void on_stopped() override {
        change([&] { stopped_ = true; });
    }
    void on_tried(runtime::DeliveryId delivery, const Failure* refused) override {
        if (acknowledges) {
            transport_->settle(delivery, nullptr);
        }
        change([&] { refused_.push_back(refused != nullptr ? *refused : Failure{}); });
    }
    void on_reply_lost(runtime::DeliveryId delivery, const protocol::MessageView&,
                       const Failure& why) override {
        change([&] { replies_lost_.push_back(why); });
        if (delivery != runtime::DeliveryId{}) {
            on_tried(delivery, nullptr);
        }
    }

    // Read inside `await`.
    std::uint64_t generation_ = 0;
    int times_consuming_ = 0;
    std::vector<Failure> interrupted_;
    std::size_t deliveries_ = 0;
    std::vector<runtime::DeliveryId> held_;
    std::vector<Failure> lost_;
    std::vector<Failure> refused_;  // of replies on trial; empty ones: taken
    std::vector<Failure> replies_lost_;
    bool stopped_ = false;

private:
    LoopThread& loop_;
    std::unique_ptr<transport::AmqpServerTransport> transport_;
};

/// What became of one request.
struct Outcome {
    int heard = 0;  // of the token
    bool accepted = false;
    std::optional<Failure> failure{};
    std::optional<std::string> reply{};
    int replies = 0;
};

class Caller final : public runtime::ClientSink, public Watched {
public:
    Caller(LoopThread& loop, const std::string& uri, transport::AmqpClientOptions options = {},
           Log* log = nullptr)
        : loop_{loop} {
        loop_.run([&] {
            transport_ = transport::make_amqp_client_transport(make_link(loop, uri, log),
                                                               std::move(options));
            transport_->start(*this);
        });
    }
    ~Caller() override {
        loop_.run([this] { transport_.reset(); });
    }

    bool await_ready() {
        return await([&] { return ready_; });
    }

    /// Send one request.
    /// out  its token
    std::uint64_t call(std::string_view exchange, std::string_view routing_key,
                       std::string_view body) {
        return loop_.run([&] {
            const std::uint64_t token = ++last_token_;
            send(token, exchange, routing_key, body);
            return token;
        });
    }

    /// Send a request that asks for its reply elsewhere.
    void call_for(const std::string& reply_to, std::string_view routing_key, std::string_view body,
                  std::string_view exchange = {}) {
        loop_.run([&] {
            const std::uint64_t token = ++last_token_;
            const std::string correlation_id = std::to_string(token);
            transport_->publish(token, {.exchange = exchange,
                                        .routing_key = routing_key,
                                        .content_type = "application/json",
                                        .correlation_id = correlation_id,
                                        .reply_to = reply_to,
                                        .delivery_mode = 2,
                                        .body = std::as_bytes(std::span{body})});
        });
    }

    void send(std::uint64_t token, std::string_view exchange, std::string_view routing_key,
              std::string_view body) {
        const std::string correlation_id = std::to_string(token);
        transport_->publish(token, {.exchange = exchange,
                                    .routing_key = routing_key,
                                    .correlation_id = correlation_id,
                                    .reply_to = reply_address_,
                                    .body = std::as_bytes(std::span{body})});
    }

    /// out  why the binding was refused, if it was
    std::optional<Failure> bind(std::string_view exchange) {
        const std::uint64_t token = ++last_token_;
        loop_.run([&] {
            transport_->bind_replies(
                token, {{.exchange = std::string{exchange}, .routing_key_is_queue = true}});
        });
        EXPECT_TRUE(await([&] { return bound_.contains(token); }));
        std::optional<Failure> refused;
        change([&] { refused = bound_[token]; });
        return refused;
    }

    bool await_reply(std::uint64_t token) {
        return await([&] { return outcomes_[token].reply.has_value(); });
    }
    bool await_failure(std::uint64_t token) {
        return await([&] { return outcomes_[token].failure.has_value(); });
    }
    Outcome outcome(std::uint64_t token) {
        Outcome copy;
        change([&] { copy = outcomes_[token]; });
        return copy;
    }

    void on_ready(std::string_view reply_address) override {
        change([&] {
            ready_ = true;
            reply_address_ = reply_address;
            ++times_ready_;
        });
        if (when_ready) {
            when_ready();
        }
    }
    void on_reply(const protocol::MessageView& reply) override {
        const std::uint64_t token = std::stoull(std::string{reply.correlation_id});
        change([&] {
            outcomes_[token].reply = text_of(reply.body);
            ++outcomes_[token].replies;
        });
        if (when_over) {
            when_over(token, true);
        }
    }
    void on_accepted(std::uint64_t token) override {
        change([&] {
            ++outcomes_[token].heard;
            outcomes_[token].accepted = true;
        });
    }
    void on_returned(std::uint64_t token, const Failure& why) override { failed(token, why); }
    void on_refused(std::uint64_t token, const Failure& why) override { failed(token, why); }
    void on_dropped(std::uint64_t token) override {
        failed(token, {.code = Code::connection_lost, .message = "Dropped"});
    }
    void on_bound(std::uint64_t token, const Failure* refused) override {
        change([&] { bound_[token] = refused ? std::optional{*refused} : std::nullopt; });
    }
    /// out  as the broker says it
    std::expected<std::uint32_t, Failure> consumers_of(std::string_view queue) {
        const std::uint64_t token = ++last_token_;
        EXPECT_TRUE(loop_.run([&] { return transport_->count_consumers(token, queue); }));
        EXPECT_TRUE(await([&] { return consumers_.contains(token); }));
        std::expected<std::uint32_t, Failure> count;
        change([&] { count = consumers_[token]; });
        return count;
    }
    void on_consumers(std::uint64_t token,
                      const std::expected<std::uint32_t, Failure>& count) override {
        change([&] { consumers_[token] = count; });
    }
    void on_lost(const Failure& why, runtime::RepliesSurvive survive) override {
        change([&] {
            ready_ = false;
            lost_.push_back(why);
            survive_ = survive;
        });
    }
    void on_failed(const Failure& why) override {
        change([&] {
            ready_ = false;
            failed_.push_back(why);
        });
    }
    void on_blocked(std::string_view reason) override {
        change([&] { blocked_ = reason; });
    }
    void on_unblocked() override {
        change([&] { blocked_.reset(); });
    }

    // Called on the loop.
    std::function<void()> when_ready;
    std::function<void(std::uint64_t token, bool replied)> when_over;

    // Read inside `await`.
    bool ready_ = false;
    int times_ready_ = 0;
    std::string reply_address_;
    std::map<std::uint64_t, Outcome> outcomes_;
    std::map<std::uint64_t, std::optional<Failure>> bound_;
    std::map<std::uint64_t, std::expected<std::uint32_t, Failure>> consumers_;
    std::vector<Failure> lost_;
    std::vector<Failure> failed_;
    std::optional<std::string> blocked_;
    runtime::RepliesSurvive survive_ = runtime::RepliesSurvive::no;

private:
    void failed(std::uint64_t token, const Failure& why) {
        change([&] {
            ++outcomes_[token].heard;
            outcomes_[token].failure = why;
        });
        if (when_over) {
            when_over(token, false);
        }
    }

    LoopThread& loop_;
    std::unique_ptr<transport::AmqpClientTransport> transport_;
    std::uint64_t last_token_ = 0;
};

inline transport::AmqpServerOptions plain_queue(const std::string& name,
                                                std::uint16_t prefetch = 5) {
    return {.topology = {.exchanges = {}, .queues = {{.name = name}}, .bindings = {}},
            .queue = name,
            .prefetch = prefetch};
}

/// As protocol cyberfusion has it: an exchange, and requests through it to the queue.
inline transport::AmqpServerOptions queue_behind(const std::string& exchange,
                                                 const std::string& queue) {
    return {
        .topology = {.exchanges = {{.name = exchange}},
                     .queues = {{.name = queue, .durable = true}},
                     .bindings = {{.queue = queue, .exchange = exchange, .routing_key = queue}}},
        .queue = queue};
}

/// Keeps a number of calls in flight until enough are answered, and sends again what got lost.
class Load {
public:
    Load(LoopThread& loop, Caller& caller, std::string queue, std::size_t in_flight)
        : loop_{loop}, caller_{caller}, queue_{std::move(queue)} {
        loop_.run([&] {
            caller_.when_ready = [this] {
                for (const std::uint64_t token : missing_) {
                    caller_.send(token, "", queue_, std::to_string(token));
                }
            };
            caller_.when_over = [this](std::uint64_t token, bool replied) { over(token, replied); };
            for (std::size_t count = 0; count < in_flight; ++count) {
                next();
            }
        });
    }
    ~Load() {
        loop_.run([this] {
            caller_.when_ready = nullptr;
            caller_.when_over = nullptr;
        });
    }

    std::size_t answered() {
        return loop_.run([this] { return answered_; });
    }
    /// More answers come: nobody is deaf.
    bool await_more(std::size_t count) {
        const std::size_t goal = answered() + count;
        return caller_.await([&] { return answered_seen_ >= goal; });
    }

private:
    void next() {
        const std::uint64_t token = ++last_;
        missing_.push_back(token);
        if (caller_.ready_) {
            caller_.send(token, "", queue_, std::to_string(token));
        }
    }
    void over(std::uint64_t token, bool replied) {
        const auto found = std::ranges::find(missing_, token);
        if (found == missing_.end()) {
            return;
        }
        if (!replied) {
            if (caller_.ready_) {
                caller_.send(token, "", queue_, std::to_string(token));
            }
            return;
        }
        missing_.erase(found);
        ++answered_;
        answered_seen_ = answered_;
        next();
    }

    LoopThread& loop_;
    Caller& caller_;
    const std::string queue_;
    std::uint64_t last_ = 1'000'000;
    std::vector<std::uint64_t> missing_;
    std::size_t answered_ = 0;
    std::atomic<std::size_t> answered_seen_ = 0;
};

}  // namespace warren::test
