#include "endpoint/interceptors/line_writer.hpp"

#include "endpoint/log_lines.hpp"

#include <utility>

namespace warren::endpoint {

LineWriter::LineWriter(Write write, std::chrono::milliseconds pause)
    : write_{std::move(write)}, pause_{pause}, thread_{[this] { run(); }} {}

LineWriter::~LineWriter() {
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
    if (!lines_.empty()) {
        write_to_standard_error("error: " + std::to_string(lines_.size()) +
                                " lines of an audit are lost: " + problem_.value_or("") + '\n');
    }
}

void LineWriter::put(std::string line) {
    {
        const std::lock_guard lock{mutex_};
        bytes_ += line.size();
        lines_.push_back(std::move(line));
    }
    changed_.notify_all();
}

std::size_t LineWriter::waiting_bytes() const {
    const std::lock_guard lock{mutex_};
    return bytes_;
}

std::optional<std::string> LineWriter::take_problem() {
    const std::lock_guard lock{mutex_};
    return std::exchange(problem_, std::nullopt);
}

void LineWriter::run() {
    std::unique_lock lock{mutex_};
    for (;;) {
        changed_.wait(lock, [this] { return is_ending_ || !lines_.empty(); });
        if (lines_.empty()) {
            return;
        }
        // Only this thread takes lines out, and others that are added leave it where it is.
        const std::string& line = lines_.front();
        lock.unlock();
        std::optional<std::string> problem = write_(line);
        lock.lock();
        if (!problem) [[likely]] {
            is_failing_ = false;
            bytes_ -= line.size();
            lines_.pop_front();
            continue;
        }
        if (!std::exchange(is_failing_, true) || is_ending_) {
            problem_ = std::move(problem);
        }
        if (is_ending_) {
            return;
        }
        changed_.wait_for(lock, pause_, [this] { return is_ending_; });
    }
}

}  // namespace warren::endpoint
