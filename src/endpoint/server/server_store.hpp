#pragma once

#include <warren/context.hpp>
#include <warren/server.hpp>

#include "endpoint/server/listener_config.hpp"
#include "metrics/text.hpp"
#include "runtime/dispatch/keyed_calls.hpp"
#include "runtime/dispatch/store_locks.hpp"
#include "store/call_store.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Where a server keeps replies, so that no call is done twice, and shares locks with others.
namespace warren::endpoint {

/// A server's store, and what it knows of the calls that run.
/// thread as the server's functions, where nothing else is said
class ServerStore {
public:
    /// err  throws Error (invalid_request) saying why it cannot be used, and what to do; or that a
    ///      listener or a method needs one where the options name none
    /// in   methods: of each listener
    void open(const StoreOptions& options, std::shared_ptr<Log> log,
              std::span<const ListenerConfig> configs,
              std::span<const std::vector<const Method*>> methods);
    /// in   calls: outlive what follows until `close`
    void attach(runtime::RunningCalls& calls);
    /// Once no call is left. Its thread may be on the way out of what it completed last.
    void close();

    /// Null: there is no store.
    runtime::KeyedCalls* keyed_calls() noexcept { return keyed_calls_ ? &*keyed_calls_ : nullptr; }
    runtime::StoreLocks* locks() noexcept { return locks_ ? &*locks_ : nullptr; }
    /// thread any
    std::optional<metrics::StoreFigures> figures() const noexcept;
    /// Why it cannot be used now, for people; empty: it can.          thread any
    std::string failing() const;

private:
    std::optional<runtime::KeyedCalls> keyed_calls_;
    std::optional<runtime::StoreLocks> locks_;
    std::unique_ptr<store::CallStore> store_;
};

}  // namespace warren::endpoint
