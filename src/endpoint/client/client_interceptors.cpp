#include "endpoint/client/client_interceptors.hpp"

#include <exception>
#include <utility>

namespace warren::endpoint {

InterceptedCall::InterceptedCall(std::shared_ptr<const All> around, std::shared_ptr<Log> log,
                                 const detail::ErasedCall& call, CallOptions options)
    : all_{std::move(around)},
      log_{std::move(log)},
      method_{call.method},
      wants_response_{call.wants_response},
      options_{std::move(options)} {}

InterceptedCall::~InterceptedCall() {
    end(Code::cancelled, "The call was never started");
}

std::optional<Failure> InterceptedCall::begin() {
    states_.reserve(all_->size());
    for (const auto& interceptor : *all_) {
        CallAtClient call{method_, options_, wants_response_, states_.emplace_back()};
        try {
            if (auto refused = interceptor->begin(call)) {
                return refused;
            }
        } catch (const Error& error) {
            return error.failure();
        } catch (const std::exception& error) {
            return Failure{
                .code = Code::internal,
                .message = std::string{"Not sent: an interceptor threw: "} + error.what()};
        }
    }
    return std::nullopt;
}

void InterceptedCall::end(std::optional<Code> failure, std::string_view message) noexcept {
    const CallEnd end{.failure = failure,
                      .message = message,
                      .duration = std::chrono::steady_clock::now() - began_at_};
    for (; !states_.empty(); states_.pop_back()) {
        try {
            (*all_)[states_.size() - 1]->end({method_, options_, wants_response_, states_.back()},
                                             end);
        } catch (const std::exception& error) {
            if (log_ != nullptr) {
                log_->error(std::string{"An interceptor threw at the end of a call: "} +
                            error.what());
            }
        }
    }
}

}  // namespace warren::endpoint
