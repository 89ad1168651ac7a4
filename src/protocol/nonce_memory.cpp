#include "protocol/nonce_memory.hpp"

#include "protocol/random_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <span>
#include <utility>

namespace warren::protocol {
namespace {

constexpr std::size_t table_size_min = 64;

std::array<std::uint64_t, 2> prefix_of(const Nonce& nonce) noexcept {
    auto cut = nonce;
    cut.back() = {};
    return std::bit_cast<std::array<std::uint64_t, 2>>(cut);
}

unsigned last_of(const Nonce& nonce) noexcept {
    return static_cast<unsigned>(nonce.back());
}

/// Every bit of the result depends on every bit of both.                      [Stafford's mixer 13]
std::uint64_t mixed(std::uint64_t left, std::uint64_t right) noexcept {
    std::uint64_t bits = left ^ right;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
    return bits ^ (bits >> 31);
}

}  // namespace

bool NonceSet::Block::is_free() const noexcept {
    return (seen[0] | seen[1] | seen[2] | seen[3]) == 0;
}

std::size_t NonceSet::start_of(const std::array<std::uint64_t, 2>& prefix) const noexcept {
    return mixed(mixed(prefix[0], seed_), prefix[1]) & (table_.size() - 1);
}

const NonceSet::Block* NonceSet::find(const Nonce& nonce) const noexcept {
    if (table_.empty()) {
        return nullptr;
    }
    const auto prefix = prefix_of(nonce);
    for (std::size_t at = start_of(prefix);; at = (at + 1) & (table_.size() - 1)) {
        const Block& block = table_[at];
        if (block.is_free()) {
            return nullptr;
        }
        if (block.prefix == prefix) {
            return &block;
        }
    }
}

bool NonceSet::contains(const Nonce& nonce) const noexcept {
    const Block* const block = find(nonce);
    const unsigned last = last_of(nonce);
    return block != nullptr && ((block->seen[last / 64] >> (last % 64)) & 1U) != 0;
}

NonceSet::Block& NonceSet::block_of(const std::array<std::uint64_t, 2>& prefix) noexcept {
    std::size_t at = start_of(prefix);
    while (!table_[at].is_free() && table_[at].prefix != prefix) {
        at = (at + 1) & (table_.size() - 1);
    }
    return table_[at];
}

void NonceSet::insert(const Nonce& nonce) {
    if (blocks_ + 1 > table_.size() - table_.size() / 4) {
        grow();
    }
    const auto prefix = prefix_of(nonce);
    Block& block = block_of(prefix);
    if (block.is_free()) {
        block.prefix = prefix;
        ++blocks_;
    }
    const unsigned last = last_of(nonce);
    block.seen[last / 64] |= std::uint64_t{1} << (last % 64);
}

void NonceSet::grow() {
    std::vector<Block> larger(std::max(table_size_min, table_.size() * 2));
    table_.swap(larger);
    for (const Block& block : larger) {
        if (!block.is_free()) {
            block_of(block.prefix) = block;
        }
    }
}

void NonceSet::clear() noexcept {
    std::vector<Block>{}.swap(table_);
    blocks_ = 0;
}

std::expected<std::shared_ptr<NonceMemory>, Failure> NonceMemory::make(
    const NonceMemoryOptions& options) {
    if (options.window.count() < 1 || options.window > window_max) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = fmt::format("The window for signed requests should be from 1 ms to "
                                           "24 h, and is {} ms",
                                           options.window.count())}};
    }
    if (const auto ahead = options.ahead_max.value_or(options.window);
        ahead.count() < 0 || ahead > options.window) {
        return std::unexpected{Failure{
            .code = Code::invalid_request,
            .message =
                fmt::format("A signed request may be ahead of the clock from 0 to {} ms, and "
                            "not {} ms (auth_clock_ahead_max)",
                            options.window.count(), ahead.count())}};
    }
    std::uint64_t seed = 0;
    if (!fill_randomly(std::as_writable_bytes(std::span{&seed, 1}))) {
        return std::unexpected{no_random_bytes()};
    }
    return std::shared_ptr<NonceMemory>{new NonceMemory{options, seed}};
}

NonceMemory::NonceMemory(const NonceMemoryOptions& options, std::uint64_t seed)
    : seed_{seed},
      window_ms_{options.window.count()},
      ahead_max_{options.ahead_max.value_or(options.window)},
      blocks_max_{options.blocks_max},
      since_ms_{options.since_ms},
      sets_{NonceSet{seed}, NonceSet{seed}, NonceSet{seed}} {}

std::int64_t NonceMemory::since_ms() const noexcept {
    const std::lock_guard guard{mutex_};
    return since_ms_;
}

std::size_t NonceMemory::blocks() const noexcept {
    const std::lock_guard guard{mutex_};
    return all_blocks();
}

std::size_t NonceMemory::all_blocks() const noexcept {
    std::size_t sum = 0;
    for (const NonceSet& set : sets_) {
        sum += set.blocks();
    }
    return sum;
}

NonceMemory::Verdict NonceMemory::take(const Nonce& nonce, std::int64_t time_ms) {
    const std::int64_t stretch = time_ms / window_ms_;
    const std::lock_guard guard{mutex_};
    if (stretch > newest_) {
        begin(stretch);
    }
    if (time_ms < since_ms_) {
        return Verdict::forgotten;
    }
    NonceSet& set = sets_[static_cast<std::size_t>(stretch) % stretches];
    if (set.contains(nonce)) {
        return Verdict::seen;
    }
    if (set.needs_block(nonce) && all_blocks() >= blocks_max_) {
        return Verdict::full;
    }
    set.insert(nonce);
    return Verdict::fresh;
}

void NonceMemory::refuse_early(const Nonce& nonce, std::int64_t time_ms) {
    const std::int64_t stretch = time_ms / window_ms_;
    const std::lock_guard guard{mutex_};
    if (time_ms < since_ms_) {
        return;  // it is never taken
    }
    if (stretch <= newest_) {
        NonceSet& set = sets_[static_cast<std::size_t>(stretch) % stretches];
        if (!set.needs_block(nonce) || all_blocks() < blocks_max_) {
            set.insert(nonce);
        }
        return;
    }
    NonceSet& set = early_.try_emplace(stretch, seed_).first->second;
    const bool needs_block = set.needs_block(nonce);
    set.insert(nonce);
    while (needs_block && early_blocks() > blocks_max_ / early_part) {
        early_.erase(std::prev(early_.end()));
    }
}

std::size_t NonceMemory::early_blocks() const noexcept {
    std::size_t sum = 0;
    for (const auto& [stretch, set] : early_) {
        sum += set.blocks();
    }
    return sum;
}

/// A clock that was set back does not bring back what was forgotten: `since_ms_` only grows.
void NonceMemory::begin(std::int64_t stretch) noexcept {
    constexpr auto kept = static_cast<std::int64_t>(stretches);
    for (std::int64_t old = std::max(newest_, stretch - kept) + 1; old <= stretch; ++old) {
        NonceSet& set = sets_[static_cast<std::size_t>(old) % stretches];
        set.clear();
        if (const auto early = early_.find(old); early != early_.end()) {
            set = std::move(early->second);
        }
    }
    early_.erase(early_.begin(), early_.upper_bound(stretch));
    newest_ = stretch;
    since_ms_ = std::max(since_ms_, (stretch - kept + 1) * window_ms_);
}

}  // namespace warren::protocol
