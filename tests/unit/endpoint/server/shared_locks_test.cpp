#include <warren/client.hpp>
#include <warren/responder.hpp>
#include <warren/server.hpp>

#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <utility>
#include <vector>

namespace warren {

struct ServerCreation {
    std::int32_t id{};
};
WARREN_MODEL(ServerCreation, (id))

struct ServerUpgrade {
    std::int64_t server{};
    std::string version{};
};
WARREN_MODEL(ServerUpgrade, (server), (version, defaulted()))

struct ServerDeletion {
    std::uint16_t number{};
};
WARREN_MODEL(ServerDeletion, (number))

namespace {

/// Handlers that have begun, in order, each with what ends it.
class BegunHandlers {
public:
    struct Begun {
        std::string what;
        Responder<void> responder;
    };

    void put(std::string what, Responder<void> responder) {
        const std::lock_guard lock{mutex_};
        begun_.push({std::move(what), std::move(responder)});
        changed_.notify_all();
    }
    Begun take() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !begun_.empty(); });
        Begun first = std::move(begun_.front());
        begun_.pop();
        return first;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::queue<Begun> begun_;
};

/// A call that is under way.
class CallUnderWay {
public:
    CallUnderWay(Client& client, const char* method, const char* field, int value) {
        client.start_call(method, Dynamic::map({{field, value}}),
                          [done = done_](std::expected<Dynamic, Failure> outcome) {
                              done->set_value(outcome.has_value());
                          });
    }
    bool succeeds() { return done_->get_future().get(); }

private:
    std::shared_ptr<std::promise<bool>> done_ = std::make_shared<std::promise<bool>>();
};

TEST(SharedLocksOfAServer, HoldForItsMethodsOverItsListeners) {
    BegunHandlers begun;
    Server server{{.workers = 2}};
    server
        .method("create",
                [&](const ServerCreation& given, Responder<void> responder) {
                    begun.put("create " + std::to_string(given.id), std::move(responder));
                })
        .lock_on(&ServerCreation::id, "server");
    server
        .method("upgrade",
                [&](const ServerUpgrade& given, Responder<void> responder) {
                    begun.put("upgrade " + std::to_string(given.server), std::move(responder));
                })
        .lock_on(&ServerUpgrade::server, "server")
        .run_on_io_thread();
    server
        .method("delete",
                [&](const ServerDeletion& given, Responder<void> responder) {
                    begun.put("delete " + std::to_string(given.number), std::move(responder));
                })
        .lock_on("number", "server");
    server.listen("memory:shared_locks");
    server.listen("tcp://127.0.0.1:0");
    std::promise<void> ready;
    server.on_ready([&ready] { ready.set_value(); });
    server.start();
    ready.get_future().wait();
    Client in_memory{server.addresses()[0]};
    Client over_tcp{server.addresses()[1]};

    CallUnderWay create{in_memory, "create", "id", 5};
    auto creating = begun.take();
    EXPECT_EQ(creating.what, "create 5");
    // What comes behind a call on its connection, and begins, says that the call is waiting.
    CallUnderWay upgrade{over_tcp, "upgrade", "server", 5};
    CallUnderWay other_upgrade{over_tcp, "upgrade", "server", 6};
    auto upgrading_other = begun.take();
    EXPECT_EQ(upgrading_other.what, "upgrade 6");
    CallUnderWay deletion{in_memory, "delete", "number", 5};
    CallUnderWay other_deletion{in_memory, "delete", "number", 7};
    auto deleting_other = begun.take();
    EXPECT_EQ(deleting_other.what, "delete 7");

    // The handlers have long returned: it is the response that gives the lock on.
    creating.responder.respond();
    auto upgrading = begun.take();
    EXPECT_EQ(upgrading.what, "upgrade 5");
    deleting_other.responder.respond();
    upgrading_other.responder.respond();
    upgrading.responder.respond();
    auto deleting = begun.take();
    EXPECT_EQ(deleting.what, "delete 5");
    deleting.responder.respond();
    for (CallUnderWay* const call :
         std::array{&create, &upgrade, &other_upgrade, &deletion, &other_deletion}) {
        EXPECT_TRUE(call->succeeds());
    }
}

}  // namespace
}  // namespace warren
