#pragma once

#include <cstdint>
#include <string>

namespace warren::store {

/// Room on a disk that is kept for when the disk is full: a file that takes it.
/// thread one at a time
class Reserve {
public:
    Reserve(std::string path, std::uint64_t bytes);
    Reserve(const Reserve&) = delete;
    Reserve& operator=(const Reserve&) = delete;
    ~Reserve() { release(); }

    bool is_held() const noexcept { return is_held_; }
    /// Take the room, unless it is held. Where files cannot be given room in advance there is
    /// nothing to take, and that counts as held.
    /// out  false: the disk has no such room
    bool take() noexcept;
    void release() noexcept;

private:
    const std::string path_;
    const std::uint64_t bytes_;
    bool is_held_ = false;
};

}  // namespace warren::store
