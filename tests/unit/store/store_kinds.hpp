#pragma once

#include "store/call_store.hpp"
#include "store/open_session.hpp"
#include "store/sqlite_session.hpp"
#include "support/postgresql.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <expected>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// Every kind of store, and what tests ask of one.
namespace warren::store {

/// One kind of store, of which several processes may have one open.
class StoreKind {
public:
    virtual ~StoreKind() = default;
    virtual std::unique_ptr<CallSession> open() = 0;
};

class SqliteKind final : public StoreKind {
public:
    std::unique_ptr<CallSession> open() override {
        auto session = SqliteSession::open(path());
        if (!session) {
            throw Error{session.error()};
        }
        return std::move(*session);
    }
    std::string path() const { return directory_.file("store.db"); }

private:
    test::TemporaryDirectory directory_;
};

class PostgreSqlKind final : public StoreKind {
public:
    std::unique_ptr<CallSession> open() override {
        auto session = open_postgresql(address_);
        if (!session) {
            throw Error{session.error()};
        }
        return std::move(*session);
    }
    const std::string& address() const { return address_; }

private:
    const std::string address_ = test::PostgreSql::shared().make_database();
};

template <typename Kind>
std::unique_ptr<StoreKind> make_kind() {
    return std::make_unique<Kind>();
}

using MakeKind = std::unique_ptr<StoreKind> (*)();

inline auto every_kind() {
    return testing::Values(MakeKind{&make_kind<SqliteKind>}, MakeKind{&make_kind<PostgreSqlKind>});
}

inline std::string kind_name(const testing::TestParamInfo<MakeKind>& kind) {
    return kind.index == 0 ? "Sqlite" : "PostgreSql";
}

class StoresOfAnyKind : public testing::TestWithParam<std::unique_ptr<StoreKind> (*)()> {
protected:
    std::unique_ptr<CallStore> open(CallStoreOptions options = {}) {
        return std::make_unique<CallStore>(kind_->open(), std::move(options));
    }

private:
    const std::unique_ptr<StoreKind> kind_ = GetParam()();
};

inline ClaimRequest request_of(std::string key, std::string_view arguments = "1") {
    return {.key = std::move(key), .method = "add", .request = request_hash("add", arguments)};
}

inline ClaimRequest once(std::string key) {
    ClaimRequest request = request_of(std::move(key));
    request.is_at_most_once = true;
    return request;
}

inline std::expected<Claimed, Failure> claim(CallStore& store, ClaimRequest request) {
    std::promise<std::expected<Claimed, Failure>> promise;
    store.claim(std::move(request), [&](auto claimed) { promise.set_value(std::move(claimed)); });
    return promise.get_future().get();
}

/// The same once a process that has ended has it no longer: a database hears of that when it hears
/// of the connection.
inline Claimed claim_of_ended(CallStore& store, const ClaimRequest& request) {
    for (;;) {
        const auto claimed = claim(store, request);
        if (!claimed) {
            throw Error{claimed.error()};
        }
        if (claimed->state != ClaimState::runs_elsewhere) {
            return *claimed;
        }
    }
}

inline ClaimState state_of(CallStore& store, ClaimRequest request) {
    const auto claimed = claim(store, std::move(request));
    if (!claimed) {
        throw Error{claimed.error()};
    }
    return claimed->state;
}

inline std::expected<bool, Failure> keep(CallStore& store, HeldCall call, std::string response) {
    std::promise<std::expected<bool, Failure>> promise;
    store.keep(std::move(call), std::move(response),
               [&](auto kept) { promise.set_value(std::move(kept)); });
    return promise.get_future().get();
}

}  // namespace warren::store
