#include <warren/detail/call_sink.hpp>
#include <warren/method.hpp>

#include "contract/registered.hpp"

#include <utility>

namespace warren::detail {
namespace {

/// Enough to tell contracts apart that nobody made for it.
constexpr std::size_t told_digits = 16;

}  // namespace

std::string_view ContractPrint::of(std::string_view method, const Type& request,
                                   const Type& response, const Type* part) {
    if (const std::string* const made = made_.load(std::memory_order_acquire)) [[likely]] {
        return *made;
    }
    const Method described{
        .name = std::string{method}, .request = &request, .response = &response, .part = part};
    const Method* const methods[] = {&described};
    const contract::Document document = contract::document_of(methods);
    // Of two that make it at once one stays unused.
    const auto* const made =
        new std::string{document.methods.front().fingerprint.substr(0, told_digits)};
    const std::string* expected = nullptr;
    if (!made_.compare_exchange_strong(expected, made, std::memory_order_acq_rel)) {
        delete made;
        return *expected;
    }
    return *made;
}

}  // namespace warren::detail
