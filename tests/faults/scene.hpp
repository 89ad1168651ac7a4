#pragma once

#include "faults/callers.hpp"
#include "faults/disk.hpp"
#include "faults/free_port.hpp"
#include "faults/load.hpp"
#include "faults/relay.hpp"
#include "faults/service.hpp"
#include "support/postgresql.hpp"
#include "support/rabbitmq.hpp"
#include "support/temporary_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <semaphore>
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
    bool has_disk() const { return victim == "disk" || victim == "buffer-disk"; }
    bool has_proxy() const { return victim == "proxy" || is_buffered(); }
    bool is_buffered() const { return victim == "buffer" || victim == "buffer-disk"; }
    /// Whether there is such a victim.
    bool is_possible() const {
        const bool has_victim = (victim != "broker" || !is_brokerless()) &&
                                (victim != "postgresql" || store == "postgresql") &&
                                (victim != "store" || store == "postgresql") &&
                                (!has_disk() || store == "sqlite");
        // What happens without keys is shown once, to compare with.
        return has_victim && (keys == Keys::one_each || (way == "tcp" && victim == "server"));
    }
};

/// An order service, what it needs, and what stands between it and its callers.
/// thread one at a time
class Stage {
public:
    Stage(const Scene& scene, int number, std::uint64_t seed) : scene_{scene}, random_{seed} {
        const std::string store = add_store();
        std::uint16_t port = scene.is_brokerless() ? free_port() : broker().port();
        const std::string queue = fmt::format("orders_{}", number);
        // The service's own way to a broker fails, too; where it listens itself it does not.
        if (scene.victim == "network") {
            relay_.emplace(port);
        }
        const bool is_between = scene.victim == "network";
        address_ = address(is_between ? relay_->port() : port, queue);
        std::vector<std::string> arguments{WARREN_ORDER_SERVICE, store,
                                           scene.is_brokerless() ? address(port, queue) : address_};
        if (scene.way == "classic") {
            arguments.insert(arguments.begin() + 1, "--classic");
        }
        service_.emplace(scene.victim == "disk" ? disk_->inside(arguments) : arguments,
                         directory_.file("log"));
        operator_.emplace(address(port, queue), ClientOptions{.timeout = std::chrono::seconds{30}});
        set_up(*operator_);
        if (scene.has_proxy()) {
            add_proxy();
        }
        if (scene.has_disk()) {
            caller_.emplace(address_, ClientOptions{.timeout = std::chrono::seconds{5}});
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
        } else if (victim == "disk" || victim == "buffer-disk") {
            fail_disk();
        } else if (relay_) {
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
    /// in   orders: so many are to be there, at once or, where a buffer sends them, until none
    ///      came for a minute
    Totals totals(std::uint64_t orders) {
        auto until = std::chrono::steady_clock::now() + std::chrono::minutes{1};
        Totals now;
        std::uint64_t before = 0;
        std::binary_semaphore never{0};
        Clock::time_point asked{};
        do {
            asked = Clock::now();
            try {
                const Dynamic said = operator_->call("totals", {});
                const auto number = [&](const char* name) {
                    return static_cast<std::uint64_t>(said[name].as_int64());
                };
                now = {number("orders"), number("doubled"), number("sold")};
            } catch (const Error&) {
                now = {};  // the last fault is not over
            }
            if (now.orders > before) {
                before = now.orders;
                until = std::chrono::steady_clock::now() + std::chrono::minutes{1};
            }
            // Counting keeps the orders that it waits for: it is to take a tenth of the time.
        } while (!never.try_acquire_for(9 * (Clock::now() - asked)) &&
                 (now.orders == 0 || (scene_.is_buffered() && now.orders < orders)) &&
                 std::chrono::steady_clock::now() < until);
        return now;
    }
    /// The longest time from when a disk could be written again until a call was answered.
    std::chrono::milliseconds healing() const { return healing_; }
    /// err  throws std::runtime_error when a process does not end well
    void end() {
        for (std::optional<Service>* const each : {&proxy_, &service_}) {
            if (const int code = *each ? (*each)->terminate() : 0; code != 0) {
                throw std::runtime_error{fmt::format("a service ended with {}", code)};
            }
        }
    }

private:
    using Clock = std::chrono::steady_clock;

    static void set_up(Client& client) {
        client.call("set_up", Dynamic::map({{"stock", 1'000'000}}));
    }

    /// out  where orders are kept
    std::string add_store() {
        if (scene_.has_disk()) {
            disk_.emplace(directory_.path());
        }
        if (scene_.store == "sqlite") {
            return scene_.victim == "disk" ? disk_->file("orders.db")
                                           : directory_.file("orders.db");
        }
        postgresql_.emplace();
        if (scene_.victim != "store") {
            return postgresql_->make_database();
        }
        relay_.emplace(postgresql_->socket());
        return postgresql_->make_database(
            fmt::format("host=127.0.0.1&port={}&sslmode=disable", relay_->port()));
    }

    /// In each of the ways in which a disk fails, one after the other.
    void fail_disk() {
        Service& victim = scene_.victim == "disk" ? *service_ : *proxy_;
        const std::size_t way = random_() % 3;
        if (way == 0) {
            victim.kill();
            disk_->make_read_only();
            victim.start_in_vain("on a file system that may be written");
            disk_->make_writable();
            victim.start();
        } else if (way == 1 && scene_.victim == "disk") {
            // It lets go of the files, so that it finds itself without the right to open them.
            disk_->take_away();
            await_refusal();
            disk_->bring_back_read_only();
            await_refusal();
            disk_->make_place_writable();
        } else {
            disk_->fill();
            await_refusal();
            disk_->make_room();
        }
        await_healing();
    }

    /// Some have room although the disk is full: what has gone made it.
    void await_refusal() {
        constexpr int calls_max = 2'000;
        try {
            for (int calls = 0; calls < calls_max; ++calls) {
                set_up(*caller_);
            }
        } catch (const Error& error) {
            if (error.code() != Code::overloaded) {
                throw;
            }
        }
    }

    void await_healing() {
        constexpr std::chrono::seconds healing_max{30};
        const Clock::time_point begin = Clock::now();
        for (bool is_healed = false; !is_healed;) {
            try {
                set_up(*caller_);
                is_healed = true;
            } catch (const Error&) {
                if (Clock::now() - begin > healing_max) {
                    throw;
                }
            }
        }
        healing_ = std::max(
            healing_, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin));
    }

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
        if (scene_.is_buffered()) {
            for (const std::string& more :
                 {std::string{"--buffered"}, std::string{"--buffer-file"},
                  disk_ ? disk_->file("buffer") : directory_.file("buffer")}) {
                arguments.push_back(more);
            }
        }
        proxy_.emplace(disk_ ? disk_->inside(arguments) : arguments, directory_.file("proxy log"));
    }

    const Scene scene_;
    std::mt19937_64 random_;
    test::TemporaryDirectory directory_;
    std::optional<Disk> disk_;
    std::optional<test::PostgreSql> postgresql_;
    std::optional<Relay> relay_;
    std::optional<Service> service_;
    std::optional<Service> proxy_;
    std::string address_;
    std::optional<Client> operator_;  // past what fails between
    std::optional<Client> caller_;    // as those who place orders
    std::chrono::milliseconds healing_{0};
};

}  // namespace warren::faults
