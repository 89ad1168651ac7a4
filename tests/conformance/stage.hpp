#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

namespace warren::conformance {

/// Where handlers wait for the suite, so that it knows what runs at once without measuring time.
/// thread any
class Stage {
public:
    /// Say that somebody came in, wait to be let go, and say so. The handlers' side.
    void act(const std::string& name);
    /// The same, but leave also when told to stop.
    void act(const std::string& name, std::stop_token stop);

    /// out  false when nothing happened for a minute, which says only that something hangs
    bool await_in(const std::string& name);
    bool await_out(const std::string& name);
    void let_go(const std::string& name);
    /// Let everybody go, also who comes later.
    void let_all_go();

    /// All that happened since the last time, as "a in, a out"; who was told to stop "stopped".
    std::string take_history();

private:
    void note(const std::string& name, std::string_view what);

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::set<std::string> in_;
    std::set<std::string> out_;
    std::set<std::string> may_go_;
    bool all_may_go_ = false;
    std::string history_;
};

}  // namespace warren::conformance
