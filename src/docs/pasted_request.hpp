#pragma once

#include <warren/dynamic.hpp>

#include "contract/document.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace warren::docs {

/// What stands for a secret in a request to be pasted.
struct SecretPlaceholder {
    std::string name;
    std::string field;    // that it is the value of; empty: of none
    bool is_text = true;  // or else what takes its place has no quotes
};

/// Names placeholders by fields: pass_key's is PASS_KEY, the next one's PASS_KEY_2.
class SecretNames {
public:
    Dynamic next(std::string_view field, bool is_text);
    std::vector<SecretPlaceholder> take() && { return std::move(secrets_); }

private:
    std::vector<SecretPlaceholder> secrets_;
};

struct PastedRequest {
    Dynamic request{};
    std::vector<SecretPlaceholder> secrets{};
};

/// A request as `sample_request` has it, for commands that are run: each secret in it is a
/// placeholder, so that none is sent that nobody chose.
PastedRequest pasted_request(const contract::Document& document,
                             const contract::MethodDocument& method);

}  // namespace warren::docs
