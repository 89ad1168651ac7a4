#pragma once

#include <warren/dynamic.hpp>

#include <CLI/CLI.hpp>

#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace warren::app {

/// Which servers a command asks at their admin addresses.
struct AdminTargets {
    std::vector<std::string> addresses{"127.0.0.1:9095"};  // HOST:PORT, http:// or https://
    std::string token{};
    std::string ca{};
};
void add_admin_targets(CLI::App& command, AdminTargets& targets);

/// A server's admin address, asked over HTTP.
/// thread one at a time
class AdminClient {
public:
    /// err  what is wrong with the address or the token, for people
    static std::expected<std::unique_ptr<AdminClient>, std::string> make(
        const std::string& address, const AdminTargets& targets);
    ~AdminClient();
    AdminClient(const AdminClient&) = delete;
    AdminClient& operator=(const AdminClient&) = delete;

    /// As the user wrote it.
    const std::string& address() const noexcept;
    /// err  why there is no answer, and what to do, for people
    std::expected<std::string, std::string> get(const std::string& path);
    /// What it says of itself.
    std::expected<Dynamic, std::string> status();

private:
    class Implementation;
    explicit AdminClient(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

/// All of them.
/// err  as `AdminClient::make`, of the first that cannot be
std::expected<std::vector<std::unique_ptr<AdminClient>>, std::string> make_admin_clients(
    const AdminTargets& targets);

}  // namespace warren::app
