#pragma once

#include <warren/context.hpp>

#include <spdlog/pattern_formatter.h>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace warren::endpoint {

enum class LogStyle : std::uint8_t {
    text,
    json,  // an object each
};

/// Lines as they are written: with their time and level.
/// thread one
class LogLines {
public:
    explicit LogLines(LogStyle style);

    /// out  valid until the next one; ends with the line
    std::string_view of(LogLevel level, std::chrono::system_clock::time_point logged_at,
                        std::string_view line);

private:
    const LogStyle style_;
    spdlog::pattern_formatter formatter_;
    spdlog::memory_buf_t buffer_;
};

/// Without the streams of C, whose locks a writer that hangs would hold.
void write_to_standard_error(std::string_view text);

}  // namespace warren::endpoint
