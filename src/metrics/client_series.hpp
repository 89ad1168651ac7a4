#pragma once

#include "metrics/call_series.hpp"
#include "metrics/families.hpp"
#include "metrics/host_labels.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace warren::metrics {

/// What a client has done and has now; nullopt for what its transport does not have.
struct ClientFigures {
    std::uint64_t in_flight = 0;
    std::uint64_t dropped_responses = 0;
    std::optional<std::uint64_t> connections{};
    std::optional<std::uint64_t> reconnects{};
    std::optional<std::uint64_t> retries{};
    std::optional<std::uint64_t> bytes_received{};
    std::optional<std::uint64_t> bytes_sent{};
};

/// The series of one client's calls, made as it calls methods.
class ClientSeries {
public:
    /// Methods past this many are counted together, so that invented names do not take memory
    /// without bound.
    static constexpr std::size_t methods_max = 256;
    static constexpr std::string_view other_methods = "(other)";

    explicit ClientSeries(Route route) : route_{std::move(route)} {}

    /// cost O(log methods); a lock for a method that is new         thread the client's I/O thread
    CallSeries& of(std::string_view method);

    /// Add all metrics of the client to others.                                       thread any
    /// in  more: further labels of each
    void add_to(Families& families, const ClientFigures& figures, const Labels& more = {}) const;
    /// All metrics of the client, as text for Prometheus.                             thread any
    /// in  arrpc: add the names and labels of arrpc's own clients
    std::string text(const ClientFigures& figures,
                     const std::optional<HostLabels>& arrpc = {}) const;

private:
    const Route route_;
    std::map<std::string, CallSeries*, std::less<>> by_method_;  // of the I/O thread
    mutable std::mutex mutex_;                                   // of what follows
    CallSeriesTable table_;
};

}  // namespace warren::metrics
