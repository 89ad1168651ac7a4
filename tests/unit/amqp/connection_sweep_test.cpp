#include "support/support.hpp"
#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// One whole dialogue, fed in every way in which a network can cut it and ended at every step.

namespace warren::amqp {

namespace {

using test::method;
using test::short_string;
using test::u16;
using test::u32;
using test::u8;

/// What the broker says; the client's commands depend on its events alone.
std::vector<std::string> dialogue() {
    return {
        test::start(),
        test::tune(2047, 4096, 60),
        test::open_ok(),
        method(1, 20, 11, u32(0)),
        method(1, 85, 11),
        method(1, 60, 11),
        method(1, 50, 11, short_string("q") + u32(0) + u32(0)),
        method(1, 60, 21, short_string("t")),
        test::heartbeat,
        test::deliver(1, "t", 1, false, "e", "k"),
        test::header(
            1, 5,
            u16(0x8600) + short_string("text/plain") + short_string("id") + short_string("back")),
        test::body(1, "hello"),
        test::confirmation(1, test::ack_id, 1, 0),
        test::deliver(1, "t", 2, true, "e", "k"),
        test::header(1, 9),
        test::body(1, "in "),
        test::heartbeat,
        test::body(1, "parts!"),
        test::deliver(1, "t", 3, false, "", ""),
        test::header(1, 0),
        test::deliver(1, "t", 4, false, "", ""),
        test::header(1, 70),
        test::body(1, std::string(70, 'o')),
        test::basic_return(1, 312, "NO_ROUTE", "", "back"),
        test::header(1, 3),
        test::body(1, "ret"),
        test::confirmation(1, test::nack_id, 4, 1),
        method(0, 10, 60, short_string("alarm")),
        method(0, 10, 61),
        method(1, 60, 30, short_string("t") + u8(0)),
        test::close(1, 406, "PRECONDITION_FAILED", 60, 80),
        test::deliver(1, "t", 5, false, "", ""),
        test::close(0, 320, "CONNECTION_FORCED"),
    };
}

/// A client that echoes what it gets.
class Client {
public:
    Client() : core{{.body_bytes_max = 64}} { core.start({}); }

    void feed(std::string_view bytes) {
        const auto room = core.prepare(std::max<std::size_t>(bytes.size(), 1));
        std::ranges::copy(test::as_octets(bytes), room.begin());
        core.commit(bytes.size(), {});
        turn();
    }

    void end_of_input() {
        core.end_of_input();
        turn();
    }

    void turn() {
        while (const Event* event = core.next_event()) {
            events.push_back(test::describe(*event));
            react(*event);
        }
        OutputBuffer output;
        core.take_output(output);
        sent += test::as_string(output.bytes());
    }

    ConnectionCore core;
    std::vector<std::string> events;
    std::string sent;

private:
    void react(const Event& event) {
        if (std::holds_alternative<Connected>(event)) {
            EXPECT_EQ(core.open_channel(), 1);
            EXPECT_TRUE(core.confirm_select(1));
            EXPECT_TRUE(core.basic_qos(1, {.prefetch_count = 5}));
            EXPECT_TRUE(core.queue_declare(1, {.queue = "q"}));
            EXPECT_TRUE(core.basic_consume(1, {.queue = "q", .consumer_tag = "t"}));
        } else if (const auto* delivery = std::get_if<Delivery>(&event)) {
            EXPECT_TRUE(core.basic_publish(1, {.routing_key = "back", .mandatory = true},
                                           delivery->properties, delivery->body));
            EXPECT_TRUE(core.basic_ack(1, {.delivery_tag = delivery->delivery_tag}));
        }
    }
};

std::string joined(const std::vector<std::string>& frames, std::size_t count) {
    std::string bytes;
    for (std::size_t index = 0; index != count; ++index) {
        bytes += frames[index];
    }
    return bytes;
}

struct Transcript {
    std::vector<std::string> events;
    std::string sent;
    friend bool operator==(const Transcript&, const Transcript&) = default;
};

Transcript transcript(const std::vector<std::string_view>& pieces) {
    Client client;
    for (const std::string_view piece : pieces) {
        client.feed(piece);
    }
    return {std::move(client.events), std::move(client.sent)};
}

TEST(Sweep, TheDialogueSaysWhatItShould) {
    const std::string bytes = joined(dialogue(), dialogue().size());
    const Transcript whole = transcript({bytes});
    EXPECT_EQ(whole.events,
              (std::vector<std::string>{
                  "connected frame_max=4096 channel_max=2047 heartbeat=60",
                  "opened 1",
                  "confirm_selected 1",
                  "qos_set 1",
                  R"(queue_declared 1 "q" 0 0)",
                  R"(consume_started 1 "t")",
                  "delivery 1 \"t\" tag=1 \"e\" \"k\" content_type=\"text/plain\" "
                  "correlation_id=\"id\" reply_to=\"back\" size=5 body=\"hello\"",
                  "acked 1 1",
                  R"(delivery 1 "t" tag=2 redelivered "e" "k" size=9 body="in parts!")",
                  R"(delivery 1 "t" tag=3 "" "" size=0 body="")",
                  R"(delivery 1 "t" tag=4 "" "" size=70 oversized body="")",
                  R"(returned 1 312 "NO_ROUTE" "" "back" size=3 body="ret")",
                  "nacked 1 4 multiple",
                  R"(blocked "alarm")",
                  "unblocked",
                  R"(consumer_cancelled 1 "t")",
                  R"(channel 1 closed by server 406 "PRECONDITION_FAILED" 60.80)",
                  R"(closed by server 320 "CONNECTION_FORCED" 0.0)",
              }));
}

TEST(Sweep, ACutAnywhereChangesNothing) {
    const std::string bytes = joined(dialogue(), dialogue().size());
    const Transcript whole = transcript({bytes});
    const std::string_view view = bytes;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        ASSERT_EQ(transcript({view.substr(0, cut), view.substr(cut)}), whole) << cut;
    }
}

TEST(Sweep, PiecesOfAnySizeChangeNothing) {
    const std::string bytes = joined(dialogue(), dialogue().size());
    const Transcript whole = transcript({bytes});
    for (std::size_t size = 1; size != 64; ++size) {
        std::vector<std::string_view> pieces;
        for (std::string_view rest = bytes; !rest.empty();) {
            pieces.push_back(rest.substr(0, size));
            rest.remove_prefix(std::min(size, rest.size()));
        }
        ASSERT_EQ(transcript(pieces), whole) << size;
    }
}

TEST(Sweep, TheEndOfInputAnywhereIsReportedOnce) {
    const std::vector<std::string> frames = dialogue();
    const std::string bytes = joined(frames, frames.size() - 1);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        Client client;
        client.feed(std::string_view{bytes}.substr(0, cut));
        const std::size_t before = client.events.size();
        client.end_of_input();
        client.turn();
        ASSERT_EQ(client.events.size(), before + 1) << cut;
        const bool login = cut >= frames[0].size() && cut < frames[0].size() + frames[1].size();
        ASSERT_TRUE(client.events.back().starts_with(login ? "failed closed_during_login"
                                                           : "failed closed_without_warning"))
            << cut << client.events.back();
        ASSERT_TRUE(client.core.ended());
    }
}

