#include "app/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

#include "core/utf8.hpp"
#include "format/json.hpp"

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

class StandardErrorLog final : public Log {
public:
    StandardErrorLog(LogLevel least, LogFormat format)
        : logger_{"warren", std::make_shared<spdlog::sinks::stderr_sink_mt>()}, format_{format} {
        logger_.set_level(level_of(least));
        logger_.flush_on(spdlog::level::debug);
        logger_.set_pattern(format == LogFormat::json
                                ? R"({"time":"%Y-%m-%dT%H:%M:%S.%f%z","level":"%l",%v})"
                                : "%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
    }

    void write(LogLevel level, std::string_view line) override {
        if (!logger_.should_log(level_of(level))) {
            return;
        }
        std::string text = on_one_line(line);
        if (format_ == LogFormat::json) {
            std::string member = "\"message\":";
            format::json_append_string(member, core::utf8_valid(text) ? text : "(not UTF-8)");
            text = std::move(member);
        }
        logger_.log(level_of(level), spdlog::string_view_t{text.data(), text.size()});
    }

private:
    spdlog::logger logger_;
    LogFormat format_;
};

}  // namespace

std::shared_ptr<Log> make_log(LogLevel least, LogFormat format) {
    return std::make_shared<StandardErrorLog>(least, format);
}

}  // namespace warren::app
