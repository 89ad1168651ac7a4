#include "format/fernet/fernet.hpp"

#include "core/base64.hpp"
#include "format/json/json.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace warren::format {
namespace {

constexpr const char* known_key = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
constexpr std::int64_t noon_s = 1'700'000'000;

Keyring ring_of(std::vector<std::string> keys) {
    auto ring = Keyring::parse(keys);
    EXPECT_TRUE(ring) << ring.error().message;
    return ring.value_or(Keyring{});
}

Keyring fresh_ring() {
    return ring_of({FernetKey::generate()->text()});
}

/// "1985-10-26T01:20:01-07:00" as Unix time.
std::int64_t unix_seconds_of(std::string_view text) {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int offset_hour = 0;
    int offset_minute = 0;
    EXPECT_EQ(std::sscanf(std::string{text}.c_str(), "%d-%u-%uT%d:%d:%d%d:%d", &year, &month, &day,
                          &hour, &minute, &second, &offset_hour, &offset_minute),
              8)
        << text;
    const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} /
                                     std::chrono::day{day}};
    return date.time_since_epoch().count() * 86'400LL + (hour - offset_hour) * 3600 +
           (minute - (offset_hour < 0 ? -offset_minute : offset_minute)) * 60 + second;
}

class FernetVectors : public testing::Test {
protected:
    std::span<const Value> entries(const char* name) {
        text_ = test::read_vector(std::string{"fernet/"} + name);
        const auto document = json_decode(text_, arena_);
        EXPECT_TRUE(document) << document.error().message;
        EXPECT_FALSE(document->as_list().empty());
        return document->as_list();
    }

    static std::string field(const Value& entry, std::string_view name) {
        return std::string{entry.find(name)->as_text()};
    }

    static TimeToLive time_of(const Value& entry) {
        return {.ttl_s = entry.find("ttl_sec")->as_int64(),
                .now_s = unix_seconds_of(entry.find("now")->as_text())};
    }

    std::string text_;
    Arena arena_;
};

TEST_F(FernetVectors, generate) {
    std::size_t count = 0;
    for (const Value& entry : entries("generate.json")) {
        FernetIv iv{};
        const auto octets = entry.find("iv")->as_list();
        ASSERT_EQ(octets.size(), iv.size());
        for (std::size_t at = 0; at < iv.size(); ++at) {
            iv[at] = static_cast<std::byte>(octets[at].as_int64());
        }
        const auto token =
            ring_of({field(entry, "secret")})
                .encrypt(field(entry, "src"), unix_seconds_of(entry.find("now")->as_text()), iv);
        ASSERT_TRUE(token);
        EXPECT_EQ(*token, field(entry, "token"));
        ++count;
    }
    EXPECT_GT(count, 0U);
}

TEST_F(FernetVectors, verify) {
    std::size_t count = 0;
    for (const Value& entry : entries("verify.json")) {
        const auto opened =
            ring_of({field(entry, "secret")}).decrypt(field(entry, "token"), time_of(entry));
        ASSERT_TRUE(opened) << message_of(opened.error());
        EXPECT_EQ(*opened, field(entry, "src"));
        ++count;
    }
    EXPECT_GT(count, 0U);
}

TEST_F(FernetVectors, invalid) {
    const std::vector<std::pair<std::string, FernetError>> expected{
        {"incorrect mac", FernetError::wrong_key},
        {"too short", FernetError::malformed},
        {"invalid base64", FernetError::malformed},
        {"payload size not multiple of block size", FernetError::malformed},
        {"payload padding error", FernetError::padding},
        {"far-future TS (unacceptable clock skew)", FernetError::from_the_future},
        {"expired TTL", FernetError::expired},
        {"incorrect IV (causes padding error)", FernetError::padding},
    };
    std::size_t count = 0;
    for (const Value& entry : entries("invalid.json")) {
        const std::string description = field(entry, "desc");
        const auto opened =
            ring_of({field(entry, "secret")}).decrypt(field(entry, "token"), time_of(entry));
        ASSERT_FALSE(opened) << description;
        const auto known =
            std::ranges::find(expected, description, &std::pair<std::string, FernetError>::first);
        ASSERT_NE(known, expected.end()) << "a vector without an expected error: " << description;
        EXPECT_EQ(opened.error(), known->second) << description;
        ++count;
    }
    EXPECT_EQ(count, expected.size());
}

