#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace warren::endpoint {

/// Lines on their way to where they are written, which is done by a thread of its own, again and
/// again where it fails: none is dropped.
/// thread any
class LineWriter {
public:
    /// Writes one line.          thread the writer's
    /// err  why it could not
    using Write = std::function<std::optional<std::string>(const std::string& line)>;

    /// in  pause: before what failed is tried again
    explicit LineWriter(Write write, std::chrono::milliseconds pause = std::chrono::seconds{1});
    /// Waits until all is written, or cannot be: then standard error gets how many were left.
    ~LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    void put(std::string line);
    std::size_t waiting_bytes() const;
    /// Why a line could not be written, where that was not told yet.
    std::optional<std::string> take_problem();

private:
    void run();

    const Write write_;
    const std::chrono::milliseconds pause_;
    mutable std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    std::deque<std::string> lines_;  // the first one is being written
    std::size_t bytes_ = 0;
    std::optional<std::string> problem_;
    bool is_failing_ = false;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace warren::endpoint
