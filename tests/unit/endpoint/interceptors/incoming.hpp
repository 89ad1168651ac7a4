#pragma once

#include <warren/interceptor.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

// Calls as interceptors see them, without a server.
namespace warren::endpoint::test {

using namespace std::chrono_literals;

class Lines final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard lock{mutex_};
        lines_.emplace_back(line);
    }
    std::vector<std::string> all() const {
        const std::lock_guard lock{mutex_};
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// One call, at a time of the test's own.
struct Incoming {
    Incoming(std::string_view method, std::string_view caller, Lines& log,
             std::chrono::nanoseconds at = 0ns)
        : context{.method = method,
                  .caller = caller,
                  .idempotency_key = "order 7",
                  .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                  .attempt = 2,
                  .log = &log},
          call{.context = context,
               .listener = "tcp://127.0.0.1:7000",
               .peer_address = "127.0.0.1:40000",
               .request_bytes = 37,
               .came_at = Context::TimePoint{1h + at},
               .memory = memory,
               .state = state} {}

    Arena memory;
    std::any state;
    Context context;
    CallAtServer call;
};

}  // namespace warren::endpoint::test
