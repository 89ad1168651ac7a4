#pragma once

#include <warren/error.hpp>

#include "runtime/clock.hpp"
#include "runtime/counters.hpp"
#include "runtime/dispatch/one_way_failures.hpp"
#include "runtime/dispatch/refusals.hpp"
#include "runtime/dispatch/server_call.hpp"

#include <atomic>
#include <exception>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace warren::runtime {

/// Whether a handler may fail with this code. The others state facts about the way a call took,
/// which a handler cannot know, such as that nothing was done; they become `internal`.
bool handler_may_claim(Code code) noexcept;

/// Errors as one line, without values.
std::string summary_of(const std::vector<FieldError>& errors);

/// The calls of one server that have begun and are not answered yet. Each ends exactly once:
/// whoever has it leaves a response in it, and then finishes it.          thread any
class RunningCalls {
public:
    /// in  clock and log must outlive this
    RunningCalls(const Clock& clock, Log& log, std::size_t lock_waiters_max);

    void begin(ServerCall& call, ListenerContext& listener) noexcept;
    /// Whether it is not too late to start.
    /// out  false: the response is there
    bool may_start(ServerCall& call) const noexcept;

    /// What a handler gave, as it goes out.
    /// in   data: as `type` describes; must outlive the value, as must `arena`
    /// err  in what it breaks its contract, for the log
    std::expected<Value, std::string> render(const ServerCall& call, const Type& type,
                                             const void* data, Arena& arena) const;
    /// Leave what a handler gave as the response, if it keeps its contract.
    /// in   data: must outlive the response; null: none
    void respond(ServerCall& call, bool is_success, std::string_view message, const void* data);
    /// Leave what the handler of the call's invocation gave.
    void take_result(ServerCall& call);
    /// Leave a failure that code of the user gave.
    void accept_failure(ServerCall& call, const Failure& failure) noexcept;
    /// The one catch site around code of the user: handlers, and the types and checks of requests.
    template <typename Function>
    void guard(ServerCall& call, Function&& function) noexcept;
    /// Leave a failure that tells its caller nothing, and the log everything.
    void fail_internally(ServerCall& call, std::string_view details) noexcept;
    void report(const ServerCall& call, std::string_view details) noexcept;

    /// Give the lock that it holds to who waits for it.
    void release_lock(ServerCall& call) noexcept;
    /// The response is in the call.
    void finish(std::unique_ptr<ServerCall> call, At at) noexcept;
    /// Nobody waits for these any more.
    void end(const DeadlineWatch::Swept& swept, const Failure& why) noexcept;

    /// Start none any more.
    void cancel() noexcept { is_cancelled_ = true; }
    bool is_cancelled() const noexcept { return is_cancelled_; }

    Log& log() noexcept { return log_; }
    const Clock& clock() const noexcept { return clock_; }
    std::uint64_t one_way_failures() const noexcept { return one_way_failures_.count(); }

    LockTable locks;
    Counters counters{};
    std::atomic<bool> shows_calls;  // in the log
    /// Who is told of each call's end beside its interceptors, while somebody watches; null:
    /// nobody.
    std::atomic<ServerInterceptor*> watcher = nullptr;

private:
    bool is_late(const ServerCall& call) const noexcept;
    void accept_retry(ServerCall& call, const Failure& failure) noexcept;
    void log_call(const ServerCall& call) noexcept;
    void log_one_way_failure(const ServerCall& call) noexcept;

    const Clock& clock_;
    Log& log_;
    OneWayFailures one_way_failures_;

    std::atomic<bool> is_cancelled_ = false;
};

template <typename Function>
void RunningCalls::guard(ServerCall& call, Function&& function) noexcept {
    try {
        function();
    } catch (const Error& error) {
        accept_failure(call, error.failure());
    } catch (const std::bad_expected_access<Failure>& error) {
        accept_failure(call, error.error());
    } catch (const std::exception& error) {
        fail_internally(call, error.what());
    } catch (...) {
        fail_internally(call, "something was thrown that is no std::exception");
    }
}

}  // namespace warren::runtime
