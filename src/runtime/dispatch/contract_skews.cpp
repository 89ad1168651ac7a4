#include "runtime/dispatch/contract_skews.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::runtime {

void ContractSkews::report(const Context& call, std::string_view own) {
    std::string key = fmt::format("{}\n{}\n{}", call.method, call.caller, call.contract);
    {
        const std::lock_guard lock{mutex_};
        if (reported_.size() == remembered_max || !reported_.insert(std::move(key)).second) {
            return;
        }
    }
    log_.warning(fmt::format(
        "{}: {} calls by another contract than this server's: its fingerprint is {}, here it is "
        "{} (warren_server_contract_differences_total); compare them by: warren contract diff",
        call.method,
        call.caller.empty() ? std::string{"somebody"} : core::text_for_display(call.caller),
        core::text_for_display(call.contract), own.substr(0, told_digits_min)));
}

}  // namespace warren::runtime
