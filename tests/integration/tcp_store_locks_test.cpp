#include <warren/client.hpp>

#include "store/postgres.hpp"
#include "support/child_process.hpp"
#include "support/postgresql.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <expected>
#include <future>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

// One lock of several servers, each in a process of its own, with one store.
namespace warren {
namespace {

using namespace std::chrono_literals;

/// What several servers say, in order.
class Said {
public:
    struct Line {
        std::size_t server;
        std::string text;
    };
    void put(Line line) {
        const std::lock_guard lock{mutex_};
        lines_.push_back(std::move(line));
        changed_.notify_all();
    }
    Line take() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !lines_.empty(); });
        Line first = std::move(lines_.front());
        lines_.pop_front();
        return first;
    }
    bool empty() const {
        const std::lock_guard lock{mutex_};
        return lines_.empty();
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Line> lines_;
};

/// A server that tells what its handlers do.
class Keeper {
public:
    Keeper(std::size_t number, const std::string& store, std::chrono::milliseconds lease,
           Said& said)
        : process_{{WARREN_MACHINE_KEEPER, store, std::to_string(lease.count())}} {
        const std::string ready = process_.read_line();
        if (!ready.starts_with("ready ")) {
            throw std::runtime_error{"the server did not get ready: " + ready};
        }
        client_.emplace(ready.substr(6), ClientOptions{.timeout = 60s});
        reader_ = std::thread{[this, number, &said] {
            for (std::string line = process_.read_line(); !line.empty();
                 line = process_.read_line()) {
                said.put({number, line});
            }
        }};
    }
    ~Keeper() {
        client_.reset();
        process_.send_signal(SIGCONT);
        process_.send_signal(SIGKILL);
        reader_.join();
    }
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    /// out  what becomes of the call
    std::future<std::optional<Code>> call(const char* method) {
        auto done = std::make_shared<std::promise<std::optional<Code>>>();
        client_->start_call(
            method, Dynamic::map({{"name", "web"}}),
            [done](const std::expected<Dynamic, Failure>& outcome) {
                done->set_value(outcome ? std::nullopt : std::optional{outcome.error().code});
            });
        return done->get_future();
    }
    void tell(const std::string& order) { process_.write_line(order); }
    void send_signal(int number) { process_.send_signal(number); }

private:
    test::ChildProcess process_;
    std::optional<Client> client_;
    std::thread reader_;
};

class LocksOfServers : public testing::Test {
protected:
    Keeper& keeper(std::size_t at) { return *keepers_.at(at); }
    void start(std::size_t count, const std::string& store, std::chrono::milliseconds lease) {
        for (std::size_t number = 0; number < count; ++number) {
            keepers_.push_back(std::make_unique<Keeper>(number, store, lease, said_));
        }
    }

    /// Wait until a handler has begun.
    /// out  its token
    std::uint64_t await_begun(std::size_t server) {
        const Said::Line line = said_.take();
        EXPECT_EQ(line.server, server) << line.text;
        return token_in(line.text);
    }
    static std::uint64_t token_in(const std::string& text) {
        std::istringstream words{text};
        std::string begun;
        std::string method;
        std::string name;
        std::uint64_t token = 0;
        words >> begun >> method >> name >> token;
        EXPECT_EQ(begun, "begun") << text;
        return token;
    }
    /// Have the handler do something.
    /// out  what it says then
    std::string have(std::size_t server, const std::string& order) {
        keeper(server).tell(order);
        const Said::Line line = said_.take();
        EXPECT_EQ(line.server, server) << line.text;
        return line.text;
    }
    /// Wait until so many servers wait for a lock of a store.
    static void await_waiters(const std::string& store, int count) {
        auto connection = store::PostgresConnection::connect(store);
        ASSERT_TRUE(connection.has_value());
        while (connection->run("SELECT count(*) FROM warren_lock_waiters")->number(0, 0) != count) {
        }
    }

    /// Have one wait for a lock, however often its server finds its connection to the store lost.
    std::future<std::optional<Code>> call_until_it_waits(std::size_t server,
                                                         const std::string& store) {
        auto connection = store::PostgresConnection::connect(store);
        EXPECT_TRUE(connection.has_value());
        const auto waiters = [&] {
            return connection->run("SELECT count(*) FROM warren_lock_waiters")->number(0, 0);
        };
        for (;;) {
            auto call = keeper(server).call("upgrade");
            while (call.wait_for(0s) != std::future_status::ready) {
                if (waiters() != 0) {
                    return call;
                }
            }
            EXPECT_EQ(call.get(), Code::overloaded);
        }
    }

    Said said_;
    test::TemporaryDirectory directory_;

private:
    std::vector<std::unique_ptr<Keeper>> keepers_;
};

std::string new_database() {
    return test::PostgreSql::shared().make_database();
}

