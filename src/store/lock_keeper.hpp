#pragma once

#include <warren/error.hpp>

#include "store/call_session.hpp"
#include "store/store_lock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace warren::store {

/// The locks of a store that one process holds, renewed in time, and those that it waits for.
/// thread the store's
class LockKeeper {
public:
    using TimePoint = StoreLock::TimePoint;
    using Completion = std::move_only_function<void(std::expected<void, Failure>)>;

    /// A lock that is asked for or, without a completion, given up.
    struct Change {
        std::shared_ptr<StoreLock> lock;
        Completion completion{};
        std::int64_t place_before = 0;  // in the queue, of one that is asked for again
        std::size_t number = 0;         // among those of one transaction, as they came
    };
    using Changes = std::vector<Change>;

    /// in   session: outlives this
    LockKeeper(CallSession& session, std::chrono::milliseconds lease) noexcept;

    /// Make changes, as the last of a transaction. They are put in the order of the locks' names.
    std::expected<void, Failure> change(Changes& changes);
    /// The transaction has ended: complete what was asked for, where there is an answer.
    void settle(Changes& changes, const std::expected<void, Failure>& written);

    /// When `tend` is to be called next; unset: not before a change.
    std::optional<TimePoint> due() const noexcept;
    /// Renew what is to be renewed, and see whose turn it is; outside of any transaction. What
    /// waits and cannot be asked for is completed with a failure.
    /// in   changes: get what is asked for again, before everything else
    std::expected<void, Failure> tend(Changes& changes);
    /// Whether something was given up that the store does not know of yet.
    bool has_unwritten() const noexcept { return !unwritten_.empty(); }
    /// Complete what waits with a failure.
    void end(const Failure& why);

private:
    struct Waiting {
        std::shared_ptr<StoreLock> lock;
        Completion completion;
    };

    std::expected<void, Failure> renew();
    std::expected<void, Failure> write_renewal(std::vector<std::uint64_t>& held);
    std::expected<void, Failure> ask_again(Changes& changes);
    void lose(const StoreLock* lock);

    CallSession& session_;
    const LockTerms terms_;
    std::unordered_map<const StoreLock*, std::shared_ptr<StoreLock>> held_;
    std::unordered_map<const StoreLock*, Waiting> waiting_;
    Changes unwritten_;     // given up while the store failed
    TimePoint asked_at_{};  // before the transaction
    TimePoint renew_at_{};
    TimePoint poll_at_{};
};

}  // namespace warren::store
