#include "store/call_store.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

// What a store does beside what every call needs of it.
namespace warren::store {
namespace {

/// How often what is too old is looked for, where nothing else makes it necessary.
constexpr std::chrono::hours dead_watch{1};

}  // namespace

void CallStore::run(Operation operation) {
    put([&](Batch& next) { next.operations.push_back(std::move(operation)); });
}

void CallStore::bury(HeldCall call, DeadCall dead, std::string response,
                     Completion<bool> completion) {
    run({.change = [this, call = std::move(call), dead = std::move(dead),
                    response = std::move(response)](
                       CallSession& session, std::int64_t now_ms) -> std::expected<bool, Failure> {
             const auto kept = session.keep(call, response, now_ms);
             if (!kept || !*kept) {
                 return kept;
             }
             const auto inserted = session.insert_dead(dead);
             dead_bytes_ += dead.bytes();
             return inserted ? kept : std::unexpected{inserted.error()};
         },
         .completion = std::move(completion)});
}

/// out  whether any of them changed anything
std::expected<bool, Failure> CallStore::run_operations(Batch& batch, CallSession& session,
                                                       std::int64_t now_ms) {
    bool has_changed = false;
    for (Operation& operation : batch.operations) {
        operation.outcome = operation.change(session, now_ms);
        if (!operation.outcome) {
            return operation.outcome;
        }
        has_changed = has_changed || *operation.outcome;
    }
    return has_changed;
}

/// The first time, once an hour, and when too much was added: they are counted each time.
std::expected<void, Failure> CallStore::forget_dead(Batch& batch, std::int64_t now_ms) {
    const auto now = std::chrono::steady_clock::now();
    if (forget_dead_at_ && now < *forget_dead_at_ &&
        dead_bytes_ <= options_.dead_limits.bytes_max) {
        return {};
    }
    const auto forgotten = session_->forget_dead(options_.dead_limits, now_ms);
    if (!forgotten) {
        return std::unexpected{forgotten.error()};
    }
    batch.forgotten = *forgotten;
    dead_bytes_ = forgotten->bytes_left;
    forget_dead_at_ = forgotten->has_more ? now : now + dead_watch;
    return {};
}

void CallStore::note_forgotten(const ForgottenDead& forgotten) {
    counters_.dead_too_old.fetch_add(forgotten.too_old, std::memory_order_relaxed);
    counters_.dead_too_much.fetch_add(forgotten.too_much, std::memory_order_relaxed);
    if (options_.log && forgotten.count() != 0) {
        options_.log->warning(fmt::format(
            "{}: deleted the oldest dead letters, {} that were older than dead_keep, and {} that "
            "were over dead_bytes_max",
            name_, forgotten.too_old, forgotten.too_much));
    }
}

void CallStore::settle_operations(Batch& batch, const std::expected<void, Failure>& written) {
    for (Operation& operation : batch.operations) {
        operation.completion(written ? std::move(operation.outcome)
                                     : std::unexpected{written.error()});
    }
}

}  // namespace warren::store
