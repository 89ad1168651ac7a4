#include "integration/no_loss_ledger.hpp"
#include "integration/no_loss_load.hpp"
#include "support/rabbitmq.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

/// Exact accounting over outages: what each call came to, against what its handlers did.
namespace warren::test {
namespace {

constexpr std::size_t clients = 3;
constexpr std::size_t calls_at_once = 12;  // of each client
const std::string queue = "no_loss";

/// Over which protocol, and how replies come to the clients.
struct Way {
    std::string name;
    std::string client;    // its address's parameters, up to the queue's or server's name
    std::string listener;  // its keys, up to there
    ReplyMode reply_mode = ReplyMode::exclusive;
};

std::ostream& operator<<(std::ostream& out, const Way& way) {
    return out << way.name;
}

class NoLoss : public testing::TestWithParam<Way> {
protected:
    static std::string client_address(const RabbitMq& broker, const std::string& name) {
        return broker.uri() + "?" + GetParam().client + name;
    }
    /// in   more: keys of the listener
    static std::string listener(const std::string& name, const std::string& more = {}) {
        return GetParam().listener + name + more;
    }
    static ClientOptions options() {
        // Short, because a request that was lost on its way is given up at its deadline.
        return {.timeout = std::chrono::seconds{3}, .reply_mode = GetParam().reply_mode};
    }

    void check(const std::string& id, const RetryingLoad::Try& tried,
               const std::vector<Effect>& effects) {
        SCOPED_TRACE("the try " + id);
        EXPECT_EQ(tried.completions, 1);
        ASSERT_TRUE(tried.outcome);
        std::set<pid_t> processes;
        for (const Effect& effect : effects) {
            EXPECT_TRUE(processes.insert(effect.process).second)
                << "one living server had it take effect twice";
        }
        // The repetition may be first: a request waits for a worker here while it runs there.
        if (repetitions_are_told_) {
            EXPECT_LE(std::ranges::count(effects, 1U, &Effect::attempt), 1)
                << "a repetition was not told as one";
        }
        if (*tried.outcome) {
            EXPECT_EQ(**tried.outcome, Dynamic{"recorded " + id});
            EXPECT_FALSE(effects.empty()) << "answered, but nothing was done";
            return;
        }
        const Failure& failure = tried.outcome->error();
        ++failures_[failure.code];
        if (retry_of(failure.code) == Retry::safe) {
            EXPECT_TRUE(effects.empty()) << "took effect in spite of " << to_string(failure);
        }
        EXPECT_TRUE(is_an_outage(failure.code)) << to_string(failure);
    }

    /// Every call is done, and every try of it is accounted for.
    void finish(RetryingLoad& load) {
        ASSERT_TRUE(load.finish()) << "calls hang";
        const auto effects = ledger_.effects();
        const auto& tries = load.tries();
        std::size_t repeated = 0;
        for (const auto& [id, tried] : tries) {
            const auto found = effects.find(id);
            const std::vector<Effect> of_it =
                found != effects.end() ? found->second : std::vector<Effect>{};
            repeated += of_it.size() > 1 ? 1 : 0;
            check(id, tried, of_it);
        }
        for (const auto& [id, of_it] : effects) {
            EXPECT_TRUE(tries.contains(id)) << id << " took effect, and nobody asked for it";
        }
        std::string line = fmt::format("{} calls, {} of them repeated", tries.size(), repeated);
        for (const auto& [code, count] : failures_) {
            line += fmt::format(", {} {}", count, name_of(code));
        }
        fmt::print("{}\n", line);
    }

    /// A broker for the tests that end it.
    static RabbitMq& own_broker() {
        static RabbitMq broker;
        return broker;
    }

    /// in   type: a key of the servers' configuration
    template <typename Outage>
    void outlive(const std::string& kind, const std::string& type, Outage outage) {
        RabbitMq& broker = own_broker();
        // A queue of its own: what an outage left there twice, this test's servers would do again.
        const std::string name = kind + "_" + GetParam().name;
        LedgerServer one{ledger_, broker.uri(), listener(name, type)};
        LedgerServer two{ledger_, broker.uri(), listener(name, type)};
        RetryingLoad load{client_address(broker, name), options(), clients, calls_at_once};
        ASSERT_TRUE(load.await_more(200));
        outage(broker);
        ASSERT_TRUE(load.await_more(200));
        finish(load);
        EXPECT_EQ(one.terminate(), 0);
        EXPECT_EQ(two.terminate(), 0);
    }

    std::map<Code, std::size_t> failures_;
    bool repetitions_are_told_ = true;
    Ledger ledger_;

private:
    static bool is_an_outage(Code code) {
        return code == Code::connection_lost || code == Code::no_responder ||
               code == Code::deadline_exceeded || code == Code::expired_in_queue;
    }
};

TEST_P(NoLoss, WhenTheBrokerClosesConnectionsAgainAndAgain) {
    RabbitMq& broker = RabbitMq::shared();
    LedgerServer one{ledger_, broker.uri(), listener(queue)};
    LedgerServer two{ledger_, broker.uri(), listener(queue)};
    RetryingLoad load{client_address(broker, queue), options(), clients, calls_at_once};
    for (int round = 0; round < 10; ++round) {
        ASSERT_TRUE(load.await_more(200));
        broker.close_all_connections("a test");
    }
    ASSERT_TRUE(load.await_more(200));
    finish(load);
    EXPECT_EQ(one.terminate(), 0);
    EXPECT_EQ(two.terminate(), 0);
}

TEST_P(NoLoss, WhenAServerIsKilledAndStartedAnew) {
    RabbitMq& broker = RabbitMq::shared();
    LedgerServer one{ledger_, broker.uri(), listener(queue)};
    LedgerServer two{ledger_, broker.uri(), listener(queue)};
    ClientOptions patient = options();
    patient.timeout = std::chrono::seconds{60};  // no call has to fail, however busy the machine is
    RetryingLoad load{client_address(broker, queue), patient, clients, calls_at_once};
    for (int round = 0; round < 4; ++round) {
        LedgerServer& killed = round % 2 == 0 ? one : two;
        ASSERT_TRUE(load.await_more(200));
        killed.kill();
        ASSERT_TRUE(load.await_more(200));
        killed.start();
    }
    ASSERT_TRUE(load.await_more(200));
    finish(load);
    EXPECT_TRUE(failures_.empty()) << "the other server was there all the time";
}

TEST_P(NoLoss, WhenTheBrokerRestarts) {
    // A classic queue forgets in a restart what it had delivered: of another server's work nobody
    // can tell then. A server's own is recognised in spite of that.
    repetitions_are_told_ = false;
    outlive("classic_queue", "", [](RabbitMq& broker) { broker.restart(); });
}

TEST_P(NoLoss, WhenTheBrokerIsKilledAndStartedAnew) {
    repetitions_are_told_ = false;
    outlive("killed_queue", "", [](RabbitMq& broker) {
        broker.kill();
        broker.start();
    });
}

TEST_P(NoLoss, WhenTheBrokerRestartsWithAQueueThatRemembersDeliveries) {
    outlive("quorum_queue", ", queue_type: quorum", [](RabbitMq& broker) { broker.restart(); });
}

INSTANTIATE_TEST_SUITE_P(Ways, NoLoss,
                         testing::Values(Way{"Exclusive", "queue=", "queue: "},
                                         Way{"Durable", "queue=", "queue: ", ReplyMode::durable},
                                         Way{"Callme", "protocol=callme&server_id=",
                                             "protocol: callme, threaded: true, server_id: "}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace warren::test
