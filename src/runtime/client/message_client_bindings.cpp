#include "runtime/client/message_client_bindings.hpp"

namespace warren::runtime {

MethodBinding* MethodBindings::find(std::string_view method) noexcept {
    const auto found = by_method_.find(method);
    return found != by_method_.end() ? found->second : nullptr;
}

MethodBinding* MethodBindings::find(std::uint64_t token) noexcept {
    const auto found = by_token_.find(token);
    return found != by_token_.end() ? found->second.get() : nullptr;
}

MethodBinding* MethodBindings::add(std::string_view method) {
    if (by_token_.size() >= methods_max) {
        return nullptr;
    }
    auto binding = std::make_unique<MethodBinding>();
    binding->method = method;
    binding->token = ++last_token_;
    MethodBinding* added = binding.get();
    by_token_.emplace(added->token, std::move(binding));
    by_method_.emplace(added->method, added);
    return added;
}

void MethodBindings::remove(MethodBinding& binding) noexcept {
    by_method_.erase(binding.method);
    by_token_.erase(binding.token);
}

}  // namespace warren::runtime
