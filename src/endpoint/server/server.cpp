#include <warren/server.hpp>

#include "endpoint/failures.hpp"
#include "endpoint/modules/modules.hpp"
#include "endpoint/proxy/proxy_plan.hpp"
#include "endpoint/server/server_implementation.hpp"
#include "endpoint/server/shared_queues.hpp"

#include <utility>

namespace warren {

Server::Server(ServerOptions options)
    : implementation_{std::make_unique<Implementation>(std::move(options))} {}

Server::~Server() = default;

Registry& Server::methods() noexcept {
    return implementation_->registry_;
}

const ServerOptions& Server::options() const noexcept {
    return implementation_->options_;
}

void Server::load_modules(const std::vector<std::string>& directories) {
    std::string text;
    for (const endpoint::ModuleProblem& problem :
         endpoint::load_modules(directories, implementation_->registry_)) {
        text += (text.empty() ? "" : "; ") + problem.file + ": " + problem.reason;
    }
    if (!text.empty()) {
        throw Error{Code::internal, std::move(text)};
    }
}

void Server::listen(ListenerOptions options) {
    auto config = endpoint::value_or_throw(endpoint::resolve_listener(std::move(options)));
    endpoint::value_or_throw(endpoint::check_shared_queues(implementation_->configs_, config));
    implementation_->configs_.push_back(std::move(config));
}

void Server::forward(ListenerOptions from, ForwardOptions options) {
    if (!options.client.log) {
        options.client.log = implementation_->log_;
    }
    endpoint::value_or_throw(
        endpoint::add_proxy(implementation_->configs_, std::move(from), std::move(options)));
}

void Server::use(std::shared_ptr<ServerInterceptor> interceptor) {
    implementation_->interceptors_.push_back(std::move(interceptor));
}

void Server::on_ready(std::function<void()> callback) {
    implementation_->on_ready(std::move(callback));
}

void Server::on_shutdown(std::function<void()> callback) {
    implementation_->shutdown_.on_call(std::move(callback));
}

void Server::start() {
    implementation_->start();
}
bool Server::ready() const noexcept {
    return implementation_->ready();
}
std::vector<std::string> Server::listeners() const {
    return implementation_->listeners();
}
std::vector<std::string> Server::addresses() const {
    return implementation_->addresses();
}

std::string Server::admin_address() const {
    return implementation_->admin_address();
}

void Server::reload(std::vector<ListenerOptions> listeners, std::vector<ForwardOptions> forwards) {
    implementation_->reload(std::move(listeners), std::move(forwards));
}

bool Server::is_responsive(std::chrono::milliseconds within) {
    return implementation_->is_responsive(within);
}

bool Server::drain(std::chrono::milliseconds timeout) {
    return implementation_->drain(timeout);
}
std::vector<std::string> Server::unfinished() const {
    return implementation_->unfinished();
}
bool Server::stop_now(std::chrono::milliseconds grace) {
    return implementation_->stop_now(grace);
}
void Server::stop() {
    implementation_->stop();
}

}  // namespace warren
