#pragma once

#include <warren/dynamic.hpp>

#include "contract/document.hpp"

#include <cstdint>

namespace warren::docs {

class SecretNames;

/// A request to show: the method's first example, or one made of what its fields say: examples,
/// bounds, lengths. A text that has a pattern and no example is not made to fit it.
/// cost bounded, whatever the models nest
Dynamic sample_request(const contract::Document& document, const contract::MethodDocument& method);

/// The generated one, whatever the examples, with a placeholder for each secret.
Dynamic sample_request(const contract::Document& document, const contract::MethodDocument& method,
                       SecretNames& secrets);
/// The value of a secret field, made of placeholders.
Dynamic sample_secret(const contract::Document& document, const contract::FieldDocument& field,
                      SecretNames& secrets);

/// How a caller knows the secrets of a request.
enum class Secrets : std::uint8_t {
    none,
    by_name,  // all of them by the names of their fields
    by_type,  // some by their type alone
};
/// Looks as deep as `sample_request`.
Secrets secrets_in(const contract::Document& document, const contract::DataType& type);

}  // namespace warren::docs
