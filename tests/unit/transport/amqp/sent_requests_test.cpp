#include "transport/amqp/sent_requests.hpp"

#include "amqp/methods/basic.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

/// Hears of requests, and of nothing else.
class Sink final : public runtime::ClientSink {
public:
    void on_accepted(std::uint64_t token) override { hear(token, "accepted"); }
    void on_returned(std::uint64_t token, const Failure& why) override {
        hear(token, "returned " + std::string{name_of(why.code)});
    }
    void on_refused(std::uint64_t token, const Failure& why) override {
        hear(token, "refused " + std::string{name_of(why.code)});
    }
    void on_dropped(std::uint64_t token) override { hear(token, "dropped"); }

    void on_ready(std::string_view) override { ADD_FAILURE(); }
    void on_reply(const protocol::MessageView&) override { ADD_FAILURE(); }
    void on_bound(std::uint64_t, const Failure*) override { ADD_FAILURE(); }
    void on_lost(const Failure&, runtime::RepliesSurvive) override { ADD_FAILURE(); }
    void on_failed(const Failure&) override { ADD_FAILURE(); }
    void on_blocked(std::string_view) override { ADD_FAILURE(); }
    void on_unblocked() override { ADD_FAILURE(); }

    std::vector<std::string> heard;

private:
    void hear(std::uint64_t token, std::string_view what) {
        heard.push_back(std::to_string(token) + " " + std::string{what});
    }
};

using Heard = std::vector<std::string>;

class SentRequestsTest : public testing::Test {
protected:
    SentRequestsTest() { requests_.report_to(sink_); }

    /// What becomes of requests through these exchanges when a missing one closes their channel.
    Heard closed_over(const std::string& missing, const std::vector<std::string>& exchanges) {
        return closed(404, "NOT_FOUND - no exchange '" + missing + "' in vhost '/'", exchanges);
    }
    Heard closed(std::uint16_t code, const std::string& text,
                 const std::vector<std::string>& exchanges) {
        std::uint64_t number = 0;
        for (const std::string& exchange : exchanges) {
            ++number;
            requests_.published(number, number, {.exchange = exchange});
        }
        constexpr std::uint32_t method = amqp::BasicPublish::id;
        requests_.channel_closed(requests_.take(), {.code = code,
                                                    .text = text,
                                                    .class_id = std::uint16_t{method >> 16},
                                                    .method_id = std::uint16_t{method & 0xffff}});
        return std::exchange(sink_.heard, {});
    }

    AmqpEndpoint endpoint_;
    Sink sink_;
    SentRequests requests_{endpoint_};
};

TEST_F(SentRequestsTest, OneThroughAMissingExchangeIsReturnedAndWhatFollowsWasNeverLookedAt) {
    EXPECT_EQ(closed_over("gone", {"there", "gone", "there"}),
              (Heard{"1 accepted", "2 returned no_responder", "3 dropped"}));
}

// The exchange may have been there for all but the last one, and these are handled then.
TEST_F(SentRequestsTest, OfSeveralOnlyTheLastIsSurelyNotHandled) {
    EXPECT_EQ(closed_over("gone", {"there", "gone", "there", "gone", "gone", "there"}),
              (Heard{"1 accepted", "2 refused connection_lost", "3 refused connection_lost",
                     "4 refused connection_lost", "5 returned no_responder", "6 dropped"}));
}

TEST_F(SentRequestsTest, APermissionThatIsTakenAwayIsNoDifferent) {
    EXPECT_EQ(closed(403, "ACCESS_REFUSED - access to exchange 'ours' in vhost '/' refused",
                     {"ours", "ours", "other"}),
              (Heard{"1 refused connection_lost", "2 refused unauthenticated", "3 dropped"}));
}

TEST_F(SentRequestsTest, OneThatIsTooLargeFailsAlone) {
    const std::string bodies[] = {std::string(511, 'x'), std::string(512, 'x'),
                                  std::string(513, 'x'), std::string(600, 'x'), "x"};
    std::uint64_t number = 0;
    for (const std::string& body : bodies) {
        ++number;
        requests_.published(number, number,
                            {.body = std::as_bytes(std::span{body.data(), body.size()})});
    }
    EXPECT_EQ(
        closed(406,
               "PRECONDITION_FAILED - message size 513 is larger than configured max size "
               "512",
               {}),
        (Heard{"1 accepted", "2 accepted", "3 refused invalid_request", "4 dropped", "5 dropped"}));
}

TEST_F(SentRequestsTest, OfAUserWhoIsAnotherNoneIsTaken) {
    EXPECT_EQ(closed(406,
                     "PRECONDITION_FAILED - user_id property set to 'shop' but authenticated user "
                     "was 'guest'",
                     {"ours", "other"}),
              (Heard{"1 refused unauthenticated", "2 refused unauthenticated"}));
}

TEST_F(SentRequestsTest, WhatTheBrokerDoesNotNameMayBeAnyOfThem) {
    EXPECT_EQ(closed_over("cut...", {"there", "gone"}),
              (Heard{"1 refused connection_lost", "2 refused connection_lost"}));
}

}  // namespace
}  // namespace warren::transport