TEST(Fernet, opens_what_it_made_at_every_length) {
    const Keyring ring = fresh_ring();
    for (std::size_t size = 0; size < 100; ++size) {
        const std::string plaintext(size, static_cast<char>('a' + size % 26));
        const auto token = ring.encrypt(plaintext, noon_s);
        ASSERT_TRUE(token);
        EXPECT_EQ(ring.decrypt(*token), plaintext);
    }
    const std::string large(3'000'000, 'x');
    EXPECT_EQ(ring.decrypt(*ring.encrypt(large, noon_s)), large);
    const std::string binary{"\0\xff\x10\0", 4};
    EXPECT_EQ(ring.decrypt(*ring.encrypt(binary, noon_s)), binary);
}

TEST(Fernet, never_makes_the_same_token_twice) {
    const Keyring ring = fresh_ring();
    std::set<std::string> tokens;
    for (int at = 0; at < 100; ++at) {
        tokens.insert(*ring.encrypt("same", noon_s));
    }
    EXPECT_EQ(tokens.size(), 100U);
}

TEST(Fernet, refuses_every_change_of_one_bit) {
    const Keyring ring = ring_of({known_key});
    const std::string octets = *core::base64_decode(*ring.encrypt("a secret of ours", noon_s),
                                                    core::Base64Alphabet::url_safe);
    for (std::size_t bit = 0; bit < octets.size() * 8; ++bit) {
        std::string changed = octets;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        const auto opened =
            ring.decrypt(core::base64_encode(changed, core::Base64Alphabet::url_safe));
        ASSERT_FALSE(opened) << bit;
        EXPECT_EQ(opened.error(), bit < 8 ? FernetError::malformed : FernetError::wrong_key);
    }
}

TEST(Fernet, refuses_every_truncation_and_addition) {
    const Keyring ring = ring_of({known_key});
    const std::string token = *ring.encrypt("a secret of ours", noon_s);
    for (std::size_t size = 0; size < token.size(); ++size) {
        EXPECT_FALSE(ring.decrypt(std::string_view{token}.substr(0, size))) << size;
    }
    for (const char* end : {"=", "A", "AAAA", "\n", " "}) {
        EXPECT_EQ(ring.decrypt(token + end).error(), FernetError::malformed);
    }
}

TEST(Fernet, holds_the_time_to_live_at_its_limits) {
    const Keyring ring = fresh_ring();
    const std::string token = *ring.encrypt("x", noon_s);
    const auto at = [&ring, &token](std::int64_t ttl_s, std::int64_t now_s) {
        return ring.decrypt(token, TimeToLive{.ttl_s = ttl_s, .now_s = now_s});
    };
    EXPECT_TRUE(at(60, noon_s + 60));
    EXPECT_EQ(at(60, noon_s + 61).error(), FernetError::expired);
    EXPECT_TRUE(at(0, noon_s));
    EXPECT_EQ(at(0, noon_s + 1).error(), FernetError::expired);
    EXPECT_TRUE(at(60, noon_s - fernet_clock_skew_s));
    EXPECT_EQ(at(60, noon_s - fernet_clock_skew_s - 1).error(), FernetError::from_the_future);
    EXPECT_EQ(at(-1, noon_s).error(), FernetError::expired);
    EXPECT_TRUE(at(INT64_MAX, INT64_MAX));
    EXPECT_EQ(at(60, INT64_MIN).error(), FernetError::from_the_future);
    EXPECT_TRUE(ring.decrypt(token));
}

