#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <fstream>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>

namespace warren::faults {

/// Which orders are to be placed.          thread any
class Orders {
public:
    Orders() = default;
    Orders(const Orders&) = delete;
    Orders& operator=(const Orders&) = delete;
    virtual ~Orders() = default;

    /// out  the next one's id; it has begun
    virtual std::string begin() { return std::to_string(next_++); }
    /// It was answered.
    virtual void end(const std::string& /*id*/) {}
    /// Whether some have begun and not ended in another process.
    virtual bool has_open() { return false; }

protected:
    std::atomic<std::uint64_t> next_ = 0;
};

/// Those of callers that may be killed: what they had begun whoever follows them places again.
class JournaledOrders final : public Orders {
public:
    struct State {
        std::uint64_t begun = 0;
        std::set<std::string> open{};
    };
    static State read(const std::string& path) {
        State state;
        std::ifstream file{path};
        std::string id;
        for (char what = 0; file >> what >> id;) {
            if (what == '+') {
                ++state.begun;
                state.open.insert(id);
            } else {
                state.open.erase(id);
            }
        }
        return state;
    }

    explicit JournaledOrders(const std::string& path) {
        const State state = read(path);
        next_ = state.begun;
        open_.assign(state.open.begin(), state.open.end());
        file_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (file_ < 0) {
            throw std::runtime_error{"no journal at " + path};
        }
    }
    ~JournaledOrders() override { close(file_); }

    std::string begin() override {
        const std::lock_guard lock{mutex_};
        if (!open_.empty()) {
            std::string id = std::move(open_.front());
            open_.pop_front();
            return id;
        }
        std::string id = Orders::begin();
        note('+', id);
        return id;
    }
    void end(const std::string& id) override {
        const std::lock_guard lock{mutex_};
        note('-', id);
    }
    bool has_open() override {
        const std::lock_guard lock{mutex_};
        return !open_.empty();
    }

private:
    /// Whole or not at all, whenever this process is killed.
    void note(char what, const std::string& id) const {
        const std::string line = what + (' ' + id + '\n');
        if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
            throw std::runtime_error{"the journal cannot be written"};
        }
    }

    std::mutex mutex_;
    std::deque<std::string> open_;
    int file_ = -1;
};

}  // namespace warren::faults
