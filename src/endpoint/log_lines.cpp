#include "endpoint/log_lines.hpp"

#include <warren/log.hpp>

#include "core/utf8.hpp"
#include "format/json/json.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <string>

namespace warren {
namespace endpoint {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
    case LogLevel::debug:
        return spdlog::level::debug;
    case LogLevel::info:
        return spdlog::level::info;
    case LogLevel::warning:
        return spdlog::level::warn;
    case LogLevel::error:
        return spdlog::level::err;
    }
    return spdlog::level::err;
}

/// A line stays one line, whatever a peer's text brought into it.
std::string on_one_line(std::string_view line) {
    std::string text{line};
    for (char& character : text) {
        if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f) {
            character = ' ';
        }
    }
    return text;
}

}  // namespace

LogLines::LogLines(LogStyle style)
    : style_{style},
      formatter_{style == LogStyle::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%f%z","level":"%l",%v})"
                                         : "%Y-%m-%dT%H:%M:%S.%e%z %l: %v"} {}

std::string_view LogLines::of(LogLevel level, std::chrono::system_clock::time_point logged_at,
                              std::string_view line) {
    std::string text = on_one_line(line);
    if (style_ == LogStyle::json) {
        std::string member = "\"message\":";
        format::json_append_string(member, core::utf8_valid(text) ? text : "(not UTF-8)");
        text = std::move(member);
    }
    buffer_.clear();
    formatter_.format({logged_at, {}, "warren", level_of(level), text}, buffer_);
    return {buffer_.data(), buffer_.size()};
}

void write_to_standard_error(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
}

namespace {

class StandardErrorLog final : public Log {
public:
    explicit StandardErrorLog(LogLevel least) noexcept : least_{least} {}

    void write(LogLevel level, std::string_view line) override {
        if (level < least_) {
            return;
        }
        // One for all: what a line is written in parts for must not come between another's.
        static std::mutex mutex;
        const std::lock_guard lock{mutex};
        write_to_standard_error(lines_.of(level, std::chrono::system_clock::now(), line));
    }
    bool shows_calls() const noexcept override { return least_ == LogLevel::debug; }

private:
    const LogLevel least_;
    LogLines lines_{LogStyle::text};
};

}  // namespace
}  // namespace endpoint

std::shared_ptr<Log> stderr_log(LogLevel least) {
    return std::make_shared<endpoint::StandardErrorLog>(least);
}

}  // namespace warren
