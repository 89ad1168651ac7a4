#include "faults/relay.hpp"
#include "store_kinds.hpp"

#include <sys/socket.h>

#include <chrono>
#include <future>
#include <thread>

// What becomes of handlers' transactions when their process, or the network, fails in the middle.
namespace warren::store {
namespace {

std::unique_ptr<CallStore> store_at(const std::string& address) {
    return std::make_unique<CallStore>(open_postgresql(address).value(), CallStoreOptions{});
}

std::string add_one(Transaction& transaction) {
    transaction.execute("UPDATE counts SET n = n + 1");
    return "added";
}

void make_counts(CallStore& store) {
    store.commit({.change = [](Transaction& transaction) {
        transaction.execute("CREATE TABLE counts (n INTEGER)");
        transaction.execute("INSERT INTO counts VALUES (0)");
        return std::string{};
    }});
}

std::int64_t count_in(CallStore& store) {
    std::int64_t count = 0;
    store.commit({.change = [&](Transaction& transaction) {
        count = transaction.query("SELECT n FROM counts").at(0).at(0)->as_int64();
        return std::string{};
    }});
    return count;
}

/// out  none: it was made
std::optional<Code> outcome_of(CallStore& store, const CallStore::Commit& commit) {
    try {
        store.commit(commit);
        return std::nullopt;
    } catch (const Error& error) {
        return error.code();
    }
}

/// A handler that has changed a row, and says nothing more until it is told to go on.
class Stopped {
public:
    Stopped(CallStore& store, std::optional<std::chrono::steady_clock::time_point> deadline)
        : thread_{[this, &store, deadline] {
              outcome_ = outcome_of(store, {.change =
                                                [this](Transaction& transaction) {
                                                    add_one(transaction);
                                                    changed_.set_value();
                                                    go_on_.get_future().wait();
                                                    return add_one(transaction);
                                                },
                                            .deadline = deadline});
          }} {
        changed_.get_future().wait();
    }
    Stopped(const Stopped&) = delete;
    Stopped& operator=(const Stopped&) = delete;
    ~Stopped() { outcome(); }

    std::optional<Code> outcome() {
        if (thread_.joinable()) {
            go_on_.set_value();
            thread_.join();
        }
        return outcome_;
    }

private:
    std::promise<void> changed_;
    std::promise<void> go_on_;
    std::optional<Code> outcome_;
    std::thread thread_;
};

TEST(PostgresHandlers, WaitInVainForARowOnlyForAWhileAndMayTryAgain) {
    const auto store = store_at(PostgreSqlKind{}.address());
    make_counts(*store);
    Stopped stopped{*store, std::nullopt};
    EXPECT_EQ(outcome_of(*store, {.change = add_one}), Code::overloaded);
    EXPECT_EQ(stopped.outcome(), std::nullopt);
    EXPECT_EQ(count_in(*store), 2);
}

TEST(PostgresHandlers, ThatAreStoppedLetOthersGoOnOnceNobodyWaitsForThem) {
    const auto store = store_at(PostgreSqlKind{}.address());
    make_counts(*store);
    Stopped stopped{*store, std::chrono::steady_clock::now()};
    EXPECT_EQ(outcome_of(*store, {.change = add_one}), std::nullopt);
    EXPECT_EQ(stopped.outcome(), Code::overloaded);
    EXPECT_EQ(count_in(*store), 1);
}

/// Changes whose connection is reset before they are committed.
std::string lose_connection(Transaction& transaction, faults::Relay& relay) {
    add_one(transaction);
    // A later connection: when that is reset the others are, too.
    const int witness = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address{.sin_family = AF_INET,
                              .sin_port = htons(relay.port()),
                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
    EXPECT_EQ(connect(witness, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    // Whoever asks for TLS first is told, and then waited for.
    EXPECT_EQ(send(witness, "\0\0\0\x08\x04\xd2\x16\x2f", 8, MSG_NOSIGNAL), 8);
    char said = 0;
    EXPECT_EQ(recv(witness, &said, 1, 0), 1);
    relay.fail(faults::Relay::Fault::cut);
    while (recv(witness, &said, 1, 0) > 0) {
    }
    close(witness);
    return "added";
}

TEST(PostgresHandlers, AreToldThatACommitWithoutConfirmationMayHaveBeenMade) {
    faults::Relay relay{test::PostgreSql::shared().socket()};
    const auto store = store_at(test::PostgreSql::shared().make_database(
        "host=127.0.0.1&sslmode=disable&port=" + std::to_string(relay.port())));
    make_counts(*store);
    const auto losing = [&](Transaction& transaction) {
        return lose_connection(transaction, relay);
    };
    ASSERT_EQ(state_of(*store, request_of("k")), ClaimState::fresh);
    // Without a key another attempt may be a second one; with one it finds out.
    EXPECT_EQ(outcome_of(*store, {.change = losing}), Code::outcome_unknown);
    EXPECT_EQ(outcome_of(*store, {.call = HeldCall{"k", 1}, .change = losing}), Code::overloaded);
    EXPECT_EQ(count_in(*store), 0);
}

}  // namespace
}  // namespace warren::store
