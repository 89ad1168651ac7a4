#include <warren/interceptor.hpp>

#include "runtime/dispatch/forwarder.hpp"
#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace warren::runtime::test {
namespace {

using Lines = std::vector<std::string>;

/// Notes what it sees, and does what it is told.
class Noting final : public ServerInterceptor {
public:
    using Begin = std::function<std::optional<Failure>(CallAtServer&)>;

    Noting(std::string name, Lines& lines, Begin begin = {})
        : name_{std::move(name)}, lines_{lines}, begin_{std::move(begin)} {}

    std::optional<Failure> begin(CallAtServer& call) override {
        lines_.push_back(name_ + " begins " + std::string{call.context.method});
        call.state = name_ + "'s own";
        return begin_ ? begin_(call) : std::nullopt;
    }
    void end(const CallAtServer& call, const CallEnd& end) override {
        const auto* const own = std::any_cast<std::string>(&call.state);
        lines_.push_back(name_ + " ends " + std::string{call.context.method} + ' ' +
                         std::string{end.failure ? name_of(*end.failure) : "ok"} + ' ' +
                         (own != nullptr ? *own : "unknown"));
        last_end = end;
        last_end.message = {};
    }

    CallEnd last_end{};

private:
    const std::string name_;
    Lines& lines_;
    const Begin begin_;
};

struct Intercepted {
    explicit Intercepted(Noting::Begin inner_begins = {}) {
        stage.registry.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
        stage.registry.method("tell", [](Context& context) {
            return std::string{context.caller} + '|' + std::string{context.baggage};
        });
        outer = std::make_shared<Noting>("outer", lines);
        inner = std::make_shared<Noting>("inner", lines, std::move(inner_begins));
    }
    void serve(ListenerContextOptions options = {}) {
        options.policy.interceptors = {outer, inner};
        stage.serve(std::move(options));
    }
    Outcome call(std::string_view method, const Dynamic& arguments = {},
                 std::optional<std::chrono::milliseconds> time_left = {}) {
        stage.call("a", method, arguments, time_left);
        stage.run();
        return stage.take();
    }
    Lines taken() { return std::exchange(lines, {}); }

