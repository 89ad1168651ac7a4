#pragma once

#include "store/open_session.hpp"
#include "store/sqlite_session.hpp"
#include "support/postgresql.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

// Tests of what every kind of store keeps to.
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

}  // namespace warren::store
