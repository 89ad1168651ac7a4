#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>
#include <warren/value.hpp>

#include "contract/document.hpp"
#include "format/fernet/fernet.hpp"
#include "model/secret_texts.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace warren::app {

/// Replace what is at a `Secret<T>` of a request by tokens, as far as the contract tells where;
/// what names make secrets, a client encrypts by itself. With no keys it stays as it is.
/// out  a value viewing the arena and whatever the given one views
/// err  unavailable
std::expected<Value, format::FernetError> encrypt_secrets(const contract::Document& document,
                                                          const contract::DataType& type,
                                                          const Value& value,
                                                          const format::Keyring& keys,
                                                          std::int64_t unix_seconds, Arena& arena);

/// Keeps what is secret out of what is shown of a call: what the contract or its name makes a
/// secret and, wherever it stands, what the request had in such a place.
class SecretMask {
public:
    /// in  document: outlives this
    SecretMask(const contract::Document& document, const contract::DataType& request,
               const Value& value);

    /// out  a value viewing the arena and whatever the given one views
    Value masked(const contract::DataType& type, const Value& value, Arena& arena) const;
    /// Also where a secret stands as the string of JSON that it is in.
    std::string masked_text(std::string_view text) const { return secrets_.without(text); }
    /// Of a location: the names of fields stay, which are the contract's.
    PathStep masked_step(const PathStep& step) const;

private:
    Value without(const Value& value, Arena& arena) const;
    bool is_field(std::string_view name) const;

    const contract::Document& document_;
    model::SecretTexts secrets_;
};

}  // namespace warren::app
