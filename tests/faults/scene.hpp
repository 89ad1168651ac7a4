#pragma once

#include "faults/callers.hpp"
#include "faults/free_port.hpp"
#include "faults/load.hpp"
#include "faults/relay.hpp"
#include "faults/service.hpp"
#include "support/postgresql.hpp"
#include "support/rabbitmq.hpp"
#include "support/temporary_directory.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace warren::faults {

/// What is run once.
struct Scene {
    std::string way;    // tcp, zmq, classic or quorum
    std::string store;  // sqlite or postgresql
    std::string victim;
    Keys keys = Keys::one_each;

    bool is_brokerless() const { return way == "tcp" || way == "zmq"; }
    /// Whether there is such a victim.
    bool is_possible() const {
        const bool has_victim = (victim != "broker" || !is_brokerless()) &&
                                (victim != "postgresql" || store == "postgresql");
        // What happens without keys is shown once, to compare with.
        return has_victim && (keys == Keys::one_each || (way == "tcp" && victim == "server"));
    }
};

/// An order service, what it needs, and what stands between it and its callers.
/// thread one at a time
class Stage {
public:
    Stage(const Scene& scene, int number, std::uint64_t seed) : scene_{scene}, random_{seed} {
        if (scene.store == "postgresql") {
            postgresql_.emplace();
        }
        const std::string store =
            postgresql_ ? postgresql_->make_database() : directory_.file("orders.db");
        std::uint16_t port = scene.is_brokerless() ? free_port() : broker().port();
        const std::string queue = fmt::format("orders_{}", number);
        // The service's own way to a broker fails, too; where it listens itself it does not.
        if (scene.victim == "network") {
            relay_.emplace(port);
        }
        address_ = address(relay_ ? relay_->port() : port, queue);
        std::vector<std::string> arguments{WARREN_ORDER_SERVICE, store,
                                           scene.is_brokerless() ? address(port, queue) : address_};
        if (scene.way == "classic") {
            arguments.insert(arguments.begin() + 1, "--classic");
        }
        service_.emplace(arguments, directory_.file("log"));
        operator_.emplace(address(port, queue), ClientOptions{.timeout = std::chrono::seconds{30}});
        operator_->call("set_up", Dynamic::map({{"stock", 1'000'000}}));
        if (scene.victim == "proxy" || scene.victim == "buffer") {
            add_proxy();
        }
    }

    static test::RabbitMq& broker() {
        static test::RabbitMq broker;
        return broker;
    }

    /// Where orders are placed.
    const std::string& address() const { return address_; }
    std::string journal() const { return directory_.file("journal"); }

    /// Have the victim fail, and be there again.
    void fail() {
        const std::string& victim = scene_.victim;
        if (victim == "server") {
            service_->kill();
            service_->start();
        } else if (victim == "broker") {
            broker().kill();
            broker().start();
        } else if (victim == "postgresql") {
            postgresql_->kill();
            postgresql_->start();
        } else if (victim == "network") {
            relay_->fail(Relay::faults.at(random_() % Relay::faults.size()));
        } else {
            proxy_->kill();
            proxy_->start();
        }
    }

    struct Totals {
        std::uint64_t orders = 0;
        std::uint64_t doubled = 0;
        std::uint64_t sold = 0;
    };
    /// in   orders: so many are to be there, at once or, where a buffer sends them, in a minute
    Totals totals(std::uint64_t orders) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::minutes{1};
        Totals now;
        do {
            const Dynamic said = operator_->call("totals", {});
            const auto number = [&](const char* name) {
                return static_cast<std::uint64_t>(said[name].as_int64());
            };
            now = {number("orders"), number("doubled"), number("sold")};
        } while (scene_.victim == "buffer" && now.orders < orders &&
                 std::chrono::steady_clock::now() < until);
        return now;
    }
    /// err  throws std::runtime_error when a process does not end well
    void end() {
        for (std::optional<Service>* const each : {&proxy_, &service_}) {
            if (const int code = *each ? (*each)->terminate() : 0; code != 0) {
                throw std::runtime_error{fmt::format("a service ended with {}", code)};
            }
        }
    }

private:
    std::string address(std::uint16_t port, const std::string& queue) const {
        if (scene_.way == "tcp") {
            return fmt::format("tcp://127.0.0.1:{}", port);
        }
        if (scene_.way == "zmq") {
            return fmt::format("zmq+tcp://127.0.0.1:{}", port);
        }
        // What is silent is left soon, so that a frozen connection costs seconds.
        return fmt::format("amqp://guest:guest@127.0.0.1:{}/?heartbeat=1&queue={}", port, queue);
    }

    void add_proxy() {
        const std::string front = fmt::format("tcp://127.0.0.1:{}", free_port());
        std::vector<std::string> arguments{WARREN_PROGRAM, "proxy", "--from",
                                           front,          "--to",  std::exchange(address_, front)};
        if (scene_.victim == "buffer") {
            for (const std::string& more : {std::string{"--buffered"}, std::string{"--buffer-file"},
                                            directory_.file("buffer")}) {
                arguments.push_back(more);
            }
        }
        proxy_.emplace(arguments, directory_.file("proxy log"));
    }

    const Scene scene_;
    std::mt19937_64 random_;
    test::TemporaryDirectory directory_;
    std::optional<test::PostgreSql> postgresql_;
    std::optional<Relay> relay_;
    std::optional<Service> service_;
    std::optional<Service> proxy_;
    std::string address_;
    std::optional<Client> operator_;  // past what fails between
};

}  // namespace warren::faults