TEST(Sweep, ACloseOfTheConnectionAtEveryStepIsAnsweredOnce) {
    const std::vector<std::string> frames = dialogue();
    for (std::size_t step = 0; step != frames.size(); ++step) {
        Client client;
        client.feed(joined(frames, step));
        client.sent.clear();
        const std::size_t before = client.events.size();
        client.feed(test::close(0, 541, "INTERNAL_ERROR") + joined(frames, frames.size()));
        EXPECT_EQ(client.sent, test::close_ok(0)) << step;
        ASSERT_EQ(client.events.size(), before + 1) << step;
        EXPECT_EQ(client.events.back(), R"(closed by server 541 "INTERNAL_ERROR" 0.0)");
        EXPECT_EQ(client.core.next_deadline(), std::nullopt);
    }
}

TEST(Sweep, ACloseOfTheChannelAtEveryStepIsAnsweredOnce) {
    const std::vector<std::string> frames = dialogue();
    const std::size_t opened = 3;
    const std::size_t closed = frames.size() - 3;
    for (std::size_t step = opened; step <= closed; ++step) {
        Client client;
        client.feed(joined(frames, step));
        client.sent.clear();
        client.feed(test::close(1, 404, "NOT_FOUND"));
        EXPECT_EQ(client.events.back(), R"(channel 1 closed by server 404 "NOT_FOUND" 0.0)");
        EXPECT_EQ(client.sent, test::close_ok(1)) << step;
        EXPECT_EQ(client.core.basic_ack(1, {}).error(), CommandError::channel_not_open);
        EXPECT_EQ(client.core.open_channel(), 1);
    }
}

TEST(Sweep, OurCloseAtEveryStepEndsInOrder) {
    const std::vector<std::string> frames = dialogue();
    const std::size_t connected = 3;
    for (std::size_t step = connected; step != frames.size() - 1; ++step) {
        Client client;
        client.feed(joined(frames, step));
        const std::size_t before = client.events.size();
        ASSERT_TRUE(client.core.close({}));
        for (std::size_t rest = step; rest != frames.size() - 1; ++rest) {
            client.feed(frames[rest]);
        }
        client.feed(test::close_ok(0));
        ASSERT_EQ(client.events.size(), before + 1) << step;
        EXPECT_EQ(client.events.back(), R"(closed by client 200 "" 0.0)");
    }
}

TEST(Sweep, OurCloseOfTheChannelAtEveryStepEndsInOrder) {
    const std::vector<std::string> frames = dialogue();
    const std::size_t connected = 3;
    const std::size_t closed = frames.size() - 3;
    for (std::size_t step = connected; step != closed; ++step) {
        Client client;
        client.feed(joined(frames, step));
        ASSERT_TRUE(client.core.close_channel(1));
        for (std::size_t rest = step; rest != closed; ++rest) {
            client.feed(frames[rest]);
        }
        client.feed(test::close_ok(1));
        EXPECT_EQ(client.events.back(), R"(channel 1 closed by client 200 "" 0.0)") << step;
    }
}

TEST(Sweep, AnyFlippedByteEndsInOneEventOrNone) {
    std::mt19937_64 random{warren::test::random_seed()};
    const std::string bytes = joined(dialogue(), dialogue().size());
    for (std::size_t position = 0; position != bytes.size(); ++position) {
        std::string damaged = bytes;
        damaged[position] = static_cast<char>(damaged[position] ^ (1 + random() % 255));
        Client client;
        client.feed(damaged);
        client.end_of_input();
        ASSERT_TRUE(client.core.ended()) << position;
        const auto ends = std::ranges::count_if(client.events, [](const std::string& event) {
            return event.starts_with("failed") || event.starts_with("closed");
        });
        ASSERT_EQ(ends, 1) << position;
    }
}

}  // namespace

}  // namespace warren::amqp
