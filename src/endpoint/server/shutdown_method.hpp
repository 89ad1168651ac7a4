#pragma once

#include <warren/context.hpp>
#include <warren/method.hpp>

#include "endpoint/server/listener_config.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace warren::endpoint {

inline constexpr std::string_view shutdown_name = "ShutdownServer";

/// pyzmqrpc's command `ShutdownServer`, by which any client stops a server that allows it.
class ShutdownMethod {
public:
    explicit ShutdownMethod(std::shared_ptr<Log> log);

    void on_call(std::function<void()> callback) { callback_ = std::move(callback); }
    /// out  null where clients may not stop the server, and where it is one of its own methods
    const Method* of(const ListenerConfig& config, const Registry& own) const;

private:
    const std::shared_ptr<Log> log_;
    std::function<void()> callback_;
    Registry registry_;
};

}  // namespace warren::endpoint
