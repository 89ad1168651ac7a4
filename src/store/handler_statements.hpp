#pragma once

#include <warren/transaction.hpp>

#include "store/sqlite.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace warren::store {

/// What handlers do in their store: statements of theirs, which may neither end the transaction nor
/// touch Warren's tables. They are kept prepared, as each call comes with the same.
/// thread one at a time
class HandlerStatements final : public Transaction {
public:
    /// in  database, name: outlive this
    HandlerStatements(Database& database, const std::string& name) noexcept
        : database_{database}, name_{name} {}
    HandlerStatements(const HandlerStatements&) = delete;
    HandlerStatements& operator=(const HandlerStatements&) = delete;

    /// err  throws what the handler threw
    void run(const std::function<void(Transaction&)>& changes);

private:
    std::uint64_t run(std::string_view statement, std::span<const Dynamic> values,
                      std::vector<Row>* rows) override;
    Statement& prepared(std::string_view text);
    void bind(Statement& statement, std::span<const Dynamic> values);
    [[noreturn]] void fail(std::string_view what) const;
    [[noreturn]] void fail_as_database() const;

    Database& database_;
    const std::string& name_;
    std::unordered_map<std::string, Statement> prepared_;
    bool is_running_ = false;
};

}  // namespace warren::store
