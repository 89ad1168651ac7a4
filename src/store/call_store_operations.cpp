#include "store/call_store.hpp"

#include <utility>

// What a store does beside what every call needs of it.
namespace warren::store {

void CallStore::run(Operation operation) {
    put([&](Batch& next) { next.operations.push_back(std::move(operation)); });
}

void CallStore::bury(HeldCall call, DeadCall dead, std::string response,
                     Completion<bool> completion) {
    run({.change = [call = std::move(call), dead = std::move(dead), response = std::move(response)](
                       CallSession& session, std::int64_t now_ms) -> std::expected<bool, Failure> {
             const auto kept = session.keep(call, response, now_ms);
             if (!kept || !*kept) {
                 return kept;
             }
             const auto inserted = session.insert_dead(dead);
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

void CallStore::settle_operations(Batch& batch, const std::expected<void, Failure>& written) {
    for (Operation& operation : batch.operations) {
        operation.completion(written ? std::move(operation.outcome)
                                     : std::unexpected{written.error()});
    }
}

}  // namespace warren::store
