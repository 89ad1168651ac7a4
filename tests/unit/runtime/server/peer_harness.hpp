#pragma once

#include "protocol/pyzmqrpc_protocol.hpp"
#include "unit/runtime/server/stream_harness.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A stream server whose transport keeps messages apart, and peers that the test speaks for.
namespace warren::runtime::test {

/// Offers one message at a time, and keeps the responses apart.
class FakePeer final : public StreamConnection {
public:
    FakePeer(Executor& executor, StreamAcceptorSink& sink)
        : executor_{executor}, session_{sink.on_connected(*this)} {}

    std::string& output() noexcept override { return output_; }
    void touch() override { ++touches; }
    void end_message() override {
        if (output_.size() != ended_) {
            messages_.push_back(output_.substr(ended_));
            ended_ = output_.size();
        }
    }
    void pause() override { paused_ = true; }
    void resume() override {
        paused_ = false;
        executor_.post([this] { offer(); });
    }
    void close_after_output() override { closing_ = true; }
    std::string_view peer_identity() const noexcept override { return {}; }
    bool has_moved() const noexcept override { return offers_moved_; }

    void receive(std::string_view message) {
        input_.emplace_back(message);
        offer();
    }
    /// A message comes that may not wait.
    void overflow(std::string_view message) {
        session_->on_overflow(std::as_bytes(std::span{message}));
    }
    Texts take_messages() {
        EXPECT_EQ(output_.size(), ended_) << "some of it is no message's";
        output_.clear();
        ended_ = 0;
        session_->on_unsent(0);
        return std::exchange(messages_, {});
    }
    void reach(bool is_reachable) { session_->on_reachable(is_reachable); }
    /// It speaks by another connection from now on.
    void move() {
        before_ = input_.size();
        session_->on_moved();
    }
    std::size_t unread() const noexcept { return input_.size(); }
    bool is_closing() const noexcept { return closing_; }

    int touches = 0;

private:
    void offer() {
        while (!paused_ && !closing_ && !input_.empty()) {
            const std::string& message = input_.front();
            offers_moved_ = before_ != 0;
            const auto taken = session_->on_input(std::as_bytes(std::span{message}));
            if (taken.bytes != message.size() || taken.is_untaken) {
                EXPECT_TRUE(paused_);
                break;
            }
            input_.pop_front();
            before_ -= offers_moved_ ? 1 : 0;
        }
    }

    Executor& executor_;
    std::deque<std::string> input_;
    std::string output_;
    std::size_t ended_ = 0;
    Texts messages_;
    bool paused_ = false;
    bool closing_ = false;
    std::size_t before_ = 0;  // of the input, messages from before it moved
    bool offers_moved_ = false;
    std::unique_ptr<StreamSession> session_;
};

struct ServedMessages : ServedStream {
    explicit ServedMessages(std::unique_ptr<protocol::StreamProtocol> spoken,
                            StreamServerOptions options = {})
        : ServedStream{std::move(spoken)} {
        const auto handler = [this](std::string name) {
            calls.push_back(name);
            return name;
        };
        stage.registry.method("echo", handler, {"name"}).run_on_io_thread();
        stage.registry.method("work", handler, {"name"});
        stage.registry.method("boom", [](std::string name) -> std::string { throw Error{name}; },
                              {"name"});
        stage.registry.method("watch",
                              [this](std::string name, Context& context) {
                                  calls.push_back(name);
                                  during(context);
                                  return name;
                              },
                              {"name"});
        serve(std::move(options));
        peer = std::make_unique<FakePeer>(stage.executor, *server);
    }

    Texts calls;
    std::function<void(Context&)> during{};
    std::unique_ptr<FakePeer> peer{};
};

inline std::string command(std::string_view method, std::string_view name) {
    const Dynamic state = Dynamic::map({{"name", std::string{name}}});
    const auto protocol =
        protocol::make_pyzmqrpc_protocol({.side = protocol::StreamSide::client, .one_way = true});
    protocol::StreamTicket ticket{.wants_response = false};
    std::string out;
    EXPECT_TRUE(
        protocol->encode_call({.method = method, .arguments = state.value()}, ticket, 0, out));
    return out;
}

inline std::string success(std::string_view result) {
    return R"({"status_code": 200, "status_message": "OK", "response_message": ")" +
           std::string{result} + "\"}";
}

}  // namespace warren::runtime::test
