#include "endpoint/server/shutdown_method.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {

ShutdownMethod::ShutdownMethod(std::shared_ptr<Log> log) : log_{std::move(log)} {
    registry_
        .method(shutdown_name,
                [this] {
                    if (!callback_) {
                        throw Error{Code::failed,
                                    "Nobody is told to stop this server (Server::on_shutdown)"};
                    }
                    log_->info("a client stops this server (ShutdownServer)");
                    callback_();
                })
        .idempotency(Idempotency::none);
}

const Method* ShutdownMethod::of(const ListenerConfig& config, const Registry& own) const {
    const auto* const zmq = std::get_if<ZmqAddress>(&config.address.transport);
    const bool is_allowed = zmq != nullptr && zmq->allows_shutdown && !config.proxy;
    return is_allowed && own.find(shutdown_name) == nullptr ? registry_.find(shutdown_name)
                                                            : nullptr;
}

}  // namespace warren::endpoint
