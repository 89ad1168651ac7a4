#include "contract/document.hpp"

#include <algorithm>

namespace warren::contract {
namespace {

template <typename Item, typename Key>
const Item* find_sorted(const std::vector<Item>& items, std::string_view wanted, Key key) noexcept {
    const auto found = std::ranges::lower_bound(
        items, wanted, {}, [key](const Item& item) { return std::string_view{item.*key}; });
    return found != items.end() && (*found).*key == wanted ? &*found : nullptr;
}

}  // namespace

bool operator==(const DataType& left, const DataType& right) {
    return left.kind == right.kind && left.bits == right.bits &&
           left.is_signed == right.is_signed && left.period.numerator == right.period.numerator &&
           left.period.denominator == right.period.denominator && left.length == right.length &&
           left.reference == right.reference && left.elements == right.elements;
}

const MethodDocument* Document::find_method(std::string_view name) const noexcept {
    return find_sorted(methods, name, &MethodDocument::name);
}

const ModelDocument* Document::find_model(std::string_view id) const noexcept {
    return find_sorted(models, id, &ModelDocument::id);
}

const EnumerationDocument* Document::find_enumeration(std::string_view id) const noexcept {
    return find_sorted(enumerations, id, &EnumerationDocument::id);
}

}  // namespace warren::contract
