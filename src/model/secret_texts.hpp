#pragma once

#include <warren/arena.hpp>
#include <warren/value.hpp>

#include "model/secrets.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace warren::model {

/// A secret's content as text, which is how it is encrypted.
std::string secret_text_of(const Value& value);

/// What must not be shown, wherever it stands. It does not know what makes a text a secret.
class SecretTexts {
public:
    /// A truth value, and nothing at all, are in too many texts to be looked for.
    void add(const Value& secret);

    bool empty() const noexcept { return texts_.empty(); }
    bool contains(std::string_view text) const noexcept;
    /// Also where a secret stands as the string of JSON that it is in.
    std::string without(std::string_view text, std::string_view shown = hidden_secret) const;

private:
    std::vector<std::string> texts_;  // each once
};

}  // namespace warren::model
