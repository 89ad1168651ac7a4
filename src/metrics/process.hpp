#pragma once

#include <cstdint>
#include <string>

namespace warren::metrics {

class Families;

/// What the operating system says of this process, under the names that Prometheus's own clients
/// give it; and what was built.
struct ProcessFigures {
    double cpu_seconds = 0;
    double start_time_seconds = 0;  // since 1970
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t threads = 0;
    std::uint64_t open_descriptors = 0;
    std::uint64_t descriptors_max = 0;
};

/// As it is now; what cannot be read is 0.                            [proc(5), getrlimit(2)]
ProcessFigures process_figures();

void add_process(Families& families, const ProcessFigures& figures);

}  // namespace warren::metrics
