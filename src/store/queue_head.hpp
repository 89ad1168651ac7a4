#pragma once

#include <warren/error.hpp>

#include "store/queue_record.hpp"

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>

namespace warren::store {

/// Which file a path named at some time, and how large it was.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;  // 0: there was none
    off_t size_bytes = 0;

    bool is_one_with(const FileId& other) const noexcept {
        return device == other.device && inode == other.inode;
    }
};

FileId file_id(const std::string& path) noexcept;

/// The last record of a queue, in a small file beside it. It is written with each commit and not
/// waited for, so that it costs next to nothing: a process that is killed leaves it as it was
/// written last, a machine that goes down may leave an older one. Who has it open has the queue.
/// thread one at a time
class QueueHead {
public:
    explicit QueueHead(std::string path) : path_{std::move(path)} {}
    QueueHead(const QueueHead&) = delete;
    QueueHead& operator=(const QueueHead&) = delete;
    ~QueueHead();

    bool exists() const noexcept { return file_id(path_).inode != 0; }
    /// Open it, or make it with mode 0600, and read it.
    /// err  invalid_request: another process or object has it, or it cannot be made
    std::expected<void, Failure> open(const std::string& queue_path);
    bool is_open() const noexcept { return file_ >= 0; }
    /// As it was when it was opened; nullopt: it had none, or is damaged.
    const std::optional<QueueRecord>& found() const noexcept { return found_; }

    void write(const std::string& record) noexcept;
    /// Wait until it is on the disk.
    void sync() noexcept;
    const std::string& path() const noexcept { return path_; }

private:
    const std::string path_;
    int file_ = -1;
    std::optional<QueueRecord> found_;
};

}  // namespace warren::store
