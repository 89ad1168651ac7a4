#pragma once

#include <warren/dynamic.hpp>

#include "contract/document.hpp"

namespace warren::docs {

/// A request to show: the method's first example, or one made of what its fields say: examples,
/// bounds, lengths. A text that has a pattern and no example is not made to fit it.
/// cost bounded, whatever the models nest
Dynamic sample_request(const contract::Document& document, const contract::MethodDocument& method);

/// Whether a request has secrets: whoever calls needs a key. Looks as deep as `sample_request`.
bool has_secrets(const contract::Document& document, const contract::DataType& type);

}  // namespace warren::docs
