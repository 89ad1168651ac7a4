#pragma once

#include "format/json/json.hpp"
#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/arrpc_protocol.hpp"
#include "protocol/msgpack_rpc_protocol.hpp"
#include "runtime/server/stream_server.hpp"
#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A server of streams without sockets, and peers that the test speaks for.
namespace warren::runtime::test {

using Texts = std::vector<std::string>;

/// A JSON text as MessagePack.
inline std::string packed(std::string_view json) {
    Arena arena;
    std::string out;
    EXPECT_TRUE(format::msgpack_encode(format::json_decode(json, arena).value(), out)) << json;
    return out;
}

/// Each MessagePack object of a stream as a JSON text.
inline std::vector<std::string> unpacked(std::string_view bytes) {
    std::vector<std::string> texts;
    format::MsgpackReader reader;
    auto rest = std::as_bytes(std::span{bytes});
    while (!rest.empty()) {
        Arena arena;
        const format::MsgpackRead read = reader.read(rest, arena);
        if (read.state != format::MsgpackScan::State::complete) {
            texts.emplace_back("(unreadable)");
            break;
        }
        EXPECT_TRUE(format::json_encode(read.value, texts.emplace_back()));
        rest = rest.subspan(read.size_bytes);
    }
    return texts;
}

/// Behaves as the contract of `StreamConnection` says, and keeps what was sent.
class FakeConnection final : public StreamConnection {
public:
    FakeConnection(Executor& executor, StreamAcceptorSink& sink, std::string identity = {})
        : executor_{executor}, identity_{std::move(identity)}, session_{sink.on_connected(*this)} {}

    std::string& output() noexcept override { return output_; }
    void touch() override { ++touches; }
    void push() override { pushed += std::exchange(output_, {}); }
    void pause() override { paused_ = true; }
    void resume() override {
        paused_ = false;
        executor_.post([this] { offer(); });
    }
    void close_after_output() override { closing_ = true; }
    std::string_view peer_identity() const noexcept override { return identity_; }
    std::string peer_address() const override { return address; }
    std::string_view overload_reason() const noexcept override { return refuses_with; }

    /// Take memory for input now, not when it comes.
    void make_room(std::size_t bytes) { input_.reserve(input_.size() + bytes); }
    /// Bytes come from the peer.
    void receive(std::string_view bytes) {
        input_ += bytes;
        offer();
    }
    /// The peer has said all.
    void end_input() { session_->on_input_ended(); }
    /// The connection breaks.
    void lose() {
        closing_ = true;
        session_->on_closed({.code = Code::connection_lost, .message = "cut by the test"});
        session_.reset();
    }

    /// What was sent since the last look.
    std::string take_output() {
        if (session_ != nullptr) {
            session_->on_unsent(0);
        }
        return std::exchange(output_, {});
    }
    std::vector<std::string> take_responses() { return unpacked(take_output()); }
    bool is_paused() const noexcept { return paused_; }
    bool is_closing() const noexcept { return closing_; }
    bool is_busy() const noexcept { return session_->is_busy(); }
    std::size_t unread() const noexcept { return input_.size(); }
    std::size_t wanted() const noexcept { return wanted_; }

    int touches = 0;
    std::string pushed;
    std::string refuses_with;
    std::string address;

private:
    void offer() {
        while (!paused_ && !closing_ && !input_.empty() && input_.size() >= wanted_) {
            const auto taken = session_->on_input(std::as_bytes(std::span{input_}));
            ASSERT_LE(taken.bytes, input_.size());
            input_.erase(0, taken.bytes);
            wanted_ = taken.wanted_bytes;
            if (taken.bytes == 0) {
                break;
            }
        }
    }

    Executor& executor_;
    std::string identity_;
    std::string input_;
    std::string output_;
    std::size_t wanted_ = 1;
    bool paused_ = false;
    bool closing_ = false;
    std::unique_ptr<StreamSession> session_;
};

class FakeConnector final : public StreamAcceptor {
public:
    explicit FakeConnector(Executor& executor) : executor_{executor} {}
    Executor& executor() noexcept override { return executor_; }
    void stop_listening() override { is_listening = false; }

    std::size_t unsent_bytes() const noexcept override { return held; }

    bool is_listening = true;
    std::size_t held = 0;

private:
    Executor& executor_;
};

struct ServedStream {
    Stage stage;
    FakeConnector transport{stage.executor};
    std::unique_ptr<protocol::StreamProtocol> protocol;
    std::unique_ptr<StreamServer> server{};
    std::vector<std::unique_ptr<FakeConnection>> peers{};
    bool drained = false;

    explicit ServedStream(
        std::unique_ptr<protocol::StreamProtocol> spoken = protocol::make_msgpack_rpc_protocol())
        : protocol{std::move(spoken)} {}
    explicit ServedStream(ShowCalls shows)
        : stage{shows}, protocol{protocol::make_msgpack_rpc_protocol()} {}

    ~ServedStream() {
        stage.dispatcher.cancel_all();
        server->stop_now();
        run();
    }

    /// Serve what is registered in `stage`.
    void serve(StreamServerOptions options = {}) {
        options.listener.name = "listener";
        options.listener.methods = stage.registry.all();
        server = std::make_unique<StreamServer>(*protocol, transport, stage.dispatcher, stage.log,
                                                std::move(options));
    }
    FakeConnection& connect(std::string identity = {}) {
        return *peers.emplace_back(
            std::make_unique<FakeConnection>(stage.executor, *server, std::move(identity)));
    }
    void run() { stage.run(); }
    void turn() { stage.turn(); }
    void drain() {
        server->drain([this] { drained = true; });
    }
};

}  // namespace warren::runtime::test