TEST_F(LocksOfServers, NeverOverlapAndTheirTokensRise) {
    start(2, new_database(), 30s);
    std::vector<std::future<std::optional<Code>>> calls;
    constexpr int rounds = 5;
    for (int round = 0; round < rounds; ++round) {
        for (const char* const method : {"create", "upgrade", "delete"}) {
            calls.push_back(keeper(0).call(method));
            calls.push_back(keeper(1).call(method));
        }
    }
    std::uint64_t last = 0;
    for (std::size_t done = 0; done < calls.size(); ++done) {
        const Said::Line begun = said_.take();
        const std::uint64_t token = token_in(begun.text);
        EXPECT_GT(token, last);
        last = token;
        EXPECT_TRUE(said_.empty()) << "another one has begun, too";
        EXPECT_EQ(have(begun.server, "end"), "ended");
    }
    for (auto& call : calls) {
        EXPECT_EQ(call.get(), std::nullopt);
    }
}

TEST_F(LocksOfServers, AreGivenInTheOrderInWhichServersAsked) {
    const std::string store = new_database();
    start(3, store, 30s);
    auto first = keeper(0).call("create");
    std::uint64_t last = await_begun(0);
    auto second = keeper(1).call("upgrade");
    await_waiters(store, 1);
    auto third = keeper(2).call("delete");
    await_waiters(store, 2);
    auto fourth = keeper(0).call("create");
    for (const std::size_t next : {1U, 2U, 0U}) {
        EXPECT_EQ(have(next == 0 ? 2 : next - 1, "end"), "ended");
        const std::uint64_t token = await_begun(next);
        EXPECT_GT(token, last);
        last = token;
    }
    EXPECT_EQ(have(0, "end"), "ended");
    for (auto* const call : {&first, &second, &third, &fourth}) {
        EXPECT_EQ(call->get(), std::nullopt);
    }
}

TEST_F(LocksOfServers, AreFreeWithinTheLeaseOfOneThatWasKilled) {
    for (const std::string& store : {new_database(), directory_.file("store.db")}) {
        SCOPED_TRACE(store);
        std::uint64_t token = 0;
        Said said;
        Keeper holder{0, store, 1s, said};
        Keeper other{1, store, 1s, said};
        auto killed = holder.call("create");
        token = token_in(said.take().text);
        auto waits = other.call("delete");
        holder.send_signal(SIGKILL);
        const Said::Line begun = said.take();
        EXPECT_EQ(begun.server, 1U);
        EXPECT_GT(token_in(begun.text), token);
        other.tell("end");
        EXPECT_EQ(waits.get(), std::nullopt);
        EXPECT_NE(killed.get(), std::nullopt);
    }
}

TEST_F(LocksOfServers, OfOneThatWasPausedAreAnothersAndItCommitsNothing) {
    const std::string store = new_database();
    start(2, store, 1s);
    auto paused = keeper(0).call("create");
    const std::uint64_t token = await_begun(0);
    auto other = keeper(1).call("upgrade");
    keeper(0).send_signal(SIGSTOP);
    EXPECT_GT(await_begun(1), token);
    keeper(0).send_signal(SIGCONT);
    EXPECT_EQ(have(0, "commit"), "refused outcome_unknown");
    EXPECT_EQ(paused.get(), Code::outcome_unknown);
    EXPECT_EQ(have(1, "commit"), "committed");
    EXPECT_EQ(other.get(), std::nullopt);
    auto connection = store::PostgresConnection::connect(store);
    ASSERT_TRUE(connection.has_value());
    const auto rows = connection->run("SELECT token FROM machines");
    ASSERT_TRUE(rows.has_value());
    ASSERT_EQ(rows->rows(), 1);
    EXPECT_GT(static_cast<std::uint64_t>(rows->number(0, 0)), token);
}

TEST_F(LocksOfServers, AreToldToStopWhoLostThem) {
    const std::string store = new_database();
    start(2, store, 1s);
    auto paused = keeper(0).call("create");
    await_begun(0);
    auto other = keeper(1).call("upgrade");
    keeper(0).send_signal(SIGSTOP);
    await_begun(1);
    keeper(0).send_signal(SIGCONT);
    EXPECT_EQ(have(0, "await_stop"), "stopped");
    // It ran to its end, and that is no success.
    EXPECT_EQ(paused.get(), Code::outcome_unknown);
    EXPECT_EQ(have(1, "end"), "ended");
    EXPECT_EQ(other.get(), std::nullopt);
}

TEST_F(LocksOfServers, OutliveARestartOfPostgreSql) {
    test::PostgreSql postgresql;
    const std::string store = postgresql.make_database();
    start(2, store, 60s);
    auto first = keeper(0).call("create");
    const std::uint64_t token = await_begun(0);
    auto waits = keeper(1).call("upgrade");
    await_waiters(store, 1);
    postgresql.kill();
    // Who waited has done nothing, and is told so.
    EXPECT_EQ(waits.get(), Code::overloaded);
    postgresql.start();
    std::future<std::optional<Code>> again = call_until_it_waits(1, store);
    EXPECT_EQ(have(0, "commit"), "committed");
    EXPECT_EQ(first.get(), std::nullopt);
    EXPECT_GT(await_begun(1), token);
    EXPECT_EQ(have(1, "end"), "ended");
    EXPECT_EQ(again.get(), std::nullopt);
}

}  // namespace
}  // namespace warren
