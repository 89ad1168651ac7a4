#pragma once

#include <warren/call_log.hpp>
#include <warren/context.hpp>

#include "runtime/executor.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace warren::endpoint {

/// What became of records, and that whoever runs the server hears of those that are lost: at once,
/// and then once a minute at the most. It does not know why there are records.
/// thread any
class RecordLosses {
public:
    /// in  all must outlive it; the executor must run nothing any more when it is destroyed
    RecordLosses(runtime::Executor& executor, Log& log) : executor_{executor}, log_{log} {}

    void add_sent();
    void add_dropped();  // there was no room
    /// in  lost: none: it is tried again
    void add_failed(std::size_t lost, std::string problem);
    /// Say what was not said yet.
    void tell_rest();
    CallLogCounters counters() const;

private:
    void mark(std::unique_lock<std::mutex> lock);
    void tell();
    bool tell_now();

    runtime::Executor& executor_;
    Log& log_;
    mutable std::mutex mutex_;
    CallLogCounters counters_{};
    CallLogCounters told_{};
    std::string problem_{};  // the last one that was not told
    bool is_telling_ = false;
};

}  // namespace warren::endpoint
