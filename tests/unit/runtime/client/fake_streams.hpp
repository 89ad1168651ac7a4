#pragma once

#include "runtime/client/stream_client.hpp"
#include "runtime/server_end.hpp"
#include "transport/memory/virtual_executor.hpp"
#include "unit/runtime/client/fake_transport.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// A stream client over connections that do what the test says, on a clock that stands still.
namespace warren::runtime::test {

/// Requests are lines "ID METHOD ATTEMPT LEFT_MS" ("-": no deadline), answers "ID ok TEXT", "ID
/// part TEXT" and "ID CODE MESSAGE"; "0 ask" is a request of the server's; a line that starts with
/// "!" breaks the stream.
class LineProtocol final : public protocol::StreamProtocol {
public:
    explicit LineProtocol(protocol::ResponseOrder order, std::string_view probe = {})
        : order_{order}, probe_{probe} {}

    std::string_view name() const noexcept override { return "lines"; }
    protocol::ResponseOrder response_order() const noexcept override { return order_; }
    std::string_view probe_method() const noexcept override { return probe_; }
    std::unique_ptr<protocol::StreamCallDecoder> make_call_decoder() override { return {}; }
    std::string encode_response(const protocol::StreamTicket&, const protocol::Response&,
                                std::int64_t, std::string&) const override {
        return {};
    }
    std::unique_ptr<protocol::StreamResponseDecoder> make_response_decoder() const override {
        return std::make_unique<Decoder>();
    }
    std::expected<void, Failure> encode_call(const protocol::Call& call,
                                             protocol::StreamTicket& ticket, std::int64_t,
                                             std::string& out) const override {
        if (call.method == "unspeakable") {
            return std::unexpected{Failure{.code = Code::invalid_request, .message = "no line"}};
        }
        ticket.key = static_cast<std::uint8_t>(ticket.id);
        out += std::to_string(ticket.id) + ' ' + std::string{call.method} + ' ' +
               std::to_string(call.metadata.attempt) + ' ' +
               (call.metadata.time_left ? std::to_string(call.metadata.time_left->count()) : "-") +
               '\n';
        return {};
    }

private:
    class Decoder final : public protocol::StreamResponseDecoder {
    public:
        protocol::StreamStep next(std::span<const std::byte> input, std::int64_t, Arena&) override {
            using State = protocol::StreamStep::State;
            const std::string_view text = protocol::text_of(input);
            if (text.starts_with('!')) {
                return {.state = State::broken};
            }
            const std::size_t end = text.find('\n');
            if (end == text.npos) {
                return {.state = State::need_more, .wanted_bytes = text.size() + 1};
            }
            line_ = text.substr(0, end);
            const std::size_t space = line_.find(' ');
            std::from_chars(line_.data(), line_.data() + space, id_);
            line_.remove_prefix(space + 1);
            return {.state = State::complete, .size_bytes = end + 1};
        }
        std::uint32_t id() const noexcept override { return id_; }
        std::string_view refusal() const noexcept override {
            return line_.starts_with("ask") ? "refused\n" : "";
        }
        std::expected<protocol::Response, Failure> response(
            const protocol::StreamTicket& ticket) override {
            EXPECT_EQ(ticket.key, static_cast<std::uint8_t>(id_));
            const std::size_t space = line_.find(' ');
            const std::string_view first = line_.substr(0, space);
            const std::string_view rest = line_.substr(space + 1);
            if (first == "part") {
                return protocol::Response{.data = Value::text(rest),
                                          .kind = protocol::ResponseKind::part,
                                          .number = parts_++};
            }
            if (first == "ok") {
                return protocol::Response{.data = Value::text(rest),
                                          .number = std::exchange(parts_, 0)};
            }
            Failure failure{.code = *code_named(first), .message = std::string{rest}};
            if (failure.code == Code::overloaded) {
                failure.retry_after = std::chrono::milliseconds{300};
                if (failure.message == "ending") {
                    say_that_server_ends(failure);
                }
            }
            return std::unexpected{std::move(failure)};
        }
        const Failure& failure() const noexcept override { return failure_; }

    private:
        std::string_view line_;
        std::uint64_t parts_ = 0;  // of the call that has some
        std::uint32_t id_ = 0;
        Failure failure_{.code = Code::invalid_request, .message = "no line at all"};
    };

