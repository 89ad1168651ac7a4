#include "app/admin_client.hpp"

#include "app/address_option.hpp"
#include "app/command_table.hpp"
#include "core/uri.hpp"
#include "transport/http/http_client.hpp"
#include "transport/loop/asio_executor.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace warren::app {
namespace {

constexpr std::chrono::milliseconds admin_timeout{5'000};
constexpr std::size_t answer_bytes_max = std::size_t{64} << 20;

/// Where it is, without what is said of who asks.
/// err  what is wrong, for people
std::expected<transport::HttpClientOptions, std::string> place_of(const std::string& address,
                                                                  const AdminTargets& targets) {
    const auto wrong = [&] {
        return std::unexpected{
            "'" + address +
            "' is no admin address: HOST:PORT, http://HOST:PORT, https://HOST:PORT or "
            "unix:///PATH, as `admin` of the server's configuration has it"};
    };
    constexpr std::string_view unix_scheme = "unix://";
    if (address.starts_with(unix_scheme)) {
        std::string path = address.substr(unix_scheme.size());
        if (!path.starts_with('/')) {
            return wrong();
        }
        return transport::HttpClientOptions{.target = {.display = address},
                                            .unix_path = std::move(path),
                                            .host = "localhost",
                                            .timeout = admin_timeout,
                                            .response_bytes_max = answer_bytes_max};
    }
    const auto uri = core::parse_uri(address.contains("://") ? address : "http://" + address);
    if (!uri || uri->host.empty() || (uri->scheme != "http" && uri->scheme != "https") ||
        !uri->user.empty() || !uri->query.empty() || (!uri->path.empty() && uri->path != "/")) {
        return wrong();
    }
    const bool is_secured = uri->scheme == "https";
    if (!uri->port && !is_secured) {
        return wrong();
    }
    constexpr std::uint16_t https_port = 443;
    transport::HttpClientOptions options{.target = {.host = uri->host,
                                                    .port = uri->port.value_or(https_port),
                                                    .connect_timeout = admin_timeout,
                                                    .display = core::to_string(*uri),
                                                    .peer = "server"},
                                         .host = core::host_text(uri->host, uri->port),
                                         .timeout = admin_timeout,
                                         .response_bytes_max = answer_bytes_max};
    if (is_secured) {
        options.target.tls.emplace().ca_file = targets.ca;
    }
    return options;
}

/// err  what is wrong, for people
std::expected<transport::HttpClientOptions, std::string> options_of(const std::string& address,
                                                                    const AdminTargets& targets) {
    auto options = place_of(address, targets);
    if (!options) {
        return options;
    }
    auto token = read_at_file(targets.token);
    if (!token) {
        return std::unexpected{"--token: " + token.error()};
    }
    if (std::ranges::any_of(*token, [](unsigned char byte) { return byte <= ' ' || byte > '~'; })) {
        return std::unexpected{"--token: has characters that no header can have"};
    }
    if (!token->empty()) {
        options->headers.emplace_back("Authorization", "Bearer " + *token);
    }
    return options;
}

}  // namespace

class AdminClient::Implementation {
public:
    Implementation(std::string address, transport::HttpClientOptions options)
        : address_{std::move(address)},
          client_{std::in_place, executor_, std::move(options)},
          thread_{[this] { executor_.run(); }} {}
    ~Implementation() {
        executor_.stop();
        thread_.join();
        client_.reset();
    }
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;

    std::expected<transport::HttpResponse, Failure> get(const std::string& path) {
        std::promise<std::expected<transport::HttpResponse, Failure>> answered;
        executor_.post([&] {
            client_->get(path, [&](std::expected<transport::HttpResponse, Failure> outcome) {
                answered.set_value(std::move(outcome));
            });
        });
        return answered.get_future().get();
    }
    const std::string& address() const noexcept { return address_; }

private:
    const std::string address_;
    transport::AsioExecutor executor_;
    std::optional<transport::HttpClient> client_;
    std::thread thread_;
};

AdminClient::AdminClient(std::unique_ptr<Implementation> implementation)
    : implementation_{std::move(implementation)} {}
AdminClient::~AdminClient() = default;

std::expected<std::unique_ptr<AdminClient>, std::string> AdminClient::make(
    const std::string& address, const AdminTargets& targets) {
    auto options = options_of(address, targets);
    if (!options) {
        return std::unexpected{std::move(options.error())};
    }
    return std::unique_ptr<AdminClient>{
        new AdminClient{std::make_unique<Implementation>(address, std::move(*options))}};
}

const std::string& AdminClient::address() const noexcept {
    return implementation_->address();
}

std::expected<std::string, std::string> AdminClient::get(const std::string& path) {
    auto answer = implementation_->get(path);
    const std::string from = address() + ": ";
    if (!answer) {
        return std::unexpected{from + answer.error().message +
                               " (is `admin` in the server's configuration?)"};
    }
    constexpr unsigned ok = 200;
    constexpr unsigned unauthorized = 401;
    if (answer->status == unauthorized) {
        return std::unexpected{from + "it wants a token: --token, as `admin.token` says"};
    }
    if (answer->status != ok) {
        return std::unexpected{from + "it answered " + std::to_string(answer->status) +
                               ": no Warren's admin address, or one of an older Warren"};
    }
    return std::move(answer->body);
}

std::expected<Dynamic, std::string> AdminClient::status() {
    const auto text = get("/status.json");
    if (!text) {
        return std::unexpected{text.error()};
    }
    try {
        return Dynamic::from_json(*text);
    } catch (const Error& error) {
        return std::unexpected{address() + ": " + error.message()};
    }
}

std::expected<std::vector<std::unique_ptr<AdminClient>>, std::string> make_admin_clients(
    const AdminTargets& targets) {
    std::vector<std::unique_ptr<AdminClient>> clients;
    for (const std::string& address : targets.addresses) {
        auto client = AdminClient::make(address, targets);
        if (!client) {
            return std::unexpected{std::move(client.error())};
        }
        clients.push_back(std::move(*client));
    }
    return clients;
}

void add_admin_targets(CLI::App& command, AdminTargets& targets) {
    command
        .add_option(
            "--admin", targets.addresses,
            "A server's admin address, HOST:PORT, an http(s) address or unix:///PATH; may be "
            "repeated")
        ->allow_extra_args(false)
        ->capture_default_str();
    command
        .add_option("--token", targets.token,
                    "What `admin.token` of its configuration says; @FILE reads a file")
        ->type_name(value_name::secret);
    command
        .add_option("--ca", targets.ca,
                    "Of https: trust the authorities in this PEM file, not the system's")
        ->type_name(value_name::file);
}

}  // namespace warren::app