    Lines lines;
    Stage stage;
    std::shared_ptr<Noting> outer;
    std::shared_ptr<Noting> inner;
};

const Dynamic two_and_forty = Dynamic::map({{"a", 2}, {"b", 40}});

TEST(Interceptors, StandAroundEachOther) {
    Intercepted watched;
    watched.serve();
    EXPECT_EQ(watched.call("add", two_and_forty).data, Dynamic{42});
    EXPECT_EQ(watched.taken(),
              (Lines{"outer begins add", "inner begins add", "inner ends add ok inner's own",
                     "outer ends add ok outer's own"}));
    EXPECT_EQ(watched.outer->last_end.response_bytes, TestCall::response_bytes);
}

TEST(Interceptors, OneThatRefusesIsTheLastThatIsAsked) {
    Intercepted watched{[](CallAtServer&) {
        return Failure{.code = Code::permission_denied, .message = "not you"};
    }};
    std::swap(watched.outer, watched.inner);
    watched.serve();
    const Outcome outcome = watched.call("add", two_and_forty);
    EXPECT_EQ(outcome.failure, Code::permission_denied);
    EXPECT_EQ(outcome.message, "not you");
    EXPECT_EQ(watched.taken(),
              (Lines{"inner begins add", "inner ends add permission_denied inner's own"}));
}

TEST(Interceptors, SeeWhatIsRefusedOtherwise) {
    Intercepted watched;
    watched.serve();
    const auto ends = [&](Code code, const std::string& method) {
        const Lines lines = watched.taken();
        return lines ==
               Lines{"outer begins " + method, "inner begins " + method,
                     "inner ends " + method + ' ' + std::string{name_of(code)} + " inner's own",
                     "outer ends " + method + ' ' + std::string{name_of(code)} + " outer's own"};
    };
    EXPECT_EQ(watched.call("missing").failure, Code::no_such_method);
    EXPECT_TRUE(ends(Code::no_such_method, "missing"));
    EXPECT_EQ(watched.call("add").failure, Code::invalid_request);
    EXPECT_TRUE(ends(Code::invalid_request, "add"));
    EXPECT_EQ(watched.call("add", two_and_forty, 0ms).failure, Code::expired_in_queue);
    EXPECT_TRUE(ends(Code::expired_in_queue, "add"));
    watched.stage.dispatcher.refuse(std::make_unique<TestCall>("a", watched.stage.outcomes),
                                    {.code = Code::unauthenticated, .message = "not signed"},
                                    *watched.stage.listener);
    EXPECT_EQ(watched.stage.take().failure, Code::unauthenticated);
    EXPECT_EQ(watched.taken(), (Lines{"inner ends  unauthenticated unknown",
                                      "outer ends  unauthenticated unknown"}));
}

TEST(Interceptors, TimeCalls) {
    Intercepted watched;
    watched.serve();
    watched.stage.call("a", "add", two_and_forty);
    watched.stage.executor.advance(5ms);
    watched.stage.run();
    EXPECT_EQ(watched.outer->last_end.duration, 5ms);
}

TEST(Interceptors, ChangeWhatTheHandlerFinds) {
    Intercepted watched{[](CallAtServer& call) -> std::optional<Failure> {
        call.context.caller = call.keep(std::string{"somebody with a long name indeed"});
        call.context.baggage = "a=1";
        return std::nullopt;
    }};
    watched.serve();
    EXPECT_EQ(watched.call("tell").data, Dynamic{"somebody with a long name indeed|a=1"});
}

TEST(Interceptors, ThatThrowRefuseOrAreReported) {
    Intercepted watched{[](CallAtServer& call) -> std::optional<Failure> {
        if (call.context.method == "tell") {
            throw Error{Code::permission_denied, "not you"};
        }
        throw std::runtime_error{"a defect"};
    }};
    watched.serve();
    EXPECT_EQ(watched.call("tell").failure, Code::permission_denied);
    EXPECT_EQ(watched.call("add", two_and_forty).failure, Code::internal);
    EXPECT_TRUE(watched.stage.log.contains("a defect"));

    class Throwing final : public ServerInterceptor {
        void end(const CallAtServer&, const CallEnd&) override {
            throw std::runtime_error{"at the end"};
        }
    };
    Intercepted other;
    ListenerContextOptions options{
        .policy = {.interceptors = {other.outer, std::make_shared<Throwing>()}}};
    other.stage.serve(std::move(options));
    EXPECT_EQ(other.call("add", two_and_forty).data, Dynamic{42});
    EXPECT_TRUE(other.stage.log.contains("an interceptor threw at the end: at the end"));
    EXPECT_EQ(other.taken().size(), 2U) << "the others hear of it all the same";
}

TEST(Interceptors, StandAroundMocks) {
    Intercepted watched;
    watched.serve({.responses = Responses::mock});
    EXPECT_FALSE(watched.call("add", two_and_forty).failure);
    EXPECT_EQ(watched.taken().size(), 4U);
}

class Echo final : public Forwarder {
public:
    void forward(const ForwardedCall& call, std::unique_ptr<ForwardSink> response) override {
        said = std::string{call.method} + ' ' + std::string{call.metadata.traceparent} + ' ' +
               std::to_string(call.metadata.time_left.value_or(0ms).count());
        response->end(ForwardedResponse{});
    }
    std::string said;
};

TEST(Interceptors, StandAroundWhatIsForwardedAndChangeIt) {
    Echo echo;
    Intercepted watched{[](CallAtServer& call) -> std::optional<Failure> {
        call.context.traceparent = call.keep(std::string(55, 't'));
        *call.context.deadline -= 1s;
        return std::nullopt;
    }};
    watched.serve({.forwarder = &echo});
    EXPECT_FALSE(watched.call("whatever", {}, 3s).failure);
    EXPECT_EQ(echo.said, "whatever " + std::string(55, 't') + " 2000");
    EXPECT_EQ(watched.taken().size(), 4U);
}

}  // namespace
}  // namespace warren::runtime::test
