#pragma once

#include "endpoint/client/client_route.hpp"

#include <memory>
#include <thread>
#include <utility>

namespace warren::endpoint {

/// A client's route with an I/O thread of its own.
///
/// `Connections` is what the thread uses; whoever leaves last, it or the client, destroys it. It
/// has an `executor`, `calls`, and on the thread `close()`, which ends every call, lets connections
/// go, and sees to it that the executor is stopped.
template <typename Connections>
class OwnThreadRoute : public ClientRoute {
public:
    explicit OwnThreadRoute(std::shared_ptr<Connections> connections)
        : connections_{std::move(connections)},
          thread_{[own = connections_] { own->executor.run(); }} {}

    runtime::ClientCalls& calls() noexcept override { return *connections_->calls; }
    metrics::ClientFigures figures() const override { return figures_of(*connections_->calls); }
    bool is_current_thread() const noexcept override {
        return connections_->executor.is_current_thread();
    }
    void run_until_done(runtime::BlockingOperation& operation) override {
        connections_->executor.run_until_done(operation);
    }
    void close() override {
        const bool is_inside = is_current_thread();
        if (is_inside) {
            connections_->calls->close();
        }
        connections_->executor.post([closed = connections_.get()] { closed->close(); });
        if (is_inside) {
            thread_.detach();
        } else {
            thread_.join();
        }
    }

protected:
    const Connections& connections() const noexcept { return *connections_; }
    Connections& connections() noexcept { return *connections_; }

private:
    const std::shared_ptr<Connections> connections_;
    std::thread thread_;
};

}  // namespace warren::endpoint
