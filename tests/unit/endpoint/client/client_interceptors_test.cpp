#include <warren/async.hpp>
#include <warren/client.hpp>
#include <warren/interceptor.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace warren {
namespace {

using Lines = std::vector<std::string>;

class Noted {
public:
    void add(std::string line) {
        const std::lock_guard lock{mutex_};
        lines_.push_back(std::move(line));
    }
    Lines taken() {
        const std::lock_guard lock{mutex_};
        return std::exchange(lines_, {});
    }

private:
    std::mutex mutex_;
    Lines lines_;
};

class Noting final : public ClientInterceptor {
public:
    using Begin = std::function<std::optional<Failure>(CallAtClient&)>;

    Noting(std::string name, Noted& noted, Begin begin = {})
        : name_{std::move(name)}, noted_{noted}, begin_{std::move(begin)} {}

    std::optional<Failure> begin(CallAtClient& call) override {
        noted_.add(name_ + " begins " + std::string{call.method});
        call.state = name_;
        return begin_ ? begin_(call) : std::nullopt;
    }
    void end(const CallAtClient& call, const CallEnd& end) override {
        EXPECT_EQ(std::any_cast<std::string>(call.state), name_);
        EXPECT_GE(end.duration.count(), 0);
        noted_.add(name_ + " ends " + std::string{call.method} + ' ' +
                   (end.failure ? std::string{name_of(*end.failure)} : std::string{end.message}));
    }

private:
    const std::string name_;
    Noted& noted_;
    const Begin begin_;
};

class ClientInterceptors : public testing::Test {
protected:
    ClientInterceptors() {
        server_.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
        server_.method("tell", [](Context& context) { return std::string{context.baggage}; });
        server_.listen("memory:client_interceptors");
        server_.start();
    }

    std::shared_ptr<Noting> noting(std::string name, Noting::Begin begin = {}) {
        return std::make_shared<Noting>(std::move(name), noted, std::move(begin));
    }

    const Dynamic two_and_forty = Dynamic::map({{"a", 2}, {"b", 40}});
    Noted noted;

private:
    Server server_;

protected:
    Client client{"memory:client_interceptors"};
};

TEST_F(ClientInterceptors, StandAroundEveryWayToCall) {
    client.use(noting("outer"));
    client.use(noting("inner"));
    const Lines one{"outer begins add", "inner begins add", "inner ends add OK",
                    "outer ends add OK"};
    EXPECT_EQ(client.call("add", two_and_forty), Dynamic{42});
    EXPECT_EQ(noted.taken(), one);
    std::promise<Lines> before_completion;
    client.start_call("add", two_and_forty,
                      [&](const auto&) { before_completion.set_value(noted.taken()); });
    EXPECT_EQ(before_completion.get_future().get(), one);
    const auto future = [&] {
        return async_call(client, "add", two_and_forty, boost::asio::use_future);
    };
    EXPECT_EQ(future().get(), Dynamic{42});
    EXPECT_EQ(noted.taken(), one);
    client.notify("add", two_and_forty);
    EXPECT_EQ(noted.taken().size(), 4U);
}

TEST_F(ClientInterceptors, SeeFailuresOfEachKind) {
    client.use(noting("one"));
    test::failure_of([&] { client.call("missing", two_and_forty); });
    EXPECT_EQ(noted.taken(), (Lines{"one begins missing", "one ends missing no_responder"}));
    test::failure_of([&] { client.call("add", Dynamic::map({})); });
    EXPECT_EQ(noted.taken(), (Lines{"one begins add", "one ends add invalid_request"}));
    test::failure_of([&] { client.call("add", two_and_forty, {.traceparent = "no trace"}); });
    EXPECT_EQ(noted.taken(), (Lines{"one begins add", "one ends add invalid_request"}))
        << "what is not even sent";
}

TEST_F(ClientInterceptors, RefuseCalls) {
    client.use(noting("outer"));
    client.use(noting("inner", [](CallAtClient&) {
        return Failure{.code = Code::permission_denied, .message = "not this one"};
    }));
    client.use(noting("innermost"));
    const Failure blocking = test::failure_of([&] { client.call("add", two_and_forty); });
    EXPECT_EQ(blocking.code, Code::permission_denied);
    EXPECT_EQ(blocking.message, "not this one");
    const Lines one{"outer begins add", "inner begins add", "inner ends add permission_denied",
                    "outer ends add permission_denied"};
    EXPECT_EQ(noted.taken(), one);
    std::promise<Code> code;
    client.start_call("add", two_and_forty,
                      [&](const auto& reply) { code.set_value(reply.error().code); });
    EXPECT_EQ(code.get_future().get(), Code::permission_denied);
    EXPECT_EQ(noted.taken(), one);
}

TEST_F(ClientInterceptors, AddMetadata) {
    client.use(noting("one", [](CallAtClient& call) -> std::optional<Failure> {
        call.options.baggage += call.options.baggage.empty() ? "a=1" : ",a=1";
        return std::nullopt;
    }));
    const CallOptions options{.baggage = "b=2"};
    EXPECT_EQ(client.call("tell", Dynamic::map({})), Dynamic{"a=1"});
    EXPECT_EQ(client.call("tell", Dynamic::map({}), options), Dynamic{"b=2,a=1"});
    EXPECT_EQ(options.baggage, "b=2");
}

TEST_F(ClientInterceptors, ThatThrowFailTheCall) {
    client.use(noting("one", [](CallAtClient& call) -> std::optional<Failure> {
        if (call.method == "tell") {
            throw Error{Code::conflict, "not now"};
        }
        throw std::runtime_error{"a defect"};
    }));
    EXPECT_EQ(test::failure_of([&] { client.call("tell", Dynamic::map({})); }).code,
              Code::conflict);
    EXPECT_EQ(test::failure_of([&] { client.call("add", two_and_forty); }).message,
              "Not sent: an interceptor threw: a defect");
}

TEST_F(ClientInterceptors, AreToldOfACallThatIsNeverStarted) {
    client.use(noting("one"));
    {
        const auto later = async_call(client, "add", two_and_forty, boost::asio::deferred);
        EXPECT_EQ(noted.taken(), Lines{"one begins add"});
    }
    EXPECT_EQ(noted.taken(), Lines{"one ends add cancelled"});
}

TEST_F(ClientInterceptors, KnowWhichServerIsMeant) {
    std::string server;
    client.use(noting("one", [&](CallAtClient& call) -> std::optional<Failure> {
        server = call.options.server;
        return Failure{.code = Code::cancelled};
    }));
    test::failure_of([&] { client.target("other").call("add", two_and_forty); });
    EXPECT_EQ(server, "other");
}

}  // namespace
}  // namespace warren
