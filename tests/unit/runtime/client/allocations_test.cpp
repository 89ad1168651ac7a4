#include <warren/client.hpp>
#include <warren/contract.hpp>
#include <warren/method.hpp>
#include <warren/model.hpp>
#include <warren/task.hpp>

#include "endpoint/client/client_call.hpp"
#include "protocol/msgpack_rpc_protocol.hpp"
#include "runtime/client/stream_client.hpp"
#include "runtime/dispatch/dispatcher.hpp"

#include <gtest/gtest.h>

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// How much memory one call takes once a client or a server is warm: none, but for handlers that
// answer later.
namespace {

thread_local bool is_counting = false;
thread_local std::size_t allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size_bytes) {
    if (is_counting) {
        ++allocations;
    }
    if (void* const memory = std::malloc(size_bytes != 0 ? size_bytes : 1)) {
        return memory;
    }
    throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace allocations_test {

using namespace warren;
using namespace std::chrono_literals;

struct Ping {
    std::string text;
    int number = 0;
};
WARREN_MODEL(Ping, (text), (number))
struct Pong {
    std::string text;
};
WARREN_MODEL(Pong, (text))
WARREN_CONTRACT(ping_method, "ping", Ping, Pong)

/// A loop that keeps its memory, as the real ones do.
class Turns final : public runtime::Executor {
public:
    void post(std::move_only_function<void()> function) override {
        posted_.push_back(std::move(function));
    }
    runtime::TimePoint now() const noexcept override { return {}; }
    TimerId post_at(runtime::TimePoint, std::move_only_function<void()>) override { return 1; }
    void cancel(TimerId) noexcept override {}

    void turn() {
        running_.swap(posted_);
        for (auto& function : running_) {
            function();
        }
        running_.clear();
    }

private:
    std::vector<std::move_only_function<void()>> posted_;
    std::vector<std::move_only_function<void()>> running_;
};

struct Wire final : runtime::StreamConnection {
    std::string& output() noexcept override { return text; }
    void touch() override {}
    void pause() override {}
    void resume() override {}
    void close_after_output() override {}
    std::string_view peer_identity() const noexcept override { return {}; }

    std::string text;
};

struct Port final : runtime::StreamConnector {
    explicit Port(runtime::Executor& turns) : turns_{turns} {}
    runtime::Executor& executor() noexcept override { return turns_; }
    std::size_t address_count() const noexcept override { return 1; }
    std::string display(std::size_t) const override { return "tcp://server"; }
    void connect(std::size_t, std::uint64_t made) override { token = made; }

    std::uint64_t token = 0;

private:
    runtime::Executor& turns_;
};

/// A client and a server that answers every request alike.
class Pair {
public:
    Pair()
        : protocol_{protocol::make_msgpack_rpc_protocol()},
          calls_{std::make_shared<runtime::StreamClient>(turns_, protocol_,
                                                         runtime::StreamClientOptions{})},
          transport_{turns_},
          requests_{protocol_->make_call_decoder()} {
        calls_->attach(transport_);
    }
    ~Pair() { calls_->close(); }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    /// As `Client::start_call` does it.
    template <typename Function>
    void start(const Ping& ping, Function completion) {
        using Sink = detail::CompletionSink<Pong, Function>;
        detail::PreparedCallPointer call = prepare(ping, detail::Caller::goes_on);
        void* const memory = detail::sink_memory(*call, sizeof(Sink), alignof(Sink));
        call->own(*::new (memory) Sink(std::move(completion)));
        calls_->submit(*call.release());
    }
    /// As `Client::call` does it.
    Pong call(const Ping& ping) {
        detail::BlockingSink<Pong> sink;
        detail::PreparedCallPointer call = prepare(ping, detail::Caller::waits);
        call->sink = &sink;
        calls_->submit(*call.release());
        serve();
        sink.wait();
        return sink.take_data();
    }
    void serve() {
        turns_.turn();
        if (session_ == nullptr) {
            session_ = calls_->on_connected(transport_.token, wire_);
        }
        const bool was_counting = std::exchange(is_counting, false);
        respond_all();
        is_counting = was_counting;
        session_->on_input(std::as_bytes(std::span{responses_.data(), responses_.size()}));
    }

private:
    detail::PreparedCallPointer prepare(const Ping& ping, detail::Caller caller) {
        detail::PreparedCallPointer call = detail::idle_prepared_call();
        call->prepare(detail::erase<ping_method>(ping), {}, {}, {}, 0, caller);
        call->timeout = 60s;
        return call;
    }
    void respond_all() {
        responses_.clear();
        std::string_view rest = wire_.text;
        while (!rest.empty()) {
            const auto step = requests_->next(std::as_bytes(std::span{rest}), 0, arena_);
            Member text[] = {{Value::text("text"), Value::text("pong")}};
            protocol_->encode_response(requests_->ticket, {.data = Value::map(text)}, 0,
                                       responses_);
            rest.remove_prefix(step.size_bytes);
            arena_.reset();
        }
        wire_.text.clear();
    }

    Turns turns_;
    std::shared_ptr<protocol::StreamProtocol> protocol_;
    std::shared_ptr<runtime::StreamClient> calls_;
    Port transport_;
    Wire wire_;
    std::unique_ptr<runtime::StreamSession> session_;
    std::unique_ptr<protocol::StreamCallDecoder> requests_;
    std::string responses_;
    Arena arena_;
};

/// out  allocations of `rounds` more after as many to get warm
std::size_t allocations_of(const std::function<void()>& round) {
    constexpr int rounds = 100;
    for (int done = 0; done < rounds; ++done) {
        round();
    }
    allocations = 0;
    is_counting = true;
    for (int done = 0; done < rounds; ++done) {
        round();
    }
    is_counting = false;
    return allocations;
}

TEST(Allocations, AreCountedAlsoInTheLibrary) {
    EXPECT_GE(allocations_of([] {
                  detail::PreparedCallPointer {
                      new detail::PreparedCall
                  } -> sink_memory(64, 8);
              }),
              100U);
    EXPECT_GE(allocations_of([] { (void)Failure{.message = std::string(100, 'x')}; }), 100U);
}

TEST(Allocations, AStartedCallTakesNoMemory) {
    Pair pair;
    const Ping ping{"hello", 42};
    std::size_t answered = 0;
    EXPECT_EQ(allocations_of([&] {
                  for (int call = 0; call < 16; ++call) {
                      pair.start(ping, [&answered](std::expected<Pong, Failure> pong) {
                          answered += pong.value().text == "pong" ? 1U : 0U;
                      });
                  }
                  pair.serve();
              }),
              0U);
    EXPECT_EQ(answered, 3200U);
}

TEST(Allocations, ACompletionOfAnySizeIsKeptWithTheCall) {
    Pair pair;
    const Ping ping{"hello", 42};
    std::size_t sum = 0;
    EXPECT_EQ(allocations_of([&] {
                  const std::array<std::size_t, 40> big{1};
                  pair.start(ping, [&sum, big](std::expected<Pong, Failure>) { sum += big[0]; });
                  pair.serve();
              }),
              0U);
    EXPECT_EQ(sum, 200U);
}

TEST(Allocations, ABlockingCallTakesNoMemory) {
    Pair pair;
    const Ping ping{"a text that is too long to be kept inside of the string itself", 42};
    EXPECT_EQ(allocations_of([&] { EXPECT_EQ(pair.call(ping).text, "pong"); }), 0U);
}

struct NoLog final : Log {
    void write(LogLevel, std::string_view) override {}
};

/// A server's call that is used again, as those of the real ones are.
class UsedCall final : public runtime::ServerCall {
public:
    explicit UsedCall(std::unique_ptr<runtime::ServerCall>& idle) : idle_{idle} {}

    void finished(std::unique_ptr<runtime::ServerCall> self, runtime::At) noexcept override {
        EXPECT_FALSE(response().failure);
        reset();
        idle_ = std::move(self);
    }

private:
    std::unique_ptr<runtime::ServerCall>& idle_;
};

/// Lets a coroutine wait for its next turn.
struct NextTurn {
    detail::OpenCall* call = nullptr;

    NextTurn awaiter(detail::OpenCall& of) const noexcept { return {&of}; }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { call->go_on(waiting); }
    void await_resume() const noexcept {}
};

/// A dispatcher with a worker that is this thread.
class Handling {
public:
    Handling() {
        registry_.method("plain", [](const Ping& ping) { return Pong{ping.text}; });
        registry_.method("later", [](const Ping& ping, Responder<Pong> responder) {
            responder.respond(Pong{ping.text});
        });
        registry_.method("task", [](const Ping& ping) -> task<Pong> { co_return Pong{ping.text}; });
        registry_.method("waits", [](const Ping& ping) -> task<Pong> {
            for (int wait = 0; wait < 10; ++wait) {
                co_await NextTurn{};
            }
            co_return Pong{ping.text};
        });
        listener_.emplace(dispatcher_, turns_,
                          runtime::ListenerContextOptions{.methods = registry_.all()});
    }

    void call(std::string_view method) {
        Member text[] = {{Value::text("text"), Value::text("ping")}};
        const protocol::Call request{.method = method, .arguments = Value::map(text)};
        std::unique_ptr<runtime::ServerCall> call = std::exchange(idle_, nullptr);
        if (call == nullptr) {
            call = std::make_unique<UsedCall>(idle_);
        }
        dispatcher_.dispatch(std::move(call), request, *listener_);
        turns_.turn();
        workers_.run_all();
        EXPECT_NE(idle_, nullptr);
    }

private:
    std::unique_ptr<runtime::ServerCall> idle_;
    Turns turns_;
    NoLog log_;
    Registry registry_;
    runtime::ManualWorkers workers_;
    runtime::Dispatcher dispatcher_{workers_, turns_, log_};
    std::optional<runtime::ListenerContext> listener_;
};

TEST(Allocations, AHandlerTakesNoMemoryAndACoroutineTwoPiecesForAnyNumberOfWaits) {
    Handling handling;
    EXPECT_EQ(allocations_of([&] { handling.call("plain"); }), 0U);
    EXPECT_EQ(allocations_of([&] { handling.call("later"); }), 100U);
    EXPECT_EQ(allocations_of([&] { handling.call("task"); }), 200U);
    EXPECT_EQ(allocations_of([&] { handling.call("waits"); }), 200U);
}

}  // namespace allocations_test
