#pragma once

#include <memory>
#include <utility>

namespace warren::core {

/// What is left to be called later, by somebody who may outlive its owner.
/// out  a function that does nothing once the owner is gone, and keeps it while it runs
template <typename Owner, typename Function>
auto while_alive(std::weak_ptr<Owner> owner, Function function) {
    return [weak = std::move(owner), call = std::move(function)]() mutable {
        if (const auto alive = weak.lock()) {
            call();
        }
    };
}

}  // namespace warren::core
