#include "endpoint/server/server_sizing.hpp"

#include "core/duration.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "runtime/dispatch/workers.hpp"

#include <algorithm>
#include <string>
#include <thread>

namespace warren::endpoint {
namespace {

constexpr std::size_t workers_default_max = 1024;

}  // namespace

core::Limits limits_of(const ServerOptions& options) {
    core::Limits limits;
    limits.body_bytes_max = options.body_bytes_max;
    limits.nesting_depth_max = options.nesting_depth_max;
    limits.value_count_max = options.value_count_max;
    limits.lock_waiters_max = options.lock_waiters_max;
    return limits;
}

std::size_t worker_count_for(const ServerOptions& options,
                             std::span<const ListenerConfig> configs) {
    if (options.workers != 0) {
        return options.workers;
    }
    std::size_t at_once = 0;
    for (const ListenerConfig& config : configs) {
        at_once +=
            config.address.is_brokerless() || config.proxy ? 0 : config.simultaneous_requests_max();
    }
    return std::max(runtime::worker_threads_default(), std::min(at_once, workers_default_max));
}

void log_workers(std::size_t count, std::span<const ListenerConfig> configs, Log& log) {
    if (std::ranges::any_of(configs, [](const ListenerConfig& config) { return !config.proxy; })) {
        log.info(std::to_string(count) +
                 " handlers run at once, those of all listeners together (workers)");
    }
}

std::shared_ptr<protocol::NonceMemory> nonce_memory_for(const ServerOptions& options,
                                                        std::span<const ListenerConfig> configs,
                                                        const runtime::Clock& clock) {
    const auto is_signed = [](const ListenerConfig& config) {
        return !config.options.auth_secrets.empty() && config.address.protocol->remembers_signed;
    };
    if (std::ranges::none_of(configs, is_signed)) {
        return nullptr;
    }
    const std::chrono::milliseconds ahead = options.auth_clock_ahead_max;
    if (ahead.count() < 0 || ahead > auth_clock_ahead_limit) {
        throw Error{Code::invalid_request,
                    "auth_clock_ahead_max must be from 0s to " +
                        core::to_string(std::chrono::milliseconds{auth_clock_ahead_limit})};
    }
    return value_or_throw(protocol::NonceMemory::make(
        {.ahead_max = ahead, .since_ms = clock.unix_ms() + ahead.count()}));
}

void wait_until_remembered(const protocol::NonceMemory& memory, const runtime::Clock& clock) {
    const std::chrono::milliseconds left{memory.since_ms() - clock.unix_ms()};
    std::this_thread::sleep_for(std::min(left, memory.ahead_max()));
}

}  // namespace warren::endpoint
