#pragma once

#include "app/config/config.hpp"
#include "endpoint/address/address.hpp"
#include "transport/amqp/endpoint.hpp"
#include "transport/net/dial_target.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {

enum class Verdict : std::uint8_t { ok, warning, failed };

/// One thing that was looked at.
struct Finding {
    Verdict verdict = Verdict::ok;
    std::string at{};       // an address or a file; empty: this machine
    std::string check{};    // what was looked at
    std::string seen{};     // what was there
    std::string remedy{};   // what to do; empty: nothing
    std::size_t order = 0;  // among all; given by Findings
};

/// All of them, in the order in which they came.
/// thread any
class Findings {
public:
    void add(Finding finding) {
        const std::scoped_lock lock{mutex_};
        finding.order = all_.size();
        all_.push_back(std::move(finding));
    }
    /// Once nobody adds any more.
    std::vector<Finding>& all() noexcept { return all_; }

private:
    std::mutex mutex_;
    std::vector<Finding> all_;
};

/// What a place that is connected to gives of itself.
struct ProbePlace {
    std::string display{};
    std::string host{};
    std::uint16_t port = 0;
    std::optional<transport::TlsOptions> tls{};
    bool is_broker = false;
};
/// Name, port, TLS, and whether a broker is one: each ends within the time.
/// out  false: nobody is there to be asked further
bool probe(const ProbePlace& place, std::chrono::milliseconds timeout, Findings& findings);

/// Login, virtual host and permissions, tried with a queue that is gone afterwards.
void examine_broker(const std::string& display, const transport::AmqpEndpoint& broker,
                    std::chrono::milliseconds timeout, Findings& findings);

/// What this machine has: descriptors, clock, libraries.
void examine_machine(Findings& findings);
/// The files of stores and buffers, and the places to listen at.
void examine_files(const Config& config, Findings& findings);

}  // namespace warren::app
