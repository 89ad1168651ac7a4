#pragma once

#include <warren/error.hpp>

#include "metrics/duration_histogram.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::metrics {

inline constexpr std::size_t code_count = static_cast<std::size_t>(Code::internal) + 1;

/// What stands for every method that was not there when its series were made, so that nobody can
/// make series by asking for methods.
inline constexpr std::string_view unknown_method = "(unknown)";

/// What stands for all methods that a listener forwards without being told their names.
inline constexpr std::string_view forwarded_method = "(forwarded)";

/// How calls come or leave. What only arrpc's own names tell apart is at the end.
struct Route {
    std::string transport{};  // tcp, zmq, amqp, memory
    std::string protocol{};   // such as msgpack-rpc
    bool has_tls = false;
    bool is_signed = false;

    friend bool operator==(const Route&, const Route&) = default;
};

/// The calls of one method over one route.
/// thread any
class CallSeries {
public:
    CallSeries(std::string method, Route route)
        : method_{std::move(method)}, route_{std::move(route)} {}

    /// in   failure: nullopt for a call that succeeded
    ///      request_bytes: of the message; 0 where it is not known
    /// cost a few atomic additions, no lock
    void record(std::optional<Code> failure, std::chrono::nanoseconds duration,
                std::size_t request_bytes) noexcept {
        const std::size_t outcome = failure ? static_cast<std::size_t>(*failure) : code_count;
        outcomes_[outcome].fetch_add(1, std::memory_order_relaxed);
        request_bytes_.fetch_add(request_bytes, std::memory_order_relaxed);
        durations_.observe(duration);
    }

    /// What was recorded as a success became a failure before its caller had it.
    void take_back_success(Code failure) noexcept {
        taken_back_.fetch_add(1, std::memory_order_relaxed);
        outcomes_[static_cast<std::size_t>(failure)].fetch_add(1, std::memory_order_relaxed);
    }

    const std::string& method() const noexcept { return method_; }
    const Route& route() const noexcept { return route_; }
    /// Never less than before: the next successes go for those that were taken back.
    std::uint64_t successes() const noexcept;
    std::uint64_t failures(Code code) const noexcept {
        return outcomes_[static_cast<std::size_t>(code)].load(std::memory_order_relaxed);
    }
    std::uint64_t request_bytes() const noexcept {
        return request_bytes_.load(std::memory_order_relaxed);
    }
    const DurationHistogram& durations() const noexcept { return durations_; }

private:
    std::string method_{};
    Route route_;
    std::array<std::atomic<std::uint64_t>, code_count + 1> outcomes_{};  // by code; last: successes
    std::atomic<std::uint64_t> taken_back_ = 0;
    mutable std::atomic<std::uint64_t> successes_shown_ = 0;
    std::atomic<std::uint64_t> request_bytes_ = 0;
    DurationHistogram durations_;
};

/// The series of one listener, found by its methods.
/// thread any
class ListenerSeries {
public:
    /// in  method: one of those it was made for
    CallSeries& of(std::string_view method) const { return *by_method_.find(method)->second; }
    /// Of requests for no method that there is, and of what is no request.
    CallSeries& unknown() const noexcept { return *unknown_; }

private:
    friend class CallSeriesTable;

    std::map<std::string, CallSeries*, std::less<>> by_method_{};
    CallSeries* unknown_ = nullptr;
};

/// All series of a server or client; they stay where they are.
/// thread one at a time, the series themselves any
class CallSeriesTable {
public:
    /// The series of a method over a route: made when it is new, and shared by all that are alike.
    CallSeries& series_of(std::string_view method, const Route& route);
    ListenerSeries listener_series(const std::vector<std::string>& methods, const Route& route);

    const std::deque<CallSeries>& all() const noexcept { return series_; }

private:
    std::deque<CallSeries> series_;
};

}  // namespace warren::metrics
