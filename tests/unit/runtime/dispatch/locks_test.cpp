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

TEST(LockKey, MethodsDoNotShareTheirs) {
    const Method one{.name = "one"};
    const Method other{.name = "other"};
    std::string key_of_one;
    std::string key_of_other;
    write_lock_key(one, nullptr, key_of_one);
    write_lock_key(other, nullptr, key_of_other);
    EXPECT_NE(key_of_one, key_of_other);
}

}  // namespace
}  // namespace warren::runtime
