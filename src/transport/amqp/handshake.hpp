#pragma once

#include "transport/amqp/connection.hpp"
#include "transport/net/dial_attempt.hpp"

#include <memory>
#include <utility>

namespace warren::transport {

/// The AMQP handshake, as the last stage of dialling: a broker that takes connections and says
/// nothing, or breaks them, leaves the turn to the next one.
class AmqpHandshake final : public DialTrial, private ConnectionUser {
public:
    AmqpHandshake(AsioExecutor& executor, const AmqpEndpoint& endpoint,
                  std::unique_ptr<Stream> stream, DialTrialEnded ended)
        : ended_{std::move(ended)},
          connection_{std::make_shared<Connection>(executor, endpoint,
                                                   static_cast<ConnectionUser&>(*this))} {
        connection_->start(std::move(stream));
    }
    AmqpHandshake(const AmqpHandshake&) = delete;
    AmqpHandshake& operator=(const AmqpHandshake&) = delete;
    ~AmqpHandshake() override {
        if (connection_ != nullptr) {
            connection_->abandon();
        }
    }

    /// The connection, once it is there.
    std::shared_ptr<Connection> take(ConnectionUser& user) noexcept {
        connection_->hand_over(user);
        return std::move(connection_);
    }

private:
    // Whoever hears of the end may destroy this.
    void on_event(const amqp::Event& event) override {
        if (std::holds_alternative<amqp::Connected>(event)) {
            DialTrialEnded ended = std::move(ended_);
            ended({});
        }
    }
    void before_write() override {}
    void on_ended(const ConnectFailure& why) override {
        connection_.reset();
        DialTrialEnded ended = std::move(ended_);
        ended(std::unexpected{why});
    }

    DialTrialEnded ended_;
    std::shared_ptr<Connection> connection_;
};

}  // namespace warren::transport
