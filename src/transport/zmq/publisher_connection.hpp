#pragma once

#include <warren/error.hpp>

#include "runtime/stream_transports.hpp"
#include "transport/zmq/outbox.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace warren::transport {

/// What the runtime publishes by way of one connection.          thread the I/O thread
class ZmqPublisherConnection final : public runtime::StreamConnection {
public:
    /// in  touched: there is something to send, or the connection is to be closed; outlives this
    explicit ZmqPublisherConnection(const std::function<void()>& touched) : touched_{touched} {}

    void start(std::unique_ptr<runtime::StreamSession> session) {
        session_ = std::move(session);
        closing_ = session_ == nullptr;
    }
    ZmqOutbox& outbox() noexcept { return outbox_; }
    bool is_closing() const noexcept { return closing_; }
    void end(const Failure& why) {
        if (const auto session = std::exchange(session_, nullptr)) {
            session->on_closed(why);
        }
    }

    std::string& output() noexcept override { return outbox_.bytes(); }
    void touch() override { touched_(); }
    void end_message() override { outbox_.end_message(); }
    void pause() override {}
    void resume() override {}
    void close_after_output() override {
        closing_ = true;
        touched_();
    }
    std::string_view peer_identity() const noexcept override { return {}; }

private:
    const std::function<void()>& touched_;
    std::unique_ptr<runtime::StreamSession> session_;
    bool closing_ = false;
    ZmqOutbox outbox_;
};

}  // namespace warren::transport
