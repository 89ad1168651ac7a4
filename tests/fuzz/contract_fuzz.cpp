// A contract document that nobody vouches for: whatever is wrong with it is said, and of what is
// right every view can be made, and the same document comes back from its JSON.
#include "contract/document.hpp"
#include "contract/document_check.hpp"
#include "contract/registered.hpp"
#include "docs/asyncapi.hpp"
#include "docs/openrpc.hpp"
#include "docs/schemas.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace warren;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void try_views(const contract::Document& document) {
    const std::string json = contract::to_json(document);
    const auto again = contract::from_json(json);
    check(again.has_value());
    check(contract::to_json(*again) == json);
    (void)docs::openrpc(document).to_json();
    (void)docs::asyncapi(document).to_json();
    (void)docs::bundle_schema(document).to_json();
    for (const contract::MethodDocument& method : document.methods) {
        (void)docs::schema_of(document, method.request).to_json();
        (void)docs::reference_schema(document, method).to_json();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    auto document = contract::read_document(text);
    if (!document) {
        check(!document.error().errors.empty());
        return 0;
    }
    for (contract::MethodDocument& method : document->methods) {
        method.fingerprint = contract::fingerprint(*document, method);
    }
    document->fingerprint = contract::fingerprint(*document);
    try_views(*document);
    return 0;
}
