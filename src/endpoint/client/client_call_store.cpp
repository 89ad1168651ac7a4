#include "endpoint/client/client_call.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

// Calls that are over wait here for the next ones, so that a call takes no memory anew. Each thread
// has some at hand; what one thread makes and another ends comes back through a common heap, many
// at a time.
namespace warren::detail {
namespace {

constexpr std::size_t moved_at_once = 32;
constexpr std::size_t at_hand_max = 2 * moved_at_once;
constexpr std::size_t idle_max = 1024;

using Calls = std::vector<std::unique_ptr<PreparedCall>>;

void move_last(Calls& from, Calls& to, std::size_t count) {
    for (; count != 0 && !from.empty(); --count) {
        to.push_back(std::move(from.back()));
        from.pop_back();
    }
}

/// What no thread has at hand.
class Heap {
public:
    Heap() { calls_.reserve(idle_max); }

    void give(Calls& from) {
        const std::lock_guard lock{mutex_};
        move_last(from, calls_, std::min(moved_at_once, idle_max - calls_.size()));
    }
    void take(Calls& to) {
        const std::lock_guard lock{mutex_};
        move_last(calls_, to, moved_at_once);
    }

private:
    std::mutex mutex_;
    Calls calls_;
};

/// Never destroyed, because threads may end after everything else.
Heap& heap() {
    static Heap* const instance = new Heap;
    return *instance;
}

class AtHand;

/// What this thread has. Few bytes, for which a library that is loaded late has room, too: they are
/// where they can be had without asking.
struct ThisThread {
    AtHand* at_hand = nullptr;
    // Clients may outlive what a thread has at hand: those of static duration, on the main thread.
    bool is_ending = false;
};
[[gnu::tls_model("initial-exec")]] constinit thread_local ThisThread this_thread;

class AtHand {
public:
    AtHand() { calls_.reserve(at_hand_max); }
    ~AtHand() {
        this_thread = {.is_ending = true};
        while (!calls_.empty()) {
            release_some();
        }
    }
    AtHand(const AtHand&) = delete;
    AtHand& operator=(const AtHand&) = delete;

    PreparedCallPointer take() {
        if (calls_.empty()) {
            heap().take(calls_);
        }
        if (calls_.empty()) {
            return PreparedCallPointer{new PreparedCall};
        }
        PreparedCallPointer call{calls_.back().release()};
        calls_.pop_back();
        return call;
    }
    void give(std::unique_ptr<PreparedCall> call) {
        if (calls_.size() == at_hand_max) {
            release_some();
        }
        calls_.push_back(std::move(call));
    }

private:
    void release_some() {
        const std::size_t before = calls_.size();
        heap().give(calls_);
        if (calls_.size() == before) {
            calls_.resize(before - std::min(before, moved_at_once));
        }
    }

    Calls calls_;
};

[[gnu::noinline]] void begin_at_hand() {
    thread_local AtHand calls;
    this_thread.at_hand = &calls;
}

/// out  null: the thread ends
AtHand* at_hand() {
    if (this_thread.at_hand == nullptr && !this_thread.is_ending) [[unlikely]] {
        begin_at_hand();
    }
    return this_thread.at_hand;
}

}  // namespace

PreparedCallPointer idle_prepared_call() {
    AtHand* const calls = at_hand();
    return calls != nullptr ? calls->take() : PreparedCallPointer{new PreparedCall};
}

void PreparedCallDeleter::operator()(PreparedCall* call) const noexcept {
    std::unique_ptr<PreparedCall> owner{call};
    if (AtHand* const calls = at_hand()) {
        call->recycle();
        calls->give(std::move(owner));
    }
}

}  // namespace warren::detail
