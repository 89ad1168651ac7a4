#include "app/config/config.hpp"
#include "unit/app/config_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::app {
namespace {

const std::string one_listener = "listeners: [{tcp: '127.0.0.1:81'}]\n";

TEST_F(ConfigFile, SaysWhereItsDocumentationIs) {
    EXPECT_FALSE(load(one_listener).docs);
    const Config usual = load(one_listener + "docs: {}");
    ASSERT_TRUE(usual.docs);
    EXPECT_EQ(usual.docs->host, "127.0.0.1");
    EXPECT_EQ(usual.docs->port, 9012);
    EXPECT_EQ(usual.docs->title, "");
    const Config said = load(one_listener + "docs: {host: '::', port: 0, title: Tea}");
    ASSERT_TRUE(said.docs);
    EXPECT_EQ(said.docs->host, "*");
    EXPECT_EQ(said.docs->port, 0);
    EXPECT_EQ(said.docs->title, "Tea");
    EXPECT_EQ(load(one_listener + "docs: {host: '::1'}").docs->host, "::1");
    EXPECT_EQ(load(one_listener + "docs: {host: localhost}").docs->host, "localhost");
}

TEST_F(ConfigFile, WhatIsWrongWithTheDocumentationsAddressIsSaid) {
    EXPECT_EQ(problems(one_listener + "docs: {host: 'here:80', port: 65536, titel: Tea}"),
              (std::vector<std::string>{
                  "warren.yml:2: docs.host: expected a host's name or address, such as 127.0.0.1 "
                  "or '*', and no port",
                  "warren.yml:2: docs.port: must be a whole number from 0 to 65535, but is 65536",
                  "warren.yml:2: docs.titel: unknown key (known: 'host', 'port', 'title', "
                  "'try', 'public_hosts')"}));
    for (const char* const host : {"a,b", "a/b", "a?verify=none", "user@a", "[::1]", "a b"}) {
        const auto found = problems(one_listener + "docs: {host: '" + host + "'}");
        ASSERT_EQ(found.size(), 1U) << host;
        EXPECT_TRUE(found[0].starts_with("warren.yml:2: docs.host: expected")) << found[0];
    }
    for (const char* const value : {"true", "[]", "9012"}) {
        EXPECT_EQ(problems(one_listener + "docs: " + value).size(), 1U) << value;
    }
}

TEST_F(ConfigFile, SaysWhetherMethodsAreTriedFromItsDocumentation) {
    const Config tried = load(one_listener + "docs: {try: mock, public_hosts: [docs.example.org]}");
    ASSERT_TRUE(tried.docs);
    EXPECT_EQ(tried.docs->try_it, TryWay::mock);
    EXPECT_EQ(tried.docs->public_hosts, std::vector<std::string>{"docs.example.org"});
    EXPECT_TRUE(tried.notes.empty());
    EXPECT_EQ(load(one_listener + "docs: {try: call}").docs->try_it, TryWay::call);
    const auto notes = load(one_listener + "docs: {host: '*', try: call}").notes;
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_TRUE(notes[0].ends_with(
        "warren.yml:2: docs.host: with 'try' whoever reaches this machine may call"));
    EXPECT_EQ(problems(one_listener + "docs: {try: 'yes'}").size(), 1U);
    EXPECT_EQ(problems(one_listener + "docs: {public_hosts: [a]}"),
              std::vector<std::string>{"warren.yml:2: docs.public_hosts: is of pages that calls "
                                       "are made from: 'try' is missing"});
}

TEST_F(ConfigFile, ThePublicHostsOfItsDocumentationAreNames) {
    EXPECT_EQ(
        load(one_listener + "docs: {try: mock, public_hosts: ['::1', '[::1]', a_b.c, 192.0.2.1]}")
            .docs->public_hosts.size(),
        4U);
    for (const char* const host :
         {"http://x.org/", "x.org:80", "x.org/", "'a b'", "'*'", "u@x.org", "'[x.org]'"}) {
        EXPECT_EQ(problems(one_listener + "docs: {try: mock, public_hosts: [x.org, " + host + "]}"),
                  std::vector<std::string>{
                      "warren.yml:2: docs.public_hosts[1]: expected a host's name or address, such "
                      "as docs.example.org, without scheme, port and path"})
            << host;
    }
}

TEST_F(ConfigFile, ThePortOfTheDocumentationIsNobodyElses) {
    EXPECT_EQ(
        problems("admin: {address: '127.0.0.1:82'}\ndocs: {host: '::', port: 82}\n" + one_listener),
        (std::vector<std::string>{"warren.yml:2: docs.port: this port is taken by 'admin'"}));
    EXPECT_EQ(
        problems("docs: {port: 81}\n" + one_listener),
        (std::vector<std::string>{"warren.yml:2: listeners[0].tcp: this port is taken by 'docs'"}));
    EXPECT_TRUE(load("docs: {host: 127.0.0.2, port: 81}\n" + one_listener).docs);
}

}  // namespace
}  // namespace warren::app
