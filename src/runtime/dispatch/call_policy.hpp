#pragma once

#include "format/fernet/fernet.hpp"
#include "model/secrets.hpp"
#include "runtime/dispatch/interceptors.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace warren::runtime {

/// What a listener asks of its calls that may change while it is served: a call keeps what there
/// was when it began.
struct CallPolicy {
    format::Keyring keys{};  // opens the requests' secrets; empty: nothing is encrypted
    model::SecretPolicy secrets = model::SecretPolicy::must_be_encrypted;
    std::optional<std::chrono::seconds> secrets_ttl{};  // how old they may be; none: any age
    model::SecretDepth secrets_depth = model::SecretDepth::any;
    bool strict_contracts = false;     // calls by another contract are refused, whatever they say
    Interceptors::All interceptors{};  // outermost first
};

/// A policy that calls are under. It never changes: another one takes its place.      thread any
class PolicyInForce {
public:
    /// in  clock outlives this
    PolicyInForce(CallPolicy policy, const Clock& clock)
        : policy_{std::move(policy)}, interceptors_{policy_.interceptors, clock} {}

    const CallPolicy& policy() const noexcept { return policy_; }
    /// Null: there are none.
    const Interceptors* interceptors() const noexcept {
        return policy_.interceptors.empty() ? nullptr : &interceptors_;
    }

private:
    const CallPolicy policy_;
    const Interceptors interceptors_;
};

}  // namespace warren::runtime
