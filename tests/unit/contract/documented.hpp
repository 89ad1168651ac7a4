#pragma once

#include <warren/method.hpp>

#include "contract/registered.hpp"
#include "docs/schemas.hpp"

namespace warren::test {

/// The document of one method without a handler.
inline contract::Document documented(const Type& request, const Type& response = type_of<void>()) {
    const Method method{.name = "method", .request = &request, .response = &response};
    const Method* const methods[] = {&method};
    return contract::document_of(methods);
}

template <typename T>
Dynamic schema_of_type() {
    const contract::Document document = documented(type_of<T>());
    return docs::schema_of(document, document.methods.front().request);
}

}  // namespace warren::test
