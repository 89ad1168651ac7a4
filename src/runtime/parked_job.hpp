#pragma once

#include <atomic>

namespace warren::runtime {

class Job;

/// A job whose call is with a forwarder. Its outcome and the end of the waiting for it may come at
/// the same time, on two threads: whoever claims the job answers.
class ParkedJob {
public:
    explicit ParkedJob(Job& job) noexcept : job_{&job} {}

    /// out  nullptr for all but the first
    Job* claim() noexcept { return job_.exchange(nullptr); }

private:
    std::atomic<Job*> job_;
};

}  // namespace warren::runtime
