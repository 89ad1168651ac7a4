#include "store/salvage.hpp"

#include "store/raw_rows.hpp"
#include "store/rebuilding.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace warren::store {
namespace {

constexpr std::size_t record_columns = 1;

std::string unfinished(const std::string& path) {
    return path + "-salvage";
}
std::string finished(const std::string& path) {
    return path + "-salvaged";
}
std::string log_of(const std::string& path) {
    return path + "-wal";
}

bool sync_path(const std::string& path) noexcept {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_synced = file >= 0 && fsync(file) == 0;
    if (file >= 0) {
        close(file);
    }
    return is_synced;
}

/// Rename what is there.
bool move_file(const std::string& from, const std::string& to) noexcept {
    return rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT;
}

/// A name that no file and no log has. Nobody takes it meanwhile: who has the queue is alone.
std::string name_to_keep(const std::string& path) {
    for (int number = 1;; ++number) {
        std::string name = path + "-damaged-" + std::to_string(number);
        if (access(name.c_str(), F_OK) != 0 && access(log_of(name).c_str(), F_OK) != 0) {
            return name;
        }
    }
}

/// The newest record that can be read.
std::optional<QueueRecord> newest_record(const RawRows& rows,
                                         const std::optional<QueueRecord>& head) {
    std::optional<QueueRecord> newest = head;
    rows.each([](std::size_t columns) { return columns == record_columns; },
              [&newest](const RawRow& row) {
                  const std::string* const text = row.bytes(0);
                  auto record = text != nullptr ? decode_record(*text) : std::nullopt;
                  if (record && (!newest || newest->commits < record->commits)) {
                      newest = std::move(record);
                  }
              });
    return newest;
}

Failure not_salvaged(const std::string& path, std::string_view why) {
    return {
        .code = Code::internal,
        .message = "The buffer " + path + " is damaged and was left as it is: " + std::string{why}};
}

}  // namespace

bool is_salvage_unfinished(const std::string& path) noexcept {
    return access(finished(path).c_str(), F_OK) == 0;
}

std::expected<std::string, Failure> finish_salvage(const std::string& path) {
    std::string kept = name_to_keep(path);
    // The log first: the new database would take it for its own.
    if (!move_file(log_of(path), log_of(kept)) || !move_file(path, kept) ||
        rename(finished(path).c_str(), path.c_str()) != 0) {
        return std::unexpected{
            not_salvaged(path, "it cannot be kept as " + kept + ": " + std::strerror(errno))};
    }
    const std::string directory = std::filesystem::path{path}.parent_path().string();
    sync_path(directory.empty() ? "." : directory);
    return kept;
}

std::expected<std::string, Failure> salvage(const std::string& path,
                                            const std::optional<QueueRecord>& head) {
    std::expected<Losses, std::string> losses;
    std::uint64_t found = 0;
    {
        const RawRows rows{path, log_of(path)};
        const auto record = newest_record(rows, head);
        if (!record) {
            return std::unexpected{not_salvaged(
                path,
                "no record of what belongs to it can be read; move it away to start with an "
                "empty one, and save what it has with sqlite3's .recover")};
        }
        Rebuilding rebuilding{unfinished(path), *record};
        rows.each(&Rebuilding::wants, [&rebuilding](const RawRow& row) { rebuilding.add(row); });
        losses = rebuilding.finish();
        found = rebuilding.entries();
    }
    if (!losses) {
        unlink(unfinished(path).c_str());
        return std::unexpected{not_salvaged(
            path, "what can be read of it cannot be written beside it: " + losses.error())};
    }
    if (!sync_path(unfinished(path)) ||
        rename(unfinished(path).c_str(), finished(path).c_str()) != 0) {
        const std::string why = std::strerror(errno);
        unlink(unfinished(path).c_str());
        return std::unexpected{
            not_salvaged(path, "what can be read of it cannot be put beside it: " + why)};
    }
    const auto kept = finish_salvage(path);
    if (!kept) {
        return std::unexpected{kept.error()};
    }
    return std::to_string(found) + " calls that wait could be read" + losses->text() +
           "; what was there is kept as " + *kept + " (and -wal)";
}

}  // namespace warren::store
