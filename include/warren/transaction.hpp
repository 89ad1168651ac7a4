#pragma once

#include <warren/context.hpp>
#include <warren/detail/invocation.hpp>
#include <warren/dynamic.hpp>
#include <warren/error.hpp>
#include <warren/reply.hpp>
#include <warren/type.hpp>

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren {

/// What a handler reads and changes in its server's store, in `Context::commit`: all of it becomes
/// durable together with the handler's reply, or none of it does.
///
/// Statements are SQL of the store's kind. Their values stand for $1, $2 and so on: null, truth,
/// numbers, text and bytes. Tables whose names begin with `warren_` are Warren's own.
/// thread the one it was given on
class Transaction {
public:
    /// The values of one row, by column.
    using Row = std::vector<Dynamic>;

    /// Run one statement.
    /// out  how many rows it changed
    /// err  throws Error (internal) with the store's words: it is no statement, breaks a rule of
    ///      its tables, or would end the transaction; (overloaded) when the store cannot be
    ///      written now. Nothing of the transaction is kept then, unless the handler goes on.
    std::uint64_t execute(std::string_view statement, std::initializer_list<Dynamic> values = {}) {
        return run(statement, {values.begin(), values.size()}, nullptr);
    }
    std::uint64_t execute(std::string_view statement, std::span<const Dynamic> values) {
        return run(statement, values, nullptr);
    }
    /// Run one that gives rows.
    /// out  its rows, at most a million
    /// err  as `execute`
    std::vector<Row> query(std::string_view statement, std::initializer_list<Dynamic> values = {}) {
        return query(statement, std::span<const Dynamic>{values.begin(), values.size()});
    }
    std::vector<Row> query(std::string_view statement, std::span<const Dynamic> values) {
        std::vector<Row> rows;
        run(statement, values, &rows);
        return rows;
    }

protected:
    Transaction() = default;
    ~Transaction() = default;

private:
    virtual std::uint64_t run(std::string_view statement, std::span<const Dynamic> values,
                              std::vector<Row>* rows) = 0;
};

namespace detail {

template <typename T>
CommittedResponse committed(const T& data) {
    return {.data = &data};
}
template <typename T>
CommittedResponse committed(const Reply<T>& reply) {
    return {.data = reply.data ? &*reply.data : nullptr,
            .success = reply.success,
            .message = reply.message};
}
template <typename T>
CommittedResponse committed(const std::expected<T, Failure>& result) {
    if (!result) {
        throw Error{result.error()};
    }
    if constexpr (std::is_void_v<T>) {
        return {};
    } else {
        return committed(*result);
    }
}

template <typename T>
constexpr const Type* type_or_none() {
    if constexpr (std::is_void_v<T>) {
        return nullptr;
    } else {
        return &type_of<T>();
    }
}

}  // namespace detail

template <typename Changes>
auto Context::commit(Changes&& changes) const {
    using Result = std::invoke_result_t<Changes&, Transaction&>;
    const Type* const type = detail::type_or_none<typename detail::ResponseOf<Result>::type>();
    if constexpr (std::is_void_v<Result>) {
        committer->commit(type, [&](Transaction& transaction) {
            changes(transaction);
            return detail::CommittedResponse{};
        });
    } else {
        std::optional<Result> result;
        committer->commit(type, [&](Transaction& transaction) {
            return detail::committed(result.emplace(changes(transaction)));
        });
        return Result{std::move(*result)};
    }
}

}  // namespace warren
