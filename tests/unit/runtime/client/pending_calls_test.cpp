#include "runtime/client/pending_calls.hpp"

#include "unit/runtime/client/fake_transport.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace warren::runtime {
namespace {

using test::TestCall;
using namespace std::chrono_literals;

constexpr std::array<std::uint8_t, 16> octets{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6};
constexpr TimePoint start{1h};

std::string text_of(const PendingCalls::CorrelationText& text) {
    return {text.begin(), text.end()};
}

TEST(PendingCalls, FindsCallsByTokenAndCorrelation) {
    PendingCalls calls{octets};
    TestCall one;
    TestCall two;
    const auto first = calls.add(one, start + 1s);
    const auto second = calls.add(two, start + 1s);
    EXPECT_NE(first, second);
    EXPECT_EQ(calls.find(first), &one);
    EXPECT_EQ(calls.find(second), &two);
    EXPECT_EQ(calls.find_correlation(text_of(calls.correlation_of(second))), second);
    EXPECT_EQ(calls.size(), 2U);
    EXPECT_EQ(calls.find(0), nullptr);
}

TEST(PendingCalls, CorrelationIdsAreVersion4Uuids) {
    PendingCalls calls{octets};
    TestCall call;
    for (int round = 0; round < 1000; ++round) {
        const auto token = calls.add(call, start);
        const std::string text = text_of(calls.correlation_of(token));
        ASSERT_EQ(text.size(), 36U);
        EXPECT_EQ(text[14], '4');
        EXPECT_NE(std::string_view{"89ab"}.find(text[19]), std::string_view::npos);
        calls.remove(token);
    }
}

TEST(PendingCalls, AnEarlierUseOfASlotIsNotFound) {
    PendingCalls calls{octets};
    TestCall one;
    TestCall two;
    const auto first = calls.add(one, start);
    const std::string old_id = text_of(calls.correlation_of(first));
    calls.remove(first);
    const auto second = calls.add(two, start);
    EXPECT_EQ(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(second));
    EXPECT_EQ(calls.find(first), nullptr);
    EXPECT_EQ(calls.find_correlation(old_id), 0U);
    EXPECT_EQ(calls.find(second), &two);
}

TEST(PendingCalls, ARenewedCallIsFoundAsTheNewOneAlone) {
    PendingCalls calls{octets};
    TestCall call;
    const auto first = calls.add(call, start + 1s);
    const std::string old_id = text_of(calls.correlation_of(first));
    const auto second = calls.renew(first);
    EXPECT_EQ(calls.find(first), nullptr);
    EXPECT_EQ(calls.find_correlation(old_id), 0U);
    EXPECT_EQ(calls.find(second), &call);
    EXPECT_EQ(calls.successor_of(first), second);
    EXPECT_EQ(calls.first_due(start + 1s), second);
    EXPECT_EQ(calls.size(), 1U);
    calls.remove(second);
    EXPECT_EQ(calls.successor_of(first), 0U);
    EXPECT_EQ(calls.find(second), nullptr);
}

TEST(PendingCalls, EveryDigitOfACorrelationIdCounts) {
    PendingCalls calls{octets};
    TestCall call;
    const std::string id = text_of(calls.correlation_of(calls.add(call, start)));
    for (std::size_t index = 0; index < id.size(); ++index) {
        std::string other = id;
        other[index] = other[index] == '0' ? '1' : '0';
        EXPECT_EQ(calls.find_correlation(other), 0U) << index;
    }
    EXPECT_EQ(calls.find_correlation(id.substr(1)), 0U);
    EXPECT_EQ(calls.find_correlation(""), 0U);
}

TEST(PendingCalls, AnotherClientsIdsAreNotFound) {
    PendingCalls ours{octets};
    PendingCalls theirs{{1}};
    TestCall call;
    ours.add(call, start);
    EXPECT_EQ(ours.find_correlation(text_of(theirs.correlation_of(theirs.add(call, start)))), 0U);
}

TEST(PendingCalls, DeadlinesComeInOrderWhateverIsRemoved) {
    constexpr unsigned seed = 20261;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random{seed};
    PendingCalls calls{octets};
    TestCall call;
    std::map<PendingCalls::Token, TimePoint> expected;
    for (int step = 0; step < 20'000; ++step) {
        if (expected.empty() || random() % 5 < 3) {
            const TimePoint when = start + std::chrono::milliseconds{random() % 1000};
            expected.emplace(calls.add(call, when), when);
        } else {
            auto victim =
                std::next(expected.begin(), static_cast<long>(random() % expected.size()));
            ASSERT_EQ(calls.deadline_of(victim->first), victim->second);
            calls.remove(victim->first);
            expected.erase(victim);
        }
        ASSERT_EQ(calls.size(), expected.size());
        const auto earliest =
            std::ranges::min_element(expected, {}, [](const auto& entry) { return entry.second; });
        ASSERT_EQ(calls.next_deadline().has_value(), !expected.empty());
        if (earliest != expected.end()) {
            ASSERT_EQ(calls.next_deadline(), earliest->second);
        }
    }
    TimePoint before = start;
    while (const auto due = calls.first_due(start + 1s)) {
        ASSERT_LE(before, expected.at(due));
        before = expected.at(due);
        calls.remove(due);
    }
    EXPECT_EQ(calls.size(), 0U);
    EXPECT_FALSE(calls.next_deadline());
}

TEST(PendingCalls, NothingIsDueBeforeItsTime) {
    PendingCalls calls{octets};
    TestCall call;
    const auto token = calls.add(call, start + 10ms);
    EXPECT_EQ(calls.first_due(start + 9ms), 0U);
    EXPECT_EQ(calls.first_due(start + 10ms), token);
}

TEST(CallQueue, CallsLeaveFromAnywhere) {
    for (int leaves = 0; leaves < 3; ++leaves) {
        TestCall calls[3];
        CallQueue queue;
        for (TestCall& call : calls) {
            queue.push(call);
        }
        CallQueue::leave(calls[leaves]);
        CallQueue::leave(calls[leaves]);
        std::vector<ClientCall*> left;
        while (!queue.empty()) {
            left.push_back(&queue.pop());
        }
        std::vector<ClientCall*> expected{&calls[0], &calls[1], &calls[2]};
        expected.erase(expected.begin() + leaves);
        EXPECT_EQ(left, expected);
    }
}

}  // namespace
}  // namespace warren::runtime
