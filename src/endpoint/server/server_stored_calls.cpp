#include "endpoint/server/server_stored_calls.hpp"

#include <utility>

namespace warren::endpoint {

void ServerStoredCalls::open(runtime::Dispatcher& dispatcher, transport::AsioExecutor& asio,
                             runtime::KeyedCalls* keyed,
                             std::vector<runtime::ListenerContextOptions> listeners) {
    if (keyed == nullptr || listeners.empty()) {
        return;
    }
    asio_ = &asio;
    calls_ = std::make_unique<runtime::StoredCalls>(dispatcher, asio, *keyed, std::move(listeners));
    asio.post([this] { calls_->start(); });
}

void ServerStoredCalls::renew(
    std::vector<std::shared_ptr<const runtime::PolicyInForce>> policies) const {
    if (calls_ == nullptr) {
        return;
    }
    run_on(*asio_, [&] { calls_->renew(policies); });
}

void ServerStoredCalls::begin_drain() {
    if (calls_ == nullptr || drained_ != nullptr) {
        return;
    }
    drained_ = std::make_shared<Countdown>(1);
    asio_->post([this, drained = drained_] { calls_->drain([drained] { drained->arrive(); }); });
}

void ServerStoredCalls::wait_until_drained() {
    if (drained_ != nullptr) {
        drained_->wait();
    }
}

bool ServerStoredCalls::wait_until_drained(std::chrono::milliseconds timeout) {
    return drained_ == nullptr || drained_->wait_for(timeout);
}

void ServerStoredCalls::close() {
    if (calls_ == nullptr) {
        return;
    }
    wait_until_drained();
    run_on(*asio_, [this] { calls_.reset(); });
}

}  // namespace warren::endpoint
