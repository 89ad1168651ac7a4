#pragma once

#include <warren/error.hpp>

#include "core/keyed_hash.hpp"
#include "runtime/dispatch/keyed_call.hpp"
#include "runtime/dispatch/server_call.hpp"
#include "store/call_store.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace warren::runtime {

class RunningCalls;

/// What became of calls by their keys, for metrics.          thread any may read
struct KeyedCounters {
    std::atomic<std::uint64_t> replayed = 0;  // answered from a record
    std::atomic<std::uint64_t> joined = 0;    // answered with another one that ran meanwhile
    std::atomic<std::uint64_t> conflicts = 0;
    std::atomic<std::uint64_t> unknown = 0;
    std::atomic<std::uint64_t> unkept = 0;  // done, and sent without a record: the store failed
};

/// The calls of one server that are told apart by keys. Of those under one key one runs at a time;
/// the others wait for it, parked, and get its response. Whether it runs at all the store says, and
/// its response leaves once the store has it.          thread any
class KeyedCalls {
public:
    /// in  both must outlive this, which must outlive the store's thread: `stop` the store first
    ///     server: this one's name, for people
    KeyedCalls(store::CallStore& store, RunningCalls& calls, std::string server)
        : store_{store}, calls_{calls}, server_{std::move(server)} {
        alive_->calls = this;
    }
    ~KeyedCalls();
    KeyedCalls(const KeyedCalls&) = delete;
    KeyedCalls& operator=(const KeyedCalls&) = delete;

    /// Have a call started by its listener's backend, or answered, when the store has spoken.
    /// in   call: with a key, prepared and watched          thread the listener's I/O thread
    void claim(std::unique_ptr<ServerCall> call);
    /// The response is in a call that was started: have it kept, and finished again after that.
    /// out  false: there is nothing to wait for          thread any
    bool keep(std::unique_ptr<ServerCall>& call) noexcept;

    store::CallStore& store() noexcept { return store_; }
    const KeyedCounters& counters() const noexcept { return counters_; }

private:
    using Parked = std::shared_ptr<ParkedCall>;
    using CallPtr = std::unique_ptr<ServerCall>;

    /// What runs under a key, and who waits for it.
    struct Running {
        store::ClaimRequest request;
        /// So many attempts may end with their process; 0: any number.
        std::uint32_t attempts_max = 0;
        bool is_begun = false;  // as the store knows, or may: it was asked for it
        std::vector<Parked> joined{};
    };
    using RunningMap = std::unordered_map<std::string, Running, core::KeyedHash, std::equal_to<>>;
    using Entry = RunningMap::value_type;
    /// One that is asked for later.
    struct HeldBack {
        std::string key;
        Parked parked;
    };

    // keyed_calls_later.cpp
    bool try_later(CallPtr& call) noexcept;
    bool park_until_due(CallPtr& call);
    bool postpone(CallPtr& call);
    void postponed(const store::HeldCall& held, const Parked& parked,
                   const std::expected<bool, Failure>& outcome) noexcept;
    bool bind_again(ServerCall& call) noexcept;

    static Parked park(ServerCall& call);
    static CallPtr take(const Parked& parked) noexcept;
    void ask(const std::string& key, const Parked& parked);
    Entry* next_of(const std::string& key, Parked& parked);

    // keyed_calls_alone.cpp; those without a lock of their own are called with the mutex
    void ask(Entry& entry, const Parked& parked);
    void send_claim(Entry& entry, const Parked& parked);
    bool hold_if_suspect(const std::string& key, const Parked& parked,
                         const store::Claimed& claimed);
    void hold_back(HeldBack held);
    void end_begun(Running& running) noexcept;
    void step_isolation();

    // keyed_calls_poison.cpp
    static bool is_poisoned(const ServerCall& call, const store::Claimed& claimed) noexcept;
    /// in   attempt: that it is held as; begun: how often
    void bury(CallPtr call, std::uint32_t attempt, std::uint32_t begun);
    void give_up(CallPtr& call, std::uint32_t attempt, std::uint32_t begun);
    void buried(const std::string& key, std::uint32_t attempt, const Parked& parked,
                const std::string& record, std::expected<bool, Failure> outcome) noexcept;

    void ask_later(const std::string& key, Parked parked, CallPtr call);
    void ask_again(const std::string& key, const Parked& parked);
    void claimed(const std::string& key, const Parked& parked,
                 std::expected<store::Claimed, Failure> outcome);
    void start(CallPtr call, const store::Claimed& claimed);
    /// Whoever waits next under a key is to run.
    void pass_on(const std::string& key) noexcept;
    /// Nothing runs under a key any more.
    std::vector<Parked> remove(const std::string& key) noexcept;
    void answer(CallPtr call, const std::string& record) noexcept;
    void answer_all(const std::vector<Parked>& joined, const std::string& record) noexcept;
    void fail_all(CallPtr call, const std::vector<Parked>& joined, const Failure& why) noexcept;
    void kept(const std::string& key, const Parked& parked, const std::string& record,
              const std::expected<bool, Failure>& outcome) noexcept;

    store::CallStore& store_;
    RunningCalls& calls_;
    const std::string server_;
    /// For timers, which may outlive this.
    struct Alive {
        std::mutex mutex;
        KeyedCalls* calls;
    };
    const std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();
    KeyedCounters counters_;

    std::mutex mutex_;  // of what follows
    RunningMap running_;
    std::size_t begun_ = 0;            // of these
    bool is_isolating_ = false;        // a suspect waits, or runs alone
    std::string alone_;                // the key of the one that runs; empty: none yet
    std::deque<HeldBack> suspects_;    // in the order in which they run
    std::vector<HeldBack> held_back_;  // until no suspect is left
    std::size_t sweep_at_ = 0;         // so many of these: remove those that have ended
};

}  // namespace warren::runtime