    const protocol::ResponseOrder order_;
    const std::string_view probe_;
};

struct FakeConnection final : StreamConnection {
    std::string& output() noexcept override { return text; }
    void touch() override { ++touches; }
    void push() override { pushed += written(); }
    std::size_t unsent_bytes() const noexcept override { return unsent; }
    void pause() override {}
    void resume() override {}
    void close_after_output() override { is_closing = true; }
    std::string_view peer_identity() const noexcept override { return {}; }
    bool has_alternatives() const noexcept override { return has_others; }
    void prove() noexcept override { is_proven = true; }

    /// What was written since the last time.
    std::string written() { return std::exchange(text, {}); }
    /// Let input come, as a transport offers it.
    void feed(std::string_view more) {
        input += more;
        const StreamSession::Consumed taken =
            session->on_input(std::as_bytes(std::span{input.data(), input.size()}));
        input.erase(0, taken.bytes);
    }
    void lose(const Failure& why = {.code = Code::connection_lost, .message = "reset"}) {
        const std::unique_ptr<StreamSession> last = std::move(session);
        last->on_closed(why);
    }

    std::size_t address = 0;
    std::string text;
    std::string pushed;
    std::string input;
    int touches = 0;
    std::size_t unsent = 0;
    bool is_closing = false;
    bool has_others = false;
    bool is_proven = false;
    std::unique_ptr<StreamSession> session;
};

class FakeConnector final : public StreamConnector {
public:
    struct Attempt {
        std::size_t address = 0;
        std::uint64_t token = 0;
    };

    FakeConnector(Executor& executor, std::size_t addresses)
        : executor_{executor}, addresses_{addresses} {}

    Executor& executor() noexcept override { return executor_; }
    std::size_t address_count() const noexcept override { return addresses_; }
    std::string display(std::size_t address) const override {
        return "tcp://server" + std::to_string(address);
    }
    void connect(std::size_t address, std::uint64_t token) override {
        attempts.push_back({address, token});
        ++attempts_made;
    }

    bool finds_next_server() const noexcept override { return finds_next; }

    bool finds_next = true;
    std::deque<Attempt> attempts;  // that have not been settled
    std::size_t attempts_made = 0;

private:
    Executor& executor_;
    const std::size_t addresses_;
};

/// The test's own thread is the I/O thread.
class OwnThreadExecutor final : public transport::VirtualExecutor {
public:
    bool is_current_thread() const noexcept override { return std::this_thread::get_id() == own_; }

private:
    const std::thread::id own_ = std::this_thread::get_id();
};

struct StreamFixture {
    struct Shape {
        std::size_t addresses = 1;
        protocol::ResponseOrder order = protocol::ResponseOrder::any;
        StreamClientOptions options{};
        std::string_view probe{};
    };

    StreamFixture() : StreamFixture{Shape{}} {}
    explicit StreamFixture(const Shape& shape)
        : transport{executor, shape.addresses},
          client{std::make_shared<StreamClient>(
              executor, std::make_shared<LineProtocol>(shape.order, shape.probe), shape.options)} {
        client->attach(transport);
    }
    ~StreamFixture() { client->close(); }
    StreamFixture(const StreamFixture&) = delete;
    StreamFixture& operator=(const StreamFixture&) = delete;

    void submit(ClientCall& call) {
        client->submit(call);
        executor.run_until_idle();
    }
    /// Let the first attempt that is under way succeed.
    FakeConnection& connect(bool has_others = false) {
        const FakeConnector::Attempt attempt = transport.attempts.front();
        transport.attempts.pop_front();
        FakeConnection& connection = connections.emplace_back();
        connection.address = attempt.address;
        connection.has_others = has_others;
        connection.session = client->on_connected(attempt.token, connection);
        return connection;
    }
    void refuse(RetryClass refusal = RetryClass::passing) {
        const FakeConnector::Attempt attempt = transport.attempts.front();
        transport.attempts.pop_front();
        const Failure refused{.code = Code::connection_lost, .message = "nobody listens"};
        const Failure untrusted{.code = Code::unauthenticated, .message = "not trusted"};
        client->on_connect_failed(attempt.token,
                                  refusal == RetryClass::permanent ? untrusted : refused, refusal);
    }
    /// Refuse whatever is tried for so long.
    void refuse_for(std::chrono::milliseconds time) {
        for (std::chrono::milliseconds past{0}; past < time; past += 1ms) {
            while (!transport.attempts.empty()) {
                refuse();
            }
            executor.advance(1ms);
        }
    }

    OwnThreadExecutor executor;
    FakeConnector transport;
    std::shared_ptr<StreamClient> client;
    std::deque<FakeConnection> connections;
};

}  // namespace warren::runtime::test
