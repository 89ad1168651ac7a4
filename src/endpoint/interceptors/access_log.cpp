#include <warren/middleware.hpp>

#include "endpoint/interceptors/call_line.hpp"
#include "endpoint/log_queue.hpp"

#include <utility>

namespace warren {
namespace {

class AccessLog final : public ServerInterceptor {
public:
    explicit AccessLog(std::shared_ptr<Log> log) : log_{std::move(log)} {}

    void end(const CallAtServer& call, const CallEnd& end) override {
        Log& log = log_ != nullptr ? *log_ : *call.context.log;
        log.info("access {" + endpoint::call_members(call, end) + '}');
    }

private:
    const std::shared_ptr<Log> log_;  // null: the server's
};

/// A line about each call is no repetition of others.
class OwnLog final : public Log {
public:
    explicit OwnLog(const std::shared_ptr<Log>& log) : queue_{endpoint::queued(log)} {}
    void write(LogLevel level, std::string_view line) override {
        queue_->of_handlers().write(level, line);
    }

private:
    const std::shared_ptr<endpoint::LogQueue> queue_;
};

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): taken over, as by the other interceptors
std::shared_ptr<ServerInterceptor> access_log(std::shared_ptr<Log> log) {
    return std::make_shared<AccessLog>(log != nullptr ? std::make_shared<OwnLog>(std::move(log))
                                                      : nullptr);
}

}  // namespace warren
