#include "core/uri.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::core {
namespace {

using Segments = std::vector<std::string>;

Uri parsed(std::string_view text) {
    auto uri = parse_uri(text);
    EXPECT_TRUE(uri) << text << ": " << uri.error().message;
    return uri.value_or(Uri{});
}

TEST(Uri, reads_every_part) {
    const Uri uri =
        parsed("AMQPS://us%40er:p%3Aw:d@broker.example:5671/my%2Fhost?queue=t%20t&b=a+b");
    EXPECT_EQ(uri.scheme, "amqps");
    EXPECT_EQ(uri.user, "us@er");
    EXPECT_EQ(uri.password, "p:w:d");
    EXPECT_EQ(uri.host, "broker.example");
    EXPECT_EQ(uri.port, 5671);
    EXPECT_EQ(uri.path, "/my%2Fhost");
    EXPECT_EQ(uri.path_segments(), Segments{"my/host"});
    ASSERT_EQ(uri.query.size(), 2U);
    EXPECT_EQ(uri.option("queue"), "t t");
    EXPECT_EQ(uri.option("b"), "a+b");
    EXPECT_EQ(uri.option("none"), std::nullopt);
}

TEST(Uri, leaves_out_what_is_not_there) {
    EXPECT_EQ(parsed("amqp://"), (Uri{.scheme = "amqp", .user = ""}));
    EXPECT_EQ(parsed("tcp://host:0").port, 0);
    EXPECT_EQ(parsed("amqp://user@host").password, std::nullopt);
    EXPECT_EQ(parsed("amqp://user:@host").password, "");
    EXPECT_EQ(parsed("amqp://:@host").user, "");
    EXPECT_TRUE(parsed("amqp://host?").query.empty());
    EXPECT_EQ(parsed("tcp://*:5555").host, "*");
    EXPECT_EQ(parsed("ipc:///run/socket").path_segments(), (Segments{"run", "socket"}));
    EXPECT_EQ(parsed("amqp://h?a=").option("a"), "");
    EXPECT_EQ(parsed("amqp://h/v%40x").path_segments(), Segments{"v@x"});
}

TEST(Uri, takes_ipv6_in_brackets) {
    EXPECT_EQ(parsed("amqp://[::1]:5672/v").host, "::1");
    EXPECT_EQ(parsed("amqp://[::1]:5672/v").port, 5672);
    EXPECT_EQ(parsed("amqp://u:p@[fe80::1]").host, "fe80::1");
    EXPECT_EQ(to_string(parsed("amqp://[::1]:5672/v")), "amqp://[::1]:5672/v");
}

TEST(Uri, names_the_virtual_host) {
    struct Case {
        const char* text;
        const char* virtual_host;
    };
    for (const Case& each : {
             Case{"amqp://host", "/"},
             Case{"amqp://host/", "/"},
             Case{"amqp://guest:guest@localhost/?queue=test", "/"},
             Case{"amqp://host/%2F", "/"},
             Case{"amqp://host/%2f", "/"},
             Case{"amqp://host/vhost", "vhost"},
             Case{"amqp://host/v%2Fhost", "v/host"},
             Case{"amqp://host/v%C3%A9", "v\u00e9"},
         }) {
        EXPECT_EQ(virtual_host_of(parsed(each.text)), each.virtual_host) << each.text;
    }
    EXPECT_FALSE(virtual_host_of(parsed("amqp://host/a/b")));
    EXPECT_FALSE(virtual_host_of(parsed("amqp://host/a/")));
    EXPECT_FALSE(virtual_host_of(parsed("amqp://host//")));
}

TEST(Uri, refuses_what_is_wrong_and_says_where) {
    struct Case {
        const char* text;
        const char* message;
    };
    for (const Case& each : {
             Case{"", "scheme"},
             Case{"localhost", "scheme"},
             Case{"://host", "scheme"},
             Case{"1x://host", "(at character 1)"},
             Case{"am qp://host", "(at character 3)"},
             Case{"amqp://host:", "port from 0 to 65535"},
             Case{"amqp://host:65536", "(at character 13)"},
             Case{"amqp://host:-1", "port"},
             Case{"amqp://host:5a", "port"},
             Case{"amqp://host:+5", "port"},
             Case{"amqp://::1:5672", "brackets"},
             Case{"amqp://[::1", "without its ']'"},
             Case{"amqp://[host]", "no IPv6 address"},
             Case{"amqp://[::1]x", "after the ']'"},
             Case{"amqp://[]", "no IPv6 address"},
             Case{"amqp://ho st", "host that must be percent-encoded (at character 10)"},
             Case{"amqp://h\xc3\xa9", "percent-encoded"},
             Case{"amqp://a@b@c", "percent-encoded"},
             Case{"amqp://us%40erCp%3Aw", "encoded ':' in its host"},
             Case{"amqp://us%40er", "encoded character in its host"},
             Case{"amqp://h/v@x", "'@' is %40, also elsewhere (at character 8)"},
             Case{"amqp://h?a=b@c", "percent-encoded"},
             Case{"amqp://u%4@h", "user name"},
             Case{"amqp://u:%zz@h", "password"},
             Case{"amqp://h/%", "path"},
             Case{"amqp://h/%00", "without NUL"},
             Case{"amqp://h/%ff", "valid UTF-8"},
             Case{"amqp://h/a b", "path"},
             Case{"amqp://h/#f", "fragment"},
             Case{"amqp://h?a=b#f", "query"},
             Case{"amqp://h?a", "key=value"},
             Case{"amqp://h?=b", "key=value"},
             Case{"amqp://h?a=b&", "key=value"},
             Case{"amqp://h?&a=b", "key=value"},
             Case{"amqp://h?a=1&b=2&a=3", "twice (at character 18)"},
             Case{"amqp://h?a=1&%61=3", "twice"},
             Case{"amqp://h?a=b=c", ""},
         }) {
        const auto uri = parse_uri(each.text);
        if (std::string_view{each.message}.empty()) {
            EXPECT_TRUE(uri) << each.text;
            continue;
        }
        ASSERT_FALSE(uri) << each.text;
        EXPECT_EQ(uri.error().code, Code::invalid_request);
        EXPECT_TRUE(uri.error().message.contains(each.message))
            << each.text << " -> " << uri.error().message;
    }
}

TEST(Uri, limits_its_length) {
    const std::string start = "amqp://host/";
    EXPECT_TRUE(parse_uri(start + std::string(8192 - start.size(), 'v')));
    EXPECT_FALSE(parse_uri(start + std::string(8193 - start.size(), 'v')));
}

TEST(Uri, never_shows_a_password) {
    const char* secret = "hunter2";
    for (const char* text : {"amqp://u:hunter2@h:x", "amqp://u:hunter2@h/%", "amqp://u:hunter2%@h",
                             "hunter2://u@h@", "u:hunter2@h", "amqp:u:hunter2@h"}) {
        const auto uri = parse_uri(text);
        ASSERT_FALSE(uri) << text;
        EXPECT_FALSE(uri.error().message.contains(secret)) << uri.error().message;
    }
    EXPECT_EQ(to_string(parsed("amqp://u:hunter2@h:1/v%2F?queue=q&fernet_key=hunter2")),
              "amqp://u:***@h:1/v%2F?queue=q&fernet_key=***");
    EXPECT_EQ(to_string(parsed("amqp://:hunter2@h")), "amqp://:***@h");
}

TEST(Uri, refuses_a_password_that_is_not_encoded_wherever_that_cuts_it) {
    // Each may end at what looks like a port, a virtual host, a parameter or another host.
    for (const char mark : {'/', '@', '?', '#'}) {
        for (const char* format :
             {"amqp://u:12{}hunter2@h", "amqp://u:hunter2{}34@h/v?queue=q", "amqp://hunter2{}@h",
              "amqp://hu{}nter2:x@h", "amqps://u:{}{}hunter2@h", "amqp://u:12{}hunter2=3@h?queue=q",
              "amqp://u:1?hunter2=2{}@h", "tcp://u:[{}hunter2@[::1]:3"}) {
            const std::string text = fmt::format(fmt::runtime(format), mark, mark);
            const auto uri = parse_uri(text);
            ASSERT_FALSE(uri) << text;
            EXPECT_TRUE(uri.error().message.contains("'/' is %2F, '?' is %3F")) << text;
            for (const char* part : {"hunter2", "nter2", "12"}) {
                EXPECT_FALSE(uri.error().message.contains(part)) << uri.error().message;
            }
        }
    }
    EXPECT_EQ(parsed("amqp://u:1%2F2%403%3F4%23@h/v?queue=a%40b").password, "1/2@3?4#");
}

TEST(Uri, prints_what_it_would_read_again) {
    for (const char* text : {"amqp://", "amqp://u@h", "amqps://u%40x@h%20x:1/a%2Fb/c?k%3D=v%26",
                             "tcp://[::1]:9", "ipc:///a/b"}) {
        const Uri uri = parsed(text);
        EXPECT_EQ(parsed(to_string(uri)), uri) << to_string(uri);
    }
}

TEST(Uri, LowersNothingButTheScheme) {
    EXPECT_EQ(with_lower_scheme("AMQPS://Me@HOST/V"), "amqps://Me@HOST/V");
    EXPECT_EQ(with_lower_scheme("Memory:Quick"), "memory:Quick");
    EXPECT_EQ(with_lower_scheme(""), "");
}

}  // namespace
}  // namespace warren::core

namespace warren::core {
namespace {

TEST(Uri, takes_the_interface_of_a_link_local_address) {
    for (const std::string_view text :
         {"tcp://[fe80::1%25eth0]:80", "tcp://[fe80::1%eth0]:80", "amqp://u@[fe80::1%25eth0]/v"}) {
        const auto uri = parse_uri(text);
        ASSERT_TRUE(uri) << text;
        EXPECT_EQ(uri->host, "fe80::1%eth0");
        EXPECT_NE(to_string(*uri).find("[fe80::1%25eth0]"), std::string::npos);
        EXPECT_EQ(parse_uri(to_string(*uri))->host, uri->host);
    }
    EXPECT_EQ(parse_uri("tcp://[fe80::1%25en%2E0]:80")->host, "fe80::1%en.0");
    for (const std::string_view text : {"tcp://[fe80::1%]:80", "tcp://[fe80::1%25a%00]:80",
                                        "tcp://[fe80::1%25a%20b]:80", "tcp://[%25eth0]:80"}) {
        EXPECT_FALSE(parse_uri(text)) << text;
    }
}

}  // namespace
}  // namespace warren::core
