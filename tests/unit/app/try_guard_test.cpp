#include "app/try_guard.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace warren::app {
namespace {

using namespace std::chrono_literals;

constexpr TryGuard::Clock::time_point guard_start{};

/// What a page of this server sends, and what a test makes of that.
struct Sent {
    std::map<std::string, std::string, std::less<>> headers{{"Host", "localhost:9012"},
                                                            {"Origin", "http://localhost:9012"},
                                                            {"Sec-Fetch-Site", "same-origin"},
                                                            {"Content-Type", "application/json"},
                                                            {"X-Warren-Try", "token"}};

    Sent& with(const std::string& name, const std::string& value) {
        headers[name] = value;
        return *this;
    }
    TryGuard::Headers get() const {
        return [all = headers](std::string_view name) {
            const auto found = all.find(name);
            return found == all.end() ? std::string{} : found->second;
        };
    }
};

/// The status and the reason of a refusal; of none "0".
template <typename T>
std::string refusal_of(const TryGuard::Guarded<T>& guarded) {
    return guarded ? "0" : std::to_string(guarded.error().status) + " " + guarded.error().reason;
}

std::string token_of(TryGuard& guard, const Sent& sent = {}) {
    return guard.give_token(sent.get(), guard_start).value_or("refused");
}

TEST(TryGuard, admits_a_page_of_its_own_once_for_each_token) {
    TryGuard guard{{}};
    const std::string first = token_of(guard);
    const std::string second = token_of(guard);
    EXPECT_NE(first, second);
    EXPECT_GE(first.size(), 43U);
    for (const std::string& token : {second, first}) {
        const auto headers = Sent{}.with("X-Warren-Try", token).get();
        EXPECT_EQ(refusal_of(guard.admit(headers, guard_start)), "0");
        EXPECT_EQ(refusal_of(guard.admit(headers, guard_start)),
                  "403 The token is not known here, or was used: get one for each call");
    }
}

TEST(TryGuard, knows_the_hosts_that_it_is_told_and_those_of_loopback) {
    TryGuard guard{{.hosts = {"Docs.Example.org", "192.0.2.1", "fe80::1", "http://x.org/"}}};
    for (const std::string host :
         {"localhost", "LOCALHOST:1", "127.0.0.1:9012", "[::1]:9012", "[::1]", "docs.example.org",
          "192.0.2.1:80", "[FE80::1]:1", "localhost:80"}) {
        const Sent sent = Sent{}.with("Host", host).with("Origin", "https://" + host);
        EXPECT_NE(token_of(guard, sent), "refused") << host;
    }
    for (const std::string host : {"",
                                   "example.org",
                                   "evil.org:9012",
                                   "localhost.evil.org",
                                   "127.0.0.1.evil.org",
                                   "[::]",
                                   "0.0.0.0",
                                   "localhost, localhost",
                                   "localhost@evil.org",
                                   "localhost:80@evil.org",
                                   "localhost:80:80",
                                   "localhost:",
                                   "localhost:65536",
                                   "localhost:+1",
                                   "[::1]evil.org",
                                   "[::1]:x",
                                   "[localhost]",
                                   "::1",
                                   "[::1",
                                   "local host",
                                   "localhost/",
                                   "evil\x1b[2J"}) {
        const Sent sent = Sent{}.with("Host", host).with("Origin", "");
        const std::string refused = refusal_of(guard.give_token(sent.get(), guard_start));
        EXPECT_TRUE(refused.starts_with("403 This server is not known as '")) << refused;
        EXPECT_TRUE(refused.contains("--public-host")) << refused;
        EXPECT_FALSE(refused.contains('\x1b'));
    }
}

TEST(TryGuard, refuses_pages_from_elsewhere) {
    TryGuard guard{{}};
    for (const std::string origin :
         {"http://evil.org", "null", "http://localhost", "http://localhost:1",
          "file://localhost:9012", "localhost:9012", "http://localhost:9012, http://evil.org"}) {
        EXPECT_TRUE(refusal_of(guard.give_token(Sent{}.with("Origin", origin).get(), guard_start))
                        .starts_with("403 A page of '"))
            << origin;
    }
    for (const std::string site : {"cross-site", "same-site", "none"}) {
        EXPECT_TRUE(
            refusal_of(guard.give_token(Sent{}.with("Sec-Fetch-Site", site).get(), guard_start))
                .contains("Sec-Fetch-Site"))
            << site;
    }
    // As browsers write it, without the usual port.
    EXPECT_NE(
        token_of(guard, Sent{}.with("Host", "localhost:80").with("Origin", "http://localhost")),
        "refused");
    EXPECT_NE(token_of(guard, Sent{}.with("Host", "[::1]:443").with("Origin", "https://[::1]")),
              "refused");
    EXPECT_NE(token_of(guard, Sent{}.with("Host", "localhost").with("Origin", "https://LOCALHOST")),
              "refused");
    EXPECT_EQ(
        token_of(guard, Sent{}.with("Host", "localhost:80").with("Origin", "https://localhost")),
        "refused");
    EXPECT_EQ(
        token_of(guard, Sent{}.with("Host", "localhost:443").with("Origin", "http://localhost")),
        "refused");
    // Of what is no browser, or an old one.
    EXPECT_NE(token_of(guard, Sent{}.with("Origin", "").with("Sec-Fetch-Site", "")), "refused");
}

TEST(TryGuard, demands_its_header_and_the_type_of_the_content) {
    TryGuard guard{{}};
    EXPECT_TRUE(refusal_of(guard.give_token(Sent{}.with("X-Warren-Try", "").get(), guard_start))
                    .starts_with("403 The header X-Warren-Try is missing"));
    const std::string token = token_of(guard);
    for (const std::string type :
         {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
          "application/json; charset=latin1", "application/json; charset=utf-8; a=b",
          "application/json; a=b", "application/json;", "application/jsonp", "application/ json",
          "text/plain; charset=utf-8", "text/plain; application/json",
          "application/json, text/plain"}) {
        const Sent sent = Sent{}.with("X-Warren-Try", token).with("Content-Type", type);
        EXPECT_TRUE(refusal_of(guard.admit(sent.get(), guard_start))
                        .starts_with("415 A call is application"))
            << type;
    }
    EXPECT_EQ(refusal_of(guard.admit(Sent{}.with("X-Warren-Try", token).get(), guard_start)), "0");
    for (const std::string type :
         {"application/json; charset=utf-8", "Application/JSON;CHARSET=\"UTF-8\"",
          "application/json ;\tcharset=utf-8 "}) {
        const Sent sent = Sent{}.with("X-Warren-Try", token_of(guard)).with("Content-Type", type);
        EXPECT_EQ(refusal_of(guard.admit(sent.get(), guard_start)), "0") << type;
    }
}

TEST(TryGuard, holds_a_token_to_its_host_and_age) {
    TryGuard guard{{.token_age_max = 10s}};
    const Sent elsewhere = Sent{}.with("Host", "127.0.0.1:9012").with("Origin", "");
    Sent sent = Sent{}.with("X-Warren-Try", token_of(guard, elsewhere));
    EXPECT_TRUE(
        refusal_of(guard.admit(sent.get(), guard_start)).starts_with("403 The token is of '127"));
    sent.with("X-Warren-Try", token_of(guard));
    EXPECT_TRUE(refusal_of(guard.admit(sent.get(), guard_start + 10s)).contains("too old"));
    sent.with("X-Warren-Try", token_of(guard));
    EXPECT_EQ(refusal_of(guard.admit(sent.get(), guard_start + 10s - 1ms)), "0");
}

TEST(TryGuard, forgets_its_oldest_tokens_over_the_limit) {
    TryGuard guard{{.tokens_max = 2}};
    const std::string oldest = token_of(guard);
    const std::string old = token_of(guard);
    const std::string fresh = token_of(guard);
    const auto admitted = [&guard](const std::string& token) {
        return guard.admit(Sent{}.with("X-Warren-Try", token).get(), guard_start).has_value();
    };
    EXPECT_FALSE(admitted(oldest));
    EXPECT_TRUE(admitted(old));
    EXPECT_TRUE(admitted(fresh));
}

}  // namespace
}  // namespace warren::app
