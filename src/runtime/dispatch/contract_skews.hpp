#pragma once

#include <warren/context.hpp>

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace warren::runtime {

/// Who calls by another contract than this server's, said once for each caller and method.
/// thread any
class ContractSkews {
public:
    /// in  log: outlives this
    explicit ContractSkews(Log& log) noexcept : log_{log} {}

    /// Whether a caller's contract is this one, as far as it tells: it may tell less of its
    /// fingerprint than all.
    static bool is_same(std::string_view own, std::string_view said) noexcept {
        return said.size() >= told_digits_min && own.starts_with(said);
    }
    void report(const Context& call, std::string_view own);

private:
    static constexpr std::size_t told_digits_min = 16;
    static constexpr std::size_t remembered_max = 1'000;

    Log& log_;
    std::mutex mutex_;
    std::set<std::string, std::less<>> reported_;
};

}  // namespace warren::runtime
