#include "endpoint/server/server_store.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/server/server_name.hpp"
#include "endpoint/server/store_options.hpp"
#include "store/open_session.hpp"

#include <utility>

namespace warren::endpoint {
namespace {

[[noreturn]] void refuse_without_store(const std::string& who) {
    throw Error{Code::invalid_request,
                who +
                    " asks for idempotency, for which the server needs a store: say `store`, or "
                    "idempotency none"};
}

std::expected<std::unique_ptr<store::CallSession>, Failure> open_session(
    const StoreOptions& options) {
    if (!options.postgresql.empty()) {
        return store::open_postgresql(options.postgresql);
    }
    return store::open_sqlite(options.sqlite);
}

bool is_wanted(std::optional<Idempotency> idempotency) noexcept {
    return idempotency.value_or(Idempotency::none) != Idempotency::none;
}

/// Hold what listeners and methods ask for against a server without a store.
void check_needs_no_store(std::span<const ListenerConfig> configs,
                          std::span<const std::vector<const Method*>> methods) {
    for (std::size_t at = 0; at < configs.size(); ++at) {
        if (is_wanted(configs[at].options.idempotency)) {
            const std::string& origin = configs[at].options.origin;
            refuse_without_store(origin.empty() ? "The listener " + configs[at].display() : origin);
        }
        for (const Method* const method : methods[at]) {
            if (is_wanted(method->idempotency)) {
                refuse_without_store("The method " + method->name);
            }
        }
    }
}

}  // namespace

void ServerStore::open(const StoreOptions& options, std::shared_ptr<Log> log,
                       std::span<const ListenerConfig> configs,
                       std::span<const std::vector<const Method*>> methods) {
    if (!options.is_said()) {
        return check_needs_no_store(configs, methods);
    }
    value_or_throw(check_store(options));
    auto session = open_session(options);
    if (!session) {
        if (!options.origin.empty()) {
            session.error().message = options.origin + ": " + session.error().message;
        }
        throw Error{std::move(session.error())};
    }
    store_ = std::make_unique<store::CallStore>(
        std::move(*session),
        store::CallStoreOptions{
            .limits = {.keep_ms = options.keep.count(), .bytes_max = options.bytes_max},
            .dead_limits = {.keep_ms = options.dead_keep.count(),
                            .bytes_max = options.dead_bytes_max},
            .log = std::move(log),
            .lock_lease = options.lock_lease});
}

void ServerStore::attach(runtime::RunningCalls& calls) {
    if (store_ != nullptr) {
        keyed_calls_.emplace(*store_, calls, name_of_this_server());
        locks_.emplace(*store_, calls);
    }
}

void ServerStore::close() {
    store_.reset();
    keyed_calls_.reset();
    locks_.reset();
}

std::optional<metrics::StoreFigures> ServerStore::figures() const noexcept {
    if (!keyed_calls_) {
        return std::nullopt;
    }
    const store::CallStoreCounters& store = store_->counters();
    const runtime::KeyedCounters& keyed = keyed_calls_->counters();
    const runtime::StoreLockCounters& locks = locks_->counters();
    const auto of = [](const std::atomic<std::uint64_t>& count) {
        return count.load(std::memory_order_relaxed);
    };
    return metrics::StoreFigures{.claims = of(store.claims),
                                 .kept = of(store.kept),
                                 .commits = of(store.commits),
                                 .failures = of(store.failures),
                                 .dead_too_old = of(store.dead_too_old),
                                 .dead_too_much = of(store.dead_too_much),
                                 .is_failing = store.is_failing.load(std::memory_order_relaxed),
                                 .replayed = of(keyed.replayed),
                                 .joined = of(keyed.joined),
                                 .conflicts = of(keyed.conflicts),
                                 .unknown = of(keyed.unknown),
                                 .unkept = of(keyed.unkept),
                                 .locks_held = of(locks.held),
                                 .lock_waiters = of(locks.waiting),
                                 .locks_lost = of(locks.lost)};
}

std::string ServerStore::failing() const {
    return store_ != nullptr && store_->counters().is_failing.load(std::memory_order_relaxed)
               ? store_->name() + " cannot be used"
               : std::string{};
}

}  // namespace warren::endpoint
