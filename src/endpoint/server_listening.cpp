#include "endpoint/server_listening.hpp"

#include <utility>

namespace warren::endpoint {

std::string Listening::display() const {
    return place() + " methods=" + std::to_string(methods_.size());
}

runtime::ListenerPolicy Listening::policy(runtime::Answers answers) const {
    return {.methods = methods_,
            .keys = plan_.keys,
            .secrets = plan_.options.clear_secrets == ClearSecrets::accept
                           ? model::SecretPolicy::accept_clear
                           : model::SecretPolicy::must_be_encrypted,
            .secrets_ttl = plan_.options.fernet_ttl,
            .answers = answers};
}

std::unique_ptr<Listening> make_listening(ListenerPlan plan, std::vector<const Method*> methods,
                                          const ListeningShared& shared) {
    if (plan.address.is_direct()) {
        return make_direct_listening(std::move(plan), std::move(methods), shared);
    }
    return make_message_listening(std::move(plan), std::move(methods), shared);
}

}  // namespace warren::endpoint
