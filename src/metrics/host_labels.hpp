#pragma once

#include <filesystem>
#include <string>

namespace warren::metrics {

/// What arrpc's own metrics say of the machine.
struct HostLabels {
    std::string hostname;
    std::string k8s_namespace;
};

/// Read them where arrpc does; what is not there is empty.
/// in  root: for tests
HostLabels host_labels(const std::filesystem::path& root = "/");

}  // namespace warren::metrics
