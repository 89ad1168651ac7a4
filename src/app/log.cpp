#include "app/log.hpp"

#include "core/utf8.hpp"
#include "format/json/json.hpp"

#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace warren::app {
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

/// Lines as they are written: with their time and level, as text or as JSON.
class Lines {
public:
    explicit Lines(LogFormat format)
        : format_{format},
          formatter_{format == LogFormat::json
                         ? R"({"time":"%Y-%m-%dT%H:%M:%S.%f%z","level":"%l",%v})"
                         : "%Y-%m-%dT%H:%M:%S.%e%z %l: %v"} {}

    /// out  valid until the next one
    std::string_view of(LogLevel level, endpoint::LogQueue::TimePoint logged_at,
                        std::string_view line) {
        std::string text = on_one_line(line);
        if (format_ == LogFormat::json) {
            std::string member = "\"message\":";
            format::json_append_string(member, core::utf8_valid(text) ? text : "(not UTF-8)");
            text = std::move(member);
        }
        buffer_.clear();
        formatter_.format({logged_at, {}, "warren", level_of(level), text}, buffer_);
        return {buffer_.data(), buffer_.size()};
    }

private:
    const LogFormat format_;
    spdlog::pattern_formatter formatter_;
    spdlog::memory_buf_t buffer_;
};

/// Without the streams of C, whose locks a writer that hangs would hold.
void write_to_standard_error(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
}

}  // namespace

std::shared_ptr<endpoint::LogQueue> make_log(LogLevel least, LogFormat format) {
    return std::make_shared<endpoint::LogQueue>(
        [lines = std::make_shared<Lines>(format)](LogLevel level, auto logged_at,
                                                  std::string_view line) {
            write_to_standard_error(lines->of(level, logged_at, line));
        },
        endpoint::LogQueueOptions{.least = least, .shows_calls = least == LogLevel::debug});
}

}  // namespace warren::app
