#pragma once

#include <warren/detail/call_sink.hpp>
#include <warren/interceptor.hpp>

#include <any>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::endpoint {

/// What stands around the calls of one client.
struct ClientInterceptors {
    std::string address{};  // for people
    bool carries_metadata = true;
    std::vector<std::shared_ptr<ClientInterceptor>> all{};  // outermost first
};

/// One call of a client, as the interceptors around it see it.
/// thread one at a time
class InterceptedCall {
public:
    /// in  log: null: nowhere
    InterceptedCall(std::shared_ptr<const ClientInterceptors> around, std::shared_ptr<Log> log,
                    const detail::ErasedCall& call, CallOptions options);
    /// One that has not ended was never started.
    ~InterceptedCall();
    InterceptedCall(const InterceptedCall&) = delete;
    InterceptedCall& operator=(const InterceptedCall&) = delete;

    /// out  nullopt: it goes on, with these options
    std::optional<Failure> begin();
    const CallOptions& options() const noexcept { return options_; }
    /// Tell those that have seen it begin, once.
    void end(std::optional<Code> failure, std::string_view message) noexcept;

private:
    CallAtClient seen(std::any& state) noexcept;

    const std::shared_ptr<const ClientInterceptors> around_;
    const std::shared_ptr<Log> log_;
    const std::string method_;
    const bool wants_response_;
    CallOptions options_;
    const std::chrono::steady_clock::time_point began_at_ = std::chrono::steady_clock::now();
    std::vector<std::any> states_;  // of those that have seen it begin
};

}  // namespace warren::endpoint
