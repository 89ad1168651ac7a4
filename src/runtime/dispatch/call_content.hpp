#pragma once

#include <warren/interceptor.hpp>

#include "model/secret_texts.hpp"
#include "protocol/call.hpp"

#include <cstddef>
#include <string>

namespace warren::runtime {

class ServerCall;

/// What is known of a call beside itself, where somebody records what calls say.
struct CallSecrets {
    model::SecretTexts texts{};  // those of its request
    std::string details{};       // of a failure that its caller is not told
};

/// What one call says, as long as it is there.
class ContentOfCall final : public CallContent {
public:
    /// in  request: null: it could not be read, or is gone
    ContentOfCall(const ServerCall& call, const protocol::Call* request) noexcept
        : call_{call}, request_{request} {}

    std::string request(std::size_t bytes_max) const override;
    std::string response(std::size_t bytes_max) const override;
    std::string failure() const override;

private:
    std::string without_secrets(std::string_view text) const;

    const ServerCall& call_;
    const protocol::Call* request_;
};

/// Remember the secrets of a call, whose arguments are as they came.
void remember_secrets(ServerCall& call, const protocol::Call& request);

}  // namespace warren::runtime
