#pragma once

#include <warren/client.hpp>

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace warren::test {

/// Several clients that ask for calls to be done, so many at once, and again until each is done.
/// Every try is a call with an id of its own and is kept, with its outcome.
class RetryingLoad {
public:
    struct Try {
        int completions = 0;
        std::optional<std::expected<Dynamic, Failure>> outcome;
    };

    RetryingLoad(const std::string& address, const ClientOptions& options, std::size_t clients,
                 std::size_t calls_at_once)
        : retries_{[this] { retry_until_stopped(); }} {
        for (std::size_t count = 0; count < clients; ++count) {
            clients_.push_back(std::make_unique<Client>(address, options));
        }
        for (std::size_t job = 0; job < clients * calls_at_once; ++job) {
            begin_job(*clients_[job % clients]);
        }
    }
    RetryingLoad(const RetryingLoad&) = delete;
    RetryingLoad& operator=(const RetryingLoad&) = delete;
    ~RetryingLoad() {
        {
            const std::lock_guard lock{mutex_};
            ends_ = is_stopped_ = true;
            changed_.notify_all();
        }
        retries_.join();
        clients_.clear();
    }

    /// Wait until so many more calls are done.
    /// out  false: they are not, after what is patience and no measurement
    bool await_more(std::size_t jobs) {
        std::unique_lock lock{mutex_};
        const std::size_t wanted = calls_done_ + jobs;
        return changed_.wait_for(lock, patience, [&] { return calls_done_ >= wanted; });
    }

    /// Begin no more calls, and wait until every one that was begun is done.
    bool finish() {
        std::unique_lock lock{mutex_};
        ends_ = true;
        return changed_.wait_for(lock, patience, [&] { return calls_done_ == calls_begun_; });
    }

    /// After the last completion can have come: closes the clients.
    const std::map<std::string, Try>& tries() {
        clients_.clear();
        return tries_;
    }

private:
    struct ServerCall {
        Client* client;
        std::size_t number;
        int tries = 0;
    };

    static constexpr std::chrono::seconds patience{60};
    static constexpr std::chrono::milliseconds pause{25};  // between two tries of a call

    void begin_job(Client& client) {
        std::unique_lock lock{mutex_};
        if (!ends_) {
            const ServerCall job{&client, calls_begun_++};
            lock.unlock();
            attempt(job);
        }
    }

    void attempt(ServerCall job) {
        ++job.tries;
        const std::string id = fmt::format("{}.{}", job.number, job.tries);
        {
            const std::lock_guard lock{mutex_};
            tries_.try_emplace(id);
        }
        job.client->start_call("record", Dynamic::map({{"id", id}}),
                               [this, job, id](std::expected<Dynamic, Failure> outcome) {
                                   complete(job, id, std::move(outcome));
                               });
    }

    void complete(const ServerCall& job, const std::string& id,
                  std::expected<Dynamic, Failure> outcome) {
        const bool succeeded = outcome.has_value();
        {
            const std::lock_guard lock{mutex_};
            Try& tried = tries_.at(id);
            ++tried.completions;
            tried.outcome = std::move(outcome);
            if (succeeded) {
                ++calls_done_;
            } else if (!is_stopped_) {
                to_retry_.push_back(job);
            }
            changed_.notify_all();
        }
        if (succeeded) {
            begin_job(*job.client);
        }
    }

    void retry_until_stopped() {
        std::unique_lock lock{mutex_};
        while (!changed_.wait_for(lock, pause, [this] { return is_stopped_; })) {
            const std::vector<ServerCall> jobs = std::exchange(to_retry_, {});
            lock.unlock();
            for (const ServerCall& job : jobs) {
                attempt(job);
            }
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Try> tries_;
    std::vector<ServerCall> to_retry_;
    std::size_t calls_begun_ = 0;
    std::size_t calls_done_ = 0;
    bool ends_ = false;
    bool is_stopped_ = false;
    std::vector<std::unique_ptr<Client>> clients_;
    std::thread retries_;
};

}  // namespace warren::test
