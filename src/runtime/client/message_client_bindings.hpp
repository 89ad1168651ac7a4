#pragma once

#include <warren/error.hpp>

#include "core/keyed_hash.hpp"
#include "runtime/client/client_call.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace warren::runtime {

/// What a method, or a server, needs before it can be called: a binding of the reply queue, asked
/// for once.
struct MethodBinding {
    enum class State : std::uint8_t { wanted, requested, bound };

    std::string method;
    std::uint64_t token = 0;
    State state = State::wanted;
    CallQueue waiting{};
};

/// The bindings of a client, by method or by server, as its protocol says.
/// thread one
class MethodBindings {
public:
    static constexpr std::size_t methods_max = 4096;

    MethodBinding* find(std::string_view method) noexcept;
    MethodBinding* find(std::uint64_t token) noexcept;
    /// out  nullptr at the limit
    MethodBinding* add(std::string_view method);
    /// Forget a method, so that its next call asks anew.
    void remove(MethodBinding& binding) noexcept;

    template <typename Visitor>
    void each(Visitor visitor) {
        for (auto& [token, binding] : by_token_) {
            visitor(*binding);
        }
    }

private:
    std::unordered_map<std::uint64_t, std::unique_ptr<MethodBinding>> by_token_;
    // Keys are the bindings' own.
    std::unordered_map<std::string_view, MethodBinding*, core::KeyedHash> by_method_;
    std::uint64_t last_token_ = 0;
};

}  // namespace warren::runtime
