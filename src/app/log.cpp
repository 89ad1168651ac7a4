#include "app/log.hpp"

#include "endpoint/log_lines.hpp"

#include <memory>
#include <string_view>

namespace warren::app {

std::shared_ptr<endpoint::LogQueue> make_log(LogLevel least, LogFormat format) {
    const auto style =
        format == LogFormat::json ? endpoint::LogStyle::json : endpoint::LogStyle::text;
    return std::make_shared<endpoint::LogQueue>(
        [lines = std::make_shared<endpoint::LogLines>(style)](LogLevel level, auto logged_at,
                                                              std::string_view line) {
            endpoint::write_to_standard_error(lines->of(level, logged_at, line));
        },
        endpoint::LogQueueOptions{.least = least, .shows_calls = least == LogLevel::debug});
}

void show(endpoint::LogQueue& log, LogLevel least) noexcept {
    log.show(least, least == LogLevel::debug);
}

}  // namespace warren::app
