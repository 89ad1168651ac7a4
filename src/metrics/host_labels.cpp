#include "metrics/host_labels.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>

namespace warren::metrics {
namespace {

constexpr std::size_t label_bytes_max = 253;  // a host's name [RFC 1123]

/// Its first line.
std::string line_of(const std::filesystem::path& file) {
    std::ifstream input{file};
    std::string line;
    std::getline(input, line);
    line.resize(std::min(line.size(), label_bytes_max));
    return line;
}

}  // namespace

HostLabels host_labels(const std::filesystem::path& root) {
    return {
        .hostname = line_of(root / "etc/hostname"),
        .k8s_namespace = line_of(root / "var/run/secrets/kubernetes.io/serviceaccount/namespace")};
}

}  // namespace warren::metrics
