#pragma once

#include "runtime/dispatch/forwarder.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <utility>

namespace warren::endpoint {

using ForwardOutcome = std::expected<runtime::ForwardedResponse, Failure>;

/// Gives the outcome of a forwarded call to a function.
inline std::unique_ptr<runtime::ForwardSink> on_end(
    std::move_only_function<void(ForwardOutcome)> function) {
    class Sink final : public runtime::ForwardSink {
    public:
        explicit Sink(std::move_only_function<void(ForwardOutcome)> function)
            : function_{std::move(function)} {}
        void end(ForwardOutcome outcome) noexcept override { function_(std::move(outcome)); }

    private:
        std::move_only_function<void(ForwardOutcome)> function_;
    };
    return std::make_unique<Sink>(std::move(function));
}

}  // namespace warren::endpoint
