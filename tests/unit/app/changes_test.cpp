#include "app/config/changes.hpp"

#include "unit/app/config_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::app {
namespace {

using Texts = std::vector<std::string>;

class Changes : public ConfigFile {
protected:
    ConfigChanges changes(const std::string& before, const std::string& after) {
        const Config running = load(before);
        return compare(running, load(after));
    }
    /// Of one listener.
    ConfigChanges of_listener(const std::string& before, const std::string& after) {
        return changes("listeners: [{" + before + "}]", "listeners: [{" + after + "}]");
    }
    static std::string tcp(const std::string& more) { return "tcp: '127.0.0.1:7001'" + more; }
};

const std::string older_key = std::string(43, 'A') + "=";
const std::string newer_key = std::string(42, 'B') + "A=";

TEST_F(Changes, AreNone) {
    const ConfigChanges same =
        of_listener(tcp(", fernet_key: " + older_key), tcp(", fernet_key: " + older_key));
    EXPECT_EQ(same.applied, Texts{});
    EXPECT_EQ(same.need_restart, Texts{});
    EXPECT_EQ(same.listeners, (std::vector<std::optional<std::size_t>>{0}));
}

TEST_F(Changes, OfAllListeners) {
    const std::string listeners = "listeners: [{tcp: '127.0.0.1:7001'}]\n";
    const ConfigChanges found =
        changes(listeners, listeners +
                               "log: {level: debug, format: json}\ndrain_timeout: 5s\nworkers: 3\n"
                               "allow: {methods: {'*': [shop, ~]}}\nlimits: {body_bytes_max: 5}\n"
                               "admin: {address: '127.0.0.1:0'}\n");
    EXPECT_EQ(found.applied, (Texts{"allow", "drain_timeout", "log.level"}));
    EXPECT_EQ(found.need_restart,
              (Texts{"admin.address", "limits.body_bytes_max", "log.format", "workers"}));
}

TEST_F(Changes, OfOneListener) {
    const ConfigChanges found =
        of_listener(tcp(", fernet_keys: [" + older_key + "], idle_timeout: 1m, connections_max: 5"),
                    tcp(", fernet_keys: [" + newer_key + ", " + older_key +
                        "], idle_timeout: 2m, methods: [add], "
                        "connections_max: 6"));
    EXPECT_EQ(found.applied, (Texts{"listeners[0].connections_max", "listeners[0].fernet_keys"}));
    EXPECT_EQ(found.need_restart, (Texts{"listeners[0].idle_timeout", "listeners[0].methods"}));
}

TEST_F(Changes, OfASecretsFile) {
    const std::string path = write("secret", "one of some length");
    const std::string text = "listeners: [{tcp: '127.0.0.1:7001', auth_secret: {file: secret}}]";
    const Config running = load(text);
    write("secret", "another of some length");
    EXPECT_EQ(compare(running, load(text)).applied, Texts{"listeners[0].auth_secret"});
    write("other", "another of some length");
    const Config moved = load("listeners: [{tcp: '127.0.0.1:7001', auth_secret: {file: other}}]");
    EXPECT_EQ(compare(load(text), moved).applied, Texts{}) << "it holds the same";
}

TEST_F(Changes, OfWhetherRequestsAreSignedNeedARestart) {
    const ConfigChanges found = of_listener(tcp(""), tcp(", auth_secret: a secret of some length"));
    EXPECT_EQ(found.applied, Texts{});
    EXPECT_EQ(found.need_restart, Texts{"listeners[0].auth_secret"});
}

TEST_F(Changes, OfABrokersAddress) {
    const auto at = [](const std::string& url) { return "amqp: '" + url + "', queue: test"; };
    const std::string before = at("amqp://user:one@broker/vhost?heartbeat=5");
    const Texts amqp{"listeners[0].amqp"};
    EXPECT_EQ(of_listener(before, at("amqp://user:two@broker/vhost?heartbeat=5")).applied, amqp);
    EXPECT_EQ(of_listener(before, at("amqp://else:one@broker/vhost?heartbeat=5")).applied, amqp);
    EXPECT_EQ(of_listener(before, at("amqp://user:one@broker/vhost?heartbeat=6")).need_restart,
              amqp);
    const ConfigChanges moved = of_listener(before, at("amqp://user:one@elsewhere/vhost"));
    EXPECT_EQ(moved.applied, Texts{});
    EXPECT_EQ(moved.need_restart, (Texts{"amqp://broker:5672/vhost queue=test", "listeners[0]"}));
    EXPECT_EQ(moved.listeners, (std::vector<std::optional<std::size_t>>{std::nullopt}));
}

TEST_F(Changes, FindListenersWhereverTheyStand) {
    const std::string one = "  - {tcp: '127.0.0.1:7001', auth_secret: a secret of some length}\n";
    const std::string two = "  - {tcp: '127.0.0.1:7002', auth_secret: one more of some length}\n";
    const std::string new_two =
        "  - {tcp: '127.0.0.1:7002', auth_secret: another of some length}\n";
    const std::string three = "  - {tcp: '127.0.0.1:7003'}\n";
    const ConfigChanges found =
        changes("listeners:\n" + one + two, "listeners:\n" + three + new_two + one);
    EXPECT_EQ(found.listeners, (std::vector<std::optional<std::size_t>>{2, 1}));
    EXPECT_EQ(found.applied, Texts{"listeners[1].auth_secret"});
    EXPECT_EQ(found.need_restart, Texts{"listeners[0]"});
    const ConfigChanges moved = changes("listeners:\n" + one + two, "listeners:\n" + new_two);
    EXPECT_EQ(moved.listeners, (std::vector<std::optional<std::size_t>>{std::nullopt, 0}));
    EXPECT_EQ(moved.applied, Texts{"listeners[0].auth_secret"});
    EXPECT_EQ(moved.need_restart, Texts{"tcp://127.0.0.1:7001"}) << "which goes on";
    EXPECT_TRUE(moved.values.at("listeners[1].auth_secret").starts_with("another"))
        << "under the path that it runs by";
}

TEST_F(Changes, OfProxies) {
    const auto proxy = [](const std::string& to, const std::string& more = "") {
        return "proxies: [{from: {tcp: '127.0.0.1:7001'}, to: " + to + more + "}]";
    };
    const std::string before = proxy("{tcp: 'server:1', auth_secret: a secret of some length}");
    const ConfigChanges found = changes(
        before, proxy("{tcp: 'server:1', auth_secret: another of some length}", ", timeout: 5s"));
    EXPECT_EQ(found.applied, Texts{"proxies[0].to.auth_secret"});
    EXPECT_EQ(found.need_restart, Texts{"proxies[0].timeout"});
    const std::string at_broker = "'amqp://user:one@broker/?queue=test";
    EXPECT_EQ(
        changes(proxy(at_broker + "'"), proxy("'amqp://user:two@broker/?queue=test'")).applied,
        Texts{"proxies[0].to"});
    EXPECT_EQ(changes(proxy(at_broker + "'"), proxy(at_broker + "&reply=direct'")).need_restart,
              Texts{"proxies[0].to"});
    EXPECT_EQ(changes(before, proxy("{tcp: 'server:2'}")).need_restart,
              (Texts{"tcp://127.0.0.1:7001 to tcp://server:1", "proxies[0]"}));
}

TEST_F(Changes, OfVirtualHosts) {
    const auto hosts = [](const std::string& password, const std::string& fernet) {
        return "server: {host: broker, username: user, password: " + password +
               "}\nvirtual_hosts: {one: {queue: test, fernet_key: " + fernet +
               ", exchanges: {add: {type: direct}}}}\n";
    };
    const ConfigChanges found = changes(hosts("one", older_key), hosts("two", newer_key));
    EXPECT_EQ(found.applied, (Texts{"server.password", "virtual_hosts.one.fernet_key"}));
    EXPECT_EQ(found.need_restart, Texts{});
}

}  // namespace
}  // namespace warren::app
