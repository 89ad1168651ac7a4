#pragma once

#include "protocol/cyberfusion.hpp"
#include "runtime/client/message_client.hpp"
#include "runtime/transports.hpp"
#include "transport/memory/virtual_executor.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A client over a port that does what the test says, on a clock that stands still.
namespace warren::runtime::test {

using namespace std::chrono_literals;

/// What a client handed to its transport.
struct Published {
    std::uint64_t token = 0;
    std::string exchange;
    std::string routing_key;
    std::string correlation_id;
    std::string reply_to;
    std::string expiration;
    std::string body;
    std::string type{};
    std::string user_id{};
    std::optional<std::uint8_t> delivery_mode{};
    Dynamic headers{};
};

class FakeTransport final : public ClientTransport {
public:
    explicit FakeTransport(Executor& executor) : executor_{executor} {}

    Executor& executor() noexcept override { return executor_; }
    void publish(std::uint64_t token, const protocol::MessageView& request) override {
        published.push_back(kept(token, request));
    }
    void send_control(const protocol::MessageView& message) override {
        controls.push_back(kept(0, message));
    }
    void bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) override {
        bound.emplace_back(token, std::move(bindings));
    }

    bool count_consumers(std::uint64_t token, std::string_view queue) override {
        counted.emplace_back(token, queue);
        return counts;
    }
    std::string progress() const override { return waits_for; }
    std::string_view return_key() const noexcept override { return key; }

    std::vector<Published> published;
    std::vector<Published> controls;
    std::vector<std::pair<std::uint64_t, std::vector<protocol::Binding>>> bound;
    std::vector<std::pair<std::uint64_t, std::string>> counted;
    bool counts = false;
    std::string waits_for;
    std::string key;

private:
    static Published kept(std::uint64_t token, const protocol::MessageView& message) {
        return {.token = token,
                .exchange = std::string{message.exchange},
                .routing_key = std::string{message.routing_key},
                .correlation_id = std::string{message.correlation_id},
                .reply_to = std::string{message.reply_to},
                .expiration = std::string{message.expiration},
                .body = std::string{protocol::text_of(message.body)},
                .type = std::string{message.type},
                .user_id = std::string{message.user_id},
                .delivery_mode = message.delivery_mode,
                .headers = Dynamic{message.headers}};
    }

    Executor& executor_;
};

/// One call and how often it was over.
class TestCall final : public ClientCall {
public:
    explicit TestCall(std::string_view name = "dx_example",
                      std::chrono::milliseconds call_timeout = 60s) {
        method = name;
        timeout = call_timeout;
        arguments = Value::map({});
    }

    void succeeded(const protocol::Response& response) noexcept override {
        ++completions;
        data = Dynamic{response.data.value_or(Value{})};
        finish();
    }
    void part(const protocol::Response& response, std::size_t bytes) noexcept override {
        part_bytes += bytes;
        parts.emplace_back(response.data.value());
    }
    void failed(Failure why) noexcept override {
        ++completions;
        failure = std::move(why);
        finish();
    }

    bool pending() const { return completions == 0; }
    bool succeeded_once() const { return completions == 1 && !failure; }
    /// out  nullopt unless it failed exactly once
    std::optional<Code> code() const {
        return completions == 1 && failure ? std::optional{failure->code} : std::nullopt;
    }

    int completions = 0;
    Dynamic data;
    std::vector<Dynamic> parts;
    std::size_t part_bytes = 0;
    std::optional<Failure> failure;
    std::function<void()> on_finished;

private:
    void finish() {
        if (on_finished) {
            on_finished();
        }
    }
};

inline MessageClientOptions client_options() {
    return {.server = "server_queue",
            .broker = "amqp://broker:5672/",
            .random = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
}

/// Calls that are pending at a test's end must not outlive it: such tests close the client.
struct ClientFixture {
    explicit ClientFixture(
        MessageClientOptions options = client_options(),
        std::unique_ptr<protocol::MessageProtocol> spoken = protocol::make_cyberfusion_protocol())
        : protocol{std::move(spoken)},
          client{std::make_shared<MessageClient>(executor, *protocol, std::move(options))} {
        client->attach(transport);
    }
    ~ClientFixture() { client->close(); }
    ClientFixture(const ClientFixture&) = delete;
    ClientFixture& operator=(const ClientFixture&) = delete;

    void submit(ClientCall& call) {
        client->submit(call);
        executor.run_until_idle();
    }
    void ready() { client->on_ready("reply_queue"); }
    /// Bind every method that waits for it.
    void bind_all() {
        for (; bound < transport.bound.size(); ++bound) {
            client->on_bound(transport.bound[bound].first, nullptr);
        }
    }
    /// Connected, and the method of the other tests bound.
    void start() {
        ready();
        TestCall first;
        submit(first);
        bind_all();
        reply(transport.published.back());
        transport.published.clear();
    }
    void reply(const Published& request, std::string_view data = "null") {
        reply_to(request.correlation_id, data);
    }
    void reply_to(std::string_view correlation_id, std::string_view data = "null",
                  const Dynamic& headers = {}) {
        const std::string body =
            R"({"success":true,"message":"OK","data":)" + std::string{data} + "}";
        client->on_reply({.routing_key = "reply_queue",
                          .content_type = "application/json",
                          .correlation_id = correlation_id,
                          .headers = headers.value(),
                          .body = protocol::bytes_of(body),
                          .body_bytes = body.size()});
    }
    const Published& last() const { return transport.published.back(); }
    std::uint64_t in_flight() const { return client->counters().in_flight(); }

    transport::VirtualExecutor executor;
    FakeTransport transport{executor};
    std::unique_ptr<protocol::MessageProtocol> protocol;
    std::shared_ptr<MessageClient> client;
    std::size_t bound = 0;
};

inline const Failure broken{.code = Code::connection_lost, .message = "the peer reset it"};
inline const Failure returned{.code = Code::no_responder, .message = "nobody serves it"};

}  // namespace warren::runtime::test
