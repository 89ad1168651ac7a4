#include "runtime/server/message_server_call.hpp"

#include "format/json/json.hpp"
#include "protocol/callme.hpp"
#include "protocol/cyberfusion.hpp"
#include "runtime/server/message_server.hpp"
#include "unit/runtime/dispatch/harness.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace warren::runtime::test {
namespace {

struct Finished {
    std::unique_ptr<MessageServerCall> call;
    std::size_t arena_bytes_before = 0;
};

/// A failure that is told by headers, too, of a request that took this many values.
Finished finish(std::size_t values) {
    Stage stage;
    stage.serve();
    const auto protocol = protocol::make_cyberfusion_protocol();
    const auto completions = std::make_shared<CompletionQueue>(stage.executor, [] {});
    auto call = std::make_unique<MessageServerCall>(*protocol, completions,
                                                    core::Limits{}.body_bytes_max, 0);
    call->address = {.exchange = "method", .reply_to = "caller", .correlation_id = "1"};
    static_cast<void>(call->arena.array<Value>(values));
    const std::size_t before = call->arena.capacity_bytes();
    const Value note = Value::text(call->arena.copy("Nobody home"));
    stage.dispatcher.refuse(std::move(call),
                            {.code = Code::failed, .message = std::string{note.as_text()}},
                            *stage.listener);
    stage.run();
    Finished finished{.arena_bytes_before = before};
    completions->take_all([&](std::unique_ptr<CompletionEntry> entry) {
        finished.call.reset(static_cast<MessageServerCall*>(entry.release()));
    });
    completions->close();
    return finished;
}

TEST(MessageServerCall, KeepsItsReplyAndNotTheMemoryOfABigRequest) {
    constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;
    const Finished big = finish(100'000);
    ASSERT_GT(big.arena_bytes_before, kept_bytes_max);
    EXPECT_LE(big.call->arena.capacity_bytes(), kept_bytes_max);
    const Finished small = finish(10);
    EXPECT_GE(small.call->arena.capacity_bytes(), small.arena_bytes_before);
    for (const Finished* each : {&big, &small}) {
        ASSERT_TRUE(each->call->reply);
        EXPECT_EQ(each->call->reply->routing_key, "caller");
        EXPECT_EQ(each->call->reply->headers.find("warren-code")->as_text(), "failed");
        EXPECT_EQ(each->call->reply->headers.find("warren-message")->as_text(), "Nobody home");
        EXPECT_TRUE(protocol::text_of(each->call->reply->body).contains("Nobody home"));
    }
}

/// Keeps what it is to send.
class KeepingTransport final : public ServerTransport {
public:
    explicit KeepingTransport(Executor& executor) : executor_{executor} {}

    Executor& executor() noexcept override { return executor_; }
    Settlement settle(DeliveryId, const protocol::MessageView* message) override {
        if (message != nullptr) {
            replies.emplace_back(*message);
        }
        return Settlement::sent;
    }
    void requeue(DeliveryId) override {}
    void stop_consuming() override {}
    void resume_consuming() override {}

    std::vector<protocol::OwnedMessage> replies;

private:
    Executor& executor_;
};

TEST(MessageServerCall, WhatIsRefusedWhileItIsReadIsAnsweredAsItIsWritten) {
    std::string empties = "[{}";
    for (int more = 0; more < 100'000; ++more) {
        empties += ",{}";
    }
    empties += "]";
    Arena arena;
    const Value all = format::json_decode(empties, arena).value();
    for (const CallmeFormat format :
         {CallmeFormat::pickle, CallmeFormat::json, CallmeFormat::msgpack}) {
        Stage stage;
        stage.serve();
        KeepingTransport transport{stage.executor};
        const auto protocol = protocol::make_callme_protocol(format);
        MessageServer server{*protocol,
                             transport,
                             stage.dispatcher,
                             stage.log,
                             {.listener = {.methods = stage.registry.all(), .name = "listener"},
                              .in_flight_bytes_max = std::size_t{1} << 20}};
        std::string body;
        const auto request =
            protocol->encode_call({.method = "echo", .arguments = all, .correlation_id = "1"},
                                  "server", "caller", arena, body);
        ASSERT_TRUE(request);
        ASSERT_LT(body.size(), std::size_t{1} << 20);
        server.on_consuming(1);
        server.on_delivery({.generation = 1, .tag = 1}, *request);
        stage.run();
        ASSERT_EQ(transport.replies.size(), 1U);
        const protocol::MessageView reply = transport.replies.front().view();
        EXPECT_EQ(reply.content_type, request->content_type);
        EXPECT_EQ(reply.headers.find("warren-code")->as_text(), "overloaded");
        const auto response = protocol->decode_response(reply, arena);
        ASSERT_FALSE(response);
        EXPECT_EQ(response.error().code, Code::overloaded);
        EXPECT_TRUE(response.error().message.contains("requests_bytes_max"));
        server.stop_now();
        stage.run();
    }
}

}  // namespace
}  // namespace warren::runtime::test