TEST(Fernet, asks_for_the_signature_before_the_time) {
    const std::string token = *fresh_ring().encrypt("x", noon_s);
    const TimeToLive long_ago{.ttl_s = 1, .now_s = noon_s + 1000};
    EXPECT_EQ(fresh_ring().decrypt(token, long_ago).error(), FernetError::wrong_key);
}

TEST(Fernet, rotates_keys) {
    const std::string old_key = FernetKey::generate()->text();
    const std::string new_key = FernetKey::generate()->text();
    const Keyring before = ring_of({old_key});
    const Keyring during = ring_of({new_key, old_key});
    const Keyring after = ring_of({new_key});
    EXPECT_EQ(during.size(), 2U);
    EXPECT_EQ(during.decrypt(*before.encrypt("x", noon_s)), "x");
    EXPECT_EQ(after.decrypt(*during.encrypt("y", noon_s)), "y");
    EXPECT_EQ(before.decrypt(*during.encrypt("y", noon_s)).error(), FernetError::wrong_key);
}

TEST(Fernet, does_nothing_without_a_key) {
    const Keyring none;
    const Keyring also_none = ring_of({});
    EXPECT_TRUE(none.empty());
    EXPECT_TRUE(also_none.empty());
    EXPECT_EQ(none.encrypt("x", noon_s).error(), FernetError::wrong_key);
    EXPECT_EQ(also_none.decrypt(*fresh_ring().encrypt("x", noon_s)).error(),
              FernetError::wrong_key);
}

TEST(Fernet, is_shared_by_threads) {
    const Keyring ring = fresh_ring();
    std::atomic<int> opened = 0;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&ring, &opened, thread] {
            for (int round = 0; round < 500; ++round) {
                const std::string plaintext = std::to_string(thread) + '.' + std::to_string(round);
                const auto token = ring.encrypt(plaintext, noon_s);
                if (token && ring.decrypt(*token) == plaintext) {
                    ++opened;
                }
            }
        });
    }
    threads.clear();
    EXPECT_EQ(opened, 2000);
}

TEST(FernetKey, parses_with_and_without_padding) {
    const auto padded = FernetKey::parse(known_key);
    ASSERT_TRUE(padded);
    EXPECT_EQ(padded->text(), known_key);
    std::string bare{known_key};
    bare.pop_back();
    EXPECT_EQ(FernetKey::parse(bare)->text(), known_key);
}

TEST(FernetKey, says_what_is_wrong_and_never_shows_the_key) {
    const std::string known{known_key};
    struct Case {
        std::string text;
        const char* message;
    };
    for (const Case& each : {
             Case{"", "The Fernet key is empty"},
             Case{known + "A",
                  "A Fernet key has 44 characters (32 bytes as url-safe base64), and "
                  "this one has 45"},
             Case{known.substr(0, 40), "A Fernet key holds 32 bytes, and this one holds 30"},
             Case{known.substr(0, 41) + "A==",
                  "A Fernet key holds 32 bytes, and this one holds 31"},
             Case{
                 "cw+0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
                 "The Fernet key is not url-safe base64: a character is not of the base64 alphabet "
                 "(character 3)"},
             Case{known.substr(0, 42) + "5=",
                  "The Fernet key is not url-safe base64: the last character holds bits that are "
                  "left over (character 43)"},
         }) {
        const auto key = FernetKey::parse(each.text);
        ASSERT_FALSE(key) << each.text;
        EXPECT_EQ(key.error().code, Code::invalid_request);
        EXPECT_EQ(key.error().message, each.message);
        EXPECT_FALSE(key.error().message.contains("0x689RpI"));
    }
    const auto ring = Keyring::parse(std::vector<std::string>{known, "short"});
    ASSERT_FALSE(ring);
    EXPECT_TRUE(ring.error().message.starts_with("Key 2 of 2: ")) << ring.error().message;
}

TEST(FernetKey, is_fresh_each_time) {
    EXPECT_NE(FernetKey::generate()->text(), FernetKey::generate()->text());
    EXPECT_EQ(FernetKey::generate()->text().size(), 44U);
}

}  // namespace
}  // namespace warren::format
