#include "docs/schema_name.hpp"

#include "core/percent.hpp"
#include "docs/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace warren::docs {
namespace {

constexpr std::size_t stem_bytes_max = 200;

/// The files beside those of methods.
bool is_own_stem(std::string_view name) {
    static constexpr std::array own{"head", "bundle", "index"};
    return std::ranges::find(own, name) != own.end();
}

}  // namespace

std::string schema_file(std::string_view method) {
    std::string stem = core::percent_encode(method);
    if (stem.empty() || stem.starts_with('.') || is_own_stem(stem)) {
        const auto first = static_cast<unsigned char>(stem.empty() ? 0 : stem[0]);
        stem = fmt::format("%{:02X}", first) + stem.substr(stem.empty() ? 0 : 1);
    }
    if (stem.size() > stem_bytes_max) {
        stem = stem.substr(0, stem_bytes_max / 2) + '%' + short_digest(method);
    }
    return stem + ".json";
}

std::string schema_reference(std::string_view method) {
    const std::string file = schema_file(method);
    return core::percent_encode(file);
}

}  // namespace warren::docs
