#include "metrics/process.hpp"

#include <warren/module.hpp>
#include <warren/version.hpp>

#include "metrics/families.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace warren::metrics {
namespace {

// Of /proc/self/stat, from the one behind the program's name on.
constexpr std::size_t user_ticks = 11;
constexpr std::size_t system_ticks = 12;
constexpr std::size_t thread_count = 17;
constexpr std::size_t start_ticks = 19;
constexpr std::size_t virtual_bytes = 20;
constexpr std::size_t resident_pages = 21;

std::vector<double> stat_fields() {
    std::ifstream file{"/proc/self/stat"};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    // The name may have spaces and parentheses of its own.
    std::istringstream rest{text.substr(std::min(text.rfind(')') + 1, text.size()))};
    std::string state;
    rest >> state;
    std::vector<double> fields{0};
    for (double field = 0; rest >> field;) {
        fields.push_back(field);
    }
    fields.resize(std::max(fields.size(), resident_pages + 1));
    return fields;
}

double boot_time_seconds() {
    std::ifstream file{"/proc/stat"};
    for (std::string line; std::getline(file, line);) {
        constexpr std::string_view key = "btime ";
        if (line.starts_with(key)) {
            return std::stod(line.substr(key.size()));
        }
    }
    return 0;
}

std::uint64_t open_descriptors() {
    std::error_code error;
    const std::filesystem::directory_iterator all{"/proc/self/fd", error};
    // One of them is that of the directory itself.
    return error ? 0 : static_cast<std::uint64_t>(std::distance(begin(all), end(all))) - 1;
}

std::uint64_t descriptors_max() {
    rlimit limit{};
    const bool is_limited =
        getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_limited ? limit.rlim_cur : 0;
}

}  // namespace

ProcessFigures process_figures() {
    const std::vector<double> fields = stat_fields();
    const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
    return {.cpu_seconds = (fields[user_ticks] + fields[system_ticks]) / per_second,
            .start_time_seconds = boot_time_seconds() + fields[start_ticks] / per_second,
            .resident_bytes = static_cast<std::uint64_t>(fields[resident_pages] * page_bytes),
            .virtual_bytes = static_cast<std::uint64_t>(fields[virtual_bytes]),
            .threads = static_cast<std::uint64_t>(fields[thread_count]),
            .open_descriptors = open_descriptors(),
            .descriptors_max = descriptors_max()};
}

void add_process(Families& families, const ProcessFigures& figures) {
    families.gauge("warren_build_info", "1, by what was built.",
                   {{"version", WARREN_VERSION}, {"module_abi", std::to_string(abi::version)}}, 1);
    families.counter("process_cpu_seconds_total", "Processor time, of user and system.", {},
                     figures.cpu_seconds);
    const auto gauge = [&families](std::string_view name, std::string_view help, double value) {
        families.gauge(name, help, {}, value);
    };
    gauge("process_start_time_seconds", "When it was started, since 1970.",
          figures.start_time_seconds);
    gauge("process_resident_memory_bytes", "Memory that it has.",
          static_cast<double>(figures.resident_bytes));
    gauge("process_virtual_memory_bytes", "Memory that it asked for.",
          static_cast<double>(figures.virtual_bytes));
    gauge("process_threads", "Its threads.", static_cast<double>(figures.threads));
    gauge("process_open_fds", "Files, sockets and pipes that are open.",
          static_cast<double>(figures.open_descriptors));
    gauge("process_max_fds", "How many may be; 0: any number.",
          static_cast<double>(figures.descriptors_max));
}

}  // namespace warren::metrics
