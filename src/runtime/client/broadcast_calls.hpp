#pragma once

#include "runtime/client/client_calls.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace warren::runtime {

/// Sends each call to several servers. It succeeds when all have answered, with the list of their
/// data in the servers' order; it fails when one has failed and all are over, as that one did, with
/// the data of those that succeeded by their servers' names.
class BroadcastCalls final : public ClientCalls {
public:
    struct Server {
        std::string name;                    // for messages, such as its address
        std::shared_ptr<ClientCalls> calls;  // on the same executor
    };

    BroadcastCalls(Executor& executor, const ClientCallsOptions& options,
                   std::vector<Server> servers);
    ~BroadcastCalls() override;

    /// Also ends the calls to the servers.
    void close() override;

private:
    class Copy;
    struct Spread;

    void dispatch(ClientCall& call) override;
    Failure deadline_failure_of(const ClientCall& call) const override;
    void forget(ClientCall& call) noexcept override;

    void copy_ended(Spread& spread);
    void finish(ClientCall& call, const Spread& spread);
    Failure failure_of(const Spread& spread) const;

    const std::vector<Server> servers_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Spread>> spreads_;  // by the call's token
};

}  // namespace warren::runtime
