#include "runtime/dispatch/locks.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

namespace warren::runtime {
namespace {

using Outcome = LockTable::Outcome;

TEST(LockTable, WaitersFollowInOrderOfArrival) {
    LockTable locks{10};
    std::array<LockTicket, 4> tickets;
    EXPECT_EQ(locks.acquire(tickets[0], "key"), Outcome::held);
    for (std::size_t waiter = 1; waiter < tickets.size(); ++waiter) {
        EXPECT_EQ(locks.acquire(tickets[waiter], "key"), Outcome::waits);
    }
    EXPECT_EQ(locks.waiters(), 3U);
    for (std::size_t holder = 0; holder + 1 < tickets.size(); ++holder) {
        EXPECT_EQ(locks.release(tickets[holder]), &tickets[holder + 1]);
    }
    EXPECT_EQ(locks.release(tickets.back()), nullptr);
    EXPECT_EQ(locks.size(), 0U);
    EXPECT_EQ(locks.waiters(), 0U);
}

TEST(LockTable, OtherKeysAreFree) {
    LockTable locks{10};
    LockTicket one;
    LockTicket other;
    EXPECT_EQ(locks.acquire(one, "one"), Outcome::held);
    EXPECT_EQ(locks.acquire(other, "other"), Outcome::held);
    EXPECT_EQ(locks.size(), 2U);
    EXPECT_EQ(locks.release(one), nullptr);
    EXPECT_EQ(locks.release(other), nullptr);
}

TEST(LockTable, AWaiterCanBeTakenOutFromAnyPlace) {
    for (std::size_t gone = 1; gone <= 3; ++gone) {
        LockTable locks{10};
        std::array<LockTicket, 4> tickets;
        for (LockTicket& ticket : tickets) {
            locks.acquire(ticket, "key");
        }
        EXPECT_TRUE(locks.remove(tickets[gone]));
        EXPECT_FALSE(locks.remove(tickets[gone])) << "it waits no more";
        EXPECT_FALSE(locks.remove(tickets[0])) << "the holder does not wait";
        std::size_t served = 1;
        for (LockTicket* holder = &tickets[0]; (holder = locks.release(*holder)) != nullptr;) {
            EXPECT_NE(holder, &tickets[gone]);
            ++served;
        }
        EXPECT_EQ(served, 3U);
        EXPECT_EQ(locks.size(), 0U);
    }
}

TEST(LockTable, RefusesWaitersOverTheLimit) {
    LockTable locks{1};
    std::array<LockTicket, 3> tickets;
    EXPECT_EQ(locks.acquire(tickets[0], "key"), Outcome::held);
    EXPECT_EQ(locks.acquire(tickets[1], "key"), Outcome::waits);
    EXPECT_EQ(locks.acquire(tickets[2], "key"), Outcome::refused);
    EXPECT_EQ(locks.release(tickets[0]), &tickets[1]);
    EXPECT_EQ(locks.acquire(tickets[2], "key"), Outcome::waits) << "there is room again";
    EXPECT_EQ(locks.release(tickets[1]), &tickets[2]);
    EXPECT_EQ(locks.release(tickets[2]), nullptr);
}

TEST(LockTable, ManyKeysComeAndGo) {
    LockTable locks{10};
    std::vector<LockTicket> tickets(10'000);
    for (std::size_t at = 0; at < tickets.size(); ++at) {
        EXPECT_EQ(locks.acquire(tickets[at], std::to_string(at)), Outcome::held);
    }
    EXPECT_EQ(locks.size(), tickets.size());
    for (LockTicket& ticket : tickets) {
        EXPECT_EQ(locks.release(ticket), nullptr);
    }
    EXPECT_EQ(locks.size(), 0U);
}

std::string key_of(const Dynamic& value) {
    static const Method method{.name = "method"};
    std::string key;
    write_lock_key(method, &value.value(), key);
    return key;
}

TEST(LockKey, EqualValuesShareOne) {
    EXPECT_EQ(key_of(0.0), key_of(-0.0));
    EXPECT_EQ(key_of("a"), key_of(std::string{"a"}));
    EXPECT_EQ(key_of(Dynamic::map({{"a", 1}, {"b", 2}})),
              key_of(Dynamic::map({{"b", 2}, {"a", 1}})));
}

TEST(LockKey, DifferentValuesDiffer) {
    const std::vector<Dynamic> values{nullptr,
                                      true,
                                      false,
                                      0,
                                      1,
                                      std::numeric_limits<std::uint64_t>::max(),
                                      1.0,
                                      "",
                                      "1",
                                      Dynamic::bytes({}),
                                      Dynamic::list({}),
                                      Dynamic::list({"a", "b"}),
                                      Dynamic::list({"ab"}),
                                      Dynamic::list({Dynamic::list({"a"}), "b"}),
                                      Dynamic::map({}),
                                      Dynamic::map({{"a", "b"}}),
                                      Dynamic::map({{"b", "a"}})};
    for (std::size_t left = 0; left < values.size(); ++left) {
        for (std::size_t right = 0; right < left; ++right) {
            EXPECT_NE(key_of(values[left]), key_of(values[right])) << left << " and " << right;
        }
    }
}

std::string key_of(const Method& method, const Dynamic* value) {
    std::string key;
    write_lock_key(method, value != nullptr ? &value->value() : nullptr, key);
    return key;
}

TEST(LockKey, MethodsDoNotShareTheirs) {
    const Method one{.name = "one"};
    const Method other{.name = "other"};
    EXPECT_NE(key_of(one, nullptr), key_of(other, nullptr));
}

TEST(LockKey, MethodsShareTheOneOfAName) {
    const Dynamic value{5};
    const Dynamic nothing;
    const Method one{.name = "one", .lock_name = "server"};
    const Method other{.name = "other", .lock_name = "server"};
    const Method own{.name = "one"};
    EXPECT_EQ(key_of(one, nullptr), key_of(other, nullptr));
    EXPECT_EQ(key_of(one, &value), key_of(other, &value));
    EXPECT_NE(key_of(one, &value), key_of(own, &value));
    EXPECT_NE(key_of(one, &value), key_of({.name = "one", .lock_name = "serve"}, &value));
    EXPECT_NE(key_of(one, nullptr), key_of(one, &nothing)) << "no value is not the value null";
    // What begins as a name and goes on as a value is no longer name.
    const std::string longer = key_of(one, &value).substr(1 + 8);
    EXPECT_NE(key_of({.name = "one", .lock_name = longer}, nullptr), key_of(one, &value));
}

TEST(LockKey, OfANameIsTheSameInEveryProcess) {
    const Method method{.name = "any", .lock_name = "server"};
    const auto octets = [](std::initializer_list<int> all) {
        std::string text;
        for (const int octet : all) {
            text += static_cast<char>(octet);
        }
        return text;
    };
    const std::string start = "N" + octets({0, 0, 0, 0, 0, 0, 0, 6}) + "server";
    const auto after_start = [&](const Dynamic& value) {
        const std::string key = key_of(method, &value);
        EXPECT_TRUE(key.starts_with(start));
        return key.substr(start.size());
    };
    EXPECT_EQ(key_of(method, nullptr), start);
    EXPECT_EQ(after_start(nullptr), "0");
    EXPECT_EQ(after_start(true), "T");
    EXPECT_EQ(after_start(false), "F");
    EXPECT_EQ(after_start(-2), "i" + octets({255, 255, 255, 255, 255, 255, 255, 254}));
    EXPECT_EQ(after_start(std::uint64_t{1} << 63), "u" + octets({128, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(after_start(1.0), "d" + octets({0x3F, 0xF0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(after_start(std::numeric_limits<double>::signaling_NaN()),
              "d" + octets({0x7F, 0xF8, 0, 0, 0, 0, 0, 0}));
    const std::string text = "s" + octets({0, 0, 0, 0, 0, 0, 0, 1}) + "a";
    EXPECT_EQ(after_start("a"), text);
    EXPECT_EQ(after_start(Dynamic::bytes(std::array{std::byte{7}})),
              "b" + octets({0, 0, 0, 0, 0, 0, 0, 1, 7}));
    EXPECT_EQ(after_start(Dynamic::list({"a"})), "l" + octets({0, 0, 0, 0, 0, 0, 0, 1}) + text);
    EXPECT_EQ(after_start(Dynamic::map({{"a", "a"}})),
              "m" + octets({0, 0, 0, 0, 0, 0, 0, 1}) + text + text);
}

}  // namespace
}  // namespace warren::runtime
