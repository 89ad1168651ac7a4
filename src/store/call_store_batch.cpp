#include "store/call_store.hpp"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

// Which of what waits shares a transaction, and which need not wait for the disk.
namespace warren::store {
namespace {

/// How long others are waited for, of what the last commit took: each time that some came, again.
constexpr int gathering_share = 32;
constexpr int gathering_turns = 8;
/// Where a commit takes less than what waiting takes there is nothing to be had.
constexpr std::chrono::steady_clock::duration gathering_min = std::chrono::microseconds{20};
/// A disk that was slow once need not be slow again.
constexpr std::chrono::steady_clock::duration gathering_max = std::chrono::milliseconds{1};

template <typename T>
void move_behind(std::vector<T>& to, std::vector<T>& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    from.clear();
}

}  // namespace

/// A lock that is given has a token that was never given before: not even when the power fails.
Durability CallStore::Batch::durability() const noexcept {
    const auto is_at_most_once = [](const Claim& claim) { return claim.request.is_at_most_once; };
    const auto is_asked = [](const LockKeeper::Change& lock) { return bool{lock.completion}; };
    return keeps.empty() && commits.empty() && operations.empty() &&
                   !std::ranges::any_of(claims, is_at_most_once) &&
                   !std::ranges::any_of(locks, is_asked)
               ? Durability::process
               : Durability::machine;
}

CallStore::Batch CallStore::Batch::take_quick() {
    Batch quick;
    quick.leaves = std::exchange(leaves, {});
    std::vector<Claim> others;
    for (Claim& claim : claims) {
        (claim.request.is_at_most_once ? others : quick.claims).push_back(std::move(claim));
    }
    claims = std::move(others);
    return quick;
}

void CallStore::Batch::add(Batch&& later) {
    move_behind(claims, later.claims);
    move_behind(keeps, later.keeps);
    move_behind(leaves, later.leaves);
    move_behind(commits, later.commits);
    move_behind(locks, later.locks);
    move_behind(operations, later.operations);
}

/// A call that begins does not wait until the disk has what others did: while it has they run.
void CallStore::write(Batch& batch) {
    if (batch.durability() == Durability::process) {
        return write_together(batch);
    }
    if (Batch quick = batch.take_quick(); !quick.empty()) {
        write_together(quick);
    }
    gather(batch);
    write_together(batch);
}

/// Calls that have just begun may be about to end, and share the commit then.
void CallStore::gather(Batch& batch) {
    const auto pause = std::min(commit_time_ / gathering_share, gathering_max);
    for (int turn = 0; turn < gathering_turns && pause >= gathering_min && running_ > batch.ends();
         ++turn) {
        std::this_thread::sleep_for(pause);
        Batch more;
        {
            const std::lock_guard lock{mutex_};
            more = std::exchange(next_, {});
        }
        if (more.empty()) {
            return;
        }
        if (Batch quick = more.take_quick(); !quick.empty()) {
            write_together(quick);
        }
        batch.add(std::move(more));
    }
}

void CallStore::write_together(Batch& batch) {
    batch.leaves.insert(batch.leaves.begin(), std::make_move_iterator(unwritten_.begin()),
                        std::make_move_iterator(unwritten_.end()));
    unwritten_.clear();
    const auto began = std::chrono::steady_clock::now();
    const bool is_of_machine = batch.durability() == Durability::machine;
    const auto written = transact(batch);
    if (is_of_machine) {
        commit_time_ = std::chrono::steady_clock::now() - began;
    }
    running_ -= std::min(running_, batch.ends());
    running_ +=
        static_cast<std::size_t>(std::ranges::count_if(batch.claims, [&](const Claim& claim) {
            return written && claim.claimed->state == ClaimState::fresh;
        }));
    note(written);
    settle(batch, written);
    if (written) {
        note_forgotten(batch.forgotten);
    } else {
        unwritten_ = std::move(batch.leaves);
        forget_dead_at_.reset();
    }
}

}  // namespace warren::store
