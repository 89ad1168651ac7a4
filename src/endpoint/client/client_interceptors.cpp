#include "endpoint/client/client_interceptors.hpp"

#include <exception>
#include <utility>

namespace warren::endpoint {

InterceptedCall::InterceptedCall(std::shared_ptr<const ClientInterceptors> around,
                                 std::shared_ptr<Log> log, const detail::ErasedCall& call,
                                 CallOptions options)
    : around_{std::move(around)},
      log_{std::move(log)},
      method_{call.method},
      wants_response_{call.wants_response},
      options_{std::move(options)} {}

InterceptedCall::~InterceptedCall() {
    end(Code::cancelled, "The call was never started");
}

CallAtClient InterceptedCall::seen(std::any& state) noexcept {
    return {.method = method_,
            .options = options_,
            .wants_response = wants_response_,
            .address = around_->address,
            .carries_metadata = around_->carries_metadata,
            .state = state};
}

std::optional<Failure> InterceptedCall::begin() {
    states_.reserve(around_->all.size());
    for (const auto& interceptor : around_->all) {
        CallAtClient call = seen(states_.emplace_back());
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
            around_->all[states_.size() - 1]->end(seen(states_.back()), end);
        } catch (const std::exception& error) {
            if (log_ != nullptr) {
                log_->error(std::string{"An interceptor threw at the end of a call: "} +
                            error.what());
            }
        }
    }
}

}  // namespace warren::endpoint
