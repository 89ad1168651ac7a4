#include "store/call_store.hpp"
#include "store/open_session.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

// What becomes of a store when the machine goes down, at any write: what was not synchronized is
// there, or not, or in part.
namespace warren::store::store_power {
namespace {

/// One thing that was done to a file.
struct FileChange {
    enum class Kind : std::uint8_t { write, truncate, sync } kind;
    std::string file;  // "" or "-wal"
    sqlite3_int64 offset = 0;
    std::string bytes{};
};

/// SQLite's own file system, which writes down what is done to a store's files.
/// [SQLite: The SQLite OS Interface or "VFS"]
class RecordingFiles {
public:
    explicit RecordingFiles(std::string path) : path_{std::move(path)} {
        here() = this;
        static bool is_registered = false;
        if (!std::exchange(is_registered, true)) {
            sqlite3_vfs* const own = sqlite3_vfs_find(nullptr);
            vfs() = *own;
            vfs().zName = "recording";
            vfs().pAppData = own;
            vfs().szOsFile = static_cast<int>(sizeof(File)) + own->szOsFile;
            vfs().xOpen = &RecordingFiles::open;
            vfs().xDelete = &RecordingFiles::remove;
            sqlite3_vfs_register(&vfs(), 0);
        }
        sqlite3_vfs_register(&vfs(), 1);
    }
    RecordingFiles(const RecordingFiles&) = delete;
    RecordingFiles& operator=(const RecordingFiles&) = delete;
    ~RecordingFiles() {
        sqlite3_vfs_register(static_cast<sqlite3_vfs*>(vfs().pAppData), 1);
        here() = nullptr;
    }

    std::vector<FileChange> changes() const {
        const std::lock_guard lock{mutex_};
        return changes_;
    }
    std::size_t count() const {
        const std::lock_guard lock{mutex_};
        return changes_.size();
    }

private:
    struct File {
        sqlite3_file base;
        sqlite3_file* own;
        char name[16];
        bool is_recorded;
    };

    static RecordingFiles*& here() {
        static RecordingFiles* recording = nullptr;
        return recording;
    }
    static sqlite3_vfs& vfs() {
        static sqlite3_vfs made{};
        return made;
    }
    static File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
    static sqlite3_file* own(sqlite3_file* file) { return of(file)->own; }

    static int open(sqlite3_vfs* self, const char* name, sqlite3_file* file, int flags,
                    int* out_flags) {
        auto* const system = static_cast<sqlite3_vfs*>(self->pAppData);
        File* const made = of(file);
        made->own = reinterpret_cast<sqlite3_file*>(made + 1);
        const std::string_view path = name == nullptr ? "" : name;
        made->is_recorded = here() != nullptr && path.starts_with(here()->path_);
        if (made->is_recorded) {
            const std::string_view suffix = path.substr(here()->path_.size());
            std::strncpy(made->name, std::string{suffix}.c_str(), sizeof made->name - 1);
        }
        const int result = system->xOpen(system, name, made->own, flags, out_flags);
        file->pMethods = made->own->pMethods == nullptr ? nullptr : &methods;
        return result;
    }

    /// What is gone is as if it were empty.
    static int remove(sqlite3_vfs* self, const char* name, int sync_directory) {
        const std::string_view path = name;
        if (here() != nullptr && path.starts_with(here()->path_)) {
            const std::lock_guard lock{here()->mutex_};
            const std::string file{path.substr(here()->path_.size())};
            here()->changes_.push_back({.kind = FileChange::Kind::truncate, .file = file});
            here()->changes_.push_back({.kind = FileChange::Kind::sync, .file = file});
        }
        auto* const system = static_cast<sqlite3_vfs*>(self->pAppData);
        return system->xDelete(system, name, sync_directory);
    }

    static void record(sqlite3_file* file, FileChange change) {
        if (of(file)->is_recorded && here() != nullptr) {
            const std::lock_guard lock{here()->mutex_};
            change.file = static_cast<const char*>(of(file)->name);
            here()->changes_.push_back(std::move(change));
        }
    }
    static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
        record(file, {.kind = FileChange::Kind::write,
                      .offset = offset,
                      .bytes = {static_cast<const char*>(bytes), static_cast<std::size_t>(size)}});
        return own(file)->pMethods->xWrite(own(file), bytes, size, offset);
    }
    static int truncate(sqlite3_file* file, sqlite3_int64 size) {
        record(file, {.kind = FileChange::Kind::truncate, .offset = size});
        return own(file)->pMethods->xTruncate(own(file), size);
    }
    static int sync(sqlite3_file* file, int flags) {
        record(file, {.kind = FileChange::Kind::sync});
        return own(file)->pMethods->xSync(own(file), flags);
    }

    static constexpr sqlite3_io_methods methods{
        .iVersion = 3,
        .xClose = [](sqlite3_file* file) { return own(file)->pMethods->xClose(own(file)); },
        .xRead =
            [](sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
                return own(file)->pMethods->xRead(own(file), bytes, size, offset);
            },
        .xWrite = &RecordingFiles::write,
        .xTruncate = &RecordingFiles::truncate,
        .xSync = &RecordingFiles::sync,
        .xFileSize =
            [](sqlite3_file* file, sqlite3_int64* size) {
                return own(file)->pMethods->xFileSize(own(file), size);
            },
        .xLock = [](sqlite3_file* file,
                    int level) { return own(file)->pMethods->xLock(own(file), level); },
        .xUnlock = [](sqlite3_file* file,
                      int level) { return own(file)->pMethods->xUnlock(own(file), level); },
        .xCheckReservedLock =
            [](sqlite3_file* file, int* result) {
                return own(file)->pMethods->xCheckReservedLock(own(file), result);
            },
        .xFileControl =
            [](sqlite3_file* file, int operation, void* argument) {
                return own(file)->pMethods->xFileControl(own(file), operation, argument);
            },
        .xSectorSize =
            [](sqlite3_file* file) { return own(file)->pMethods->xSectorSize(own(file)); },
        .xDeviceCharacteristics =
            [](sqlite3_file* file) {
                return own(file)->pMethods->xDeviceCharacteristics(own(file));
            },
        .xShmMap =
            [](sqlite3_file* file, int page, int size, int extend, void volatile** map) {
                return own(file)->pMethods->xShmMap(own(file), page, size, extend, map);
            },
        .xShmLock =
            [](sqlite3_file* file, int offset, int count, int flags) {
                return own(file)->pMethods->xShmLock(own(file), offset, count, flags);
            },
        .xShmBarrier = [](sqlite3_file* file) { own(file)->pMethods->xShmBarrier(own(file)); },
        .xShmUnmap =
            [](sqlite3_file* file, int is_deleted) {
                return own(file)->pMethods->xShmUnmap(own(file), is_deleted);
            },
        .xFetch =
            [](sqlite3_file* file, sqlite3_int64 offset, int size, void** page) {
                return own(file)->pMethods->xFetch(own(file), offset, size, page);
            },
        .xUnfetch =
            [](sqlite3_file* file, sqlite3_int64 offset, void* page) {
                return own(file)->pMethods->xUnfetch(own(file), offset, page);
            },
    };

    const std::string path_;
    mutable std::mutex mutex_;
    std::vector<FileChange> changes_;
};

/// How much of what was not synchronized is on the disk afterwards.
enum class Unsynchronized : std::uint8_t { lost, kept, some, torn };

void apply(std::string& content, const FileChange& change, std::size_t bytes) {
    const auto at = static_cast<std::size_t>(change.offset);
    if (change.kind == FileChange::Kind::truncate) {
        content.resize(at);
    } else if (change.kind == FileChange::Kind::write) {
        content.resize(std::max(content.size(), at + bytes));
        content.replace(at, bytes, change.bytes, 0, bytes);
    }
}

/// The files as they are when the power fails after so many changes.
std::map<std::string, std::string> files_after(const std::vector<FileChange>& changes,
                                               std::size_t count, Unsynchronized how,
                                               std::mt19937& random) {
    std::map<std::string, std::size_t> synchronized;
    for (std::size_t at = 0; at < count; ++at) {
        if (changes[at].kind == FileChange::Kind::sync) {
            synchronized[changes[at].file] = at;
        }
    }
    std::map<std::string, std::string> files;
    for (std::size_t at = 0; at < count; ++at) {
        const FileChange& change = changes[at];
        const bool is_safe = synchronized.contains(change.file) && at < synchronized[change.file];
        std::size_t bytes = change.bytes.size();
        if (!is_safe) {
            if (how == Unsynchronized::lost || (how == Unsynchronized::some && random() % 2 == 0)) {
                continue;
            }
            if (how == Unsynchronized::torn) {
                bytes = random() % (bytes + 1);
            }
        }
        apply(files[change.file], change, bytes);
    }
    return files;
}

constexpr int calls = 15;

std::string call_key(int number) {
    return "call " + std::to_string(number);
}
std::string call_response(int number) {
    return "response " + std::to_string(number) +
           std::string(static_cast<std::size_t>(number) * 90, 'r');
}

std::expected<Claimed, Failure> claim_call(CallStore& store, int number) {
    std::promise<std::expected<Claimed, Failure>> promise;
    store.claim({.key = call_key(number),
                 .method = "add",
                 .request = request_hash("add", "1"),
                 .is_at_most_once = number % 2 == 1},
                [&](auto claimed) { promise.set_value(std::move(claimed)); });
    return promise.get_future().get();
}

struct Acknowledged {
    int number;
    bool is_kept;         // its response; otherwise that it began, at most once
    std::size_t changes;  // that were made by then
};

TEST(StorePower, FailingAtAnyWriteLosesNothingThatWasAcknowledged) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("store.db");
    std::vector<Acknowledged> acknowledged;
    std::vector<FileChange> changes;
    {
        const RecordingFiles files{path};
        CallStore store{open_sqlite(path).value(), {}};
        for (int number = 0; number < calls; ++number) {
            ASSERT_EQ(claim_call(store, number).value().state, ClaimState::fresh);
            if (number % 2 == 1) {
                acknowledged.push_back({number, false, files.count()});
            }
            if (number % 5 == 4) {
                continue;  // begun, and never done
            }
            std::promise<void> kept;
            store.keep({call_key(number), 1}, call_response(number), [&](auto is_kept) {
                EXPECT_TRUE(is_kept.value());
                kept.set_value();
            });
            kept.get_future().wait();
            acknowledged.push_back({number, true, files.count()});
        }
        changes = files.changes();
    }
    ASSERT_GT(changes.size(), std::size_t{calls});
    std::mt19937 random{815};
    for (std::size_t count = 0; count <= changes.size(); ++count) {
        const auto other = static_cast<Unsynchronized>(1 + random() % 3);
        for (const Unsynchronized how : {Unsynchronized::lost, other}) {
            SCOPED_TRACE(std::to_string(count) + " changes of " + std::to_string(changes.size()) +
                         ", way " + std::to_string(static_cast<int>(how)));
            const test::TemporaryDirectory after{test::TemporaryDirectory::fast_parent()};
            const std::string left = after.file("store.db");
            for (const auto& [suffix, content] : files_after(changes, count, how, random)) {
                std::ofstream{left + suffix, std::ios::binary}.write(
                    content.data(), static_cast<std::streamsize>(content.size()));
            }
            auto session = open_sqlite(left);
            ASSERT_TRUE(session.has_value()) << session.error().message;
            CallStore store{std::move(*session), {}};
            for (const Acknowledged& each : acknowledged) {
                if (each.changes > count) {
                    break;
                }
                const auto claimed = claim_call(store, each.number).value();
                if (each.is_kept) {
                    EXPECT_EQ(claimed.state, ClaimState::answered) << each.number;
                    EXPECT_EQ(claimed.response, call_response(each.number));
                } else {
                    EXPECT_NE(claimed.state, ClaimState::fresh) << "would begin twice";
                }
            }
            if (HasFailure()) {
                return;
            }
        }
    }
}

}  // namespace
}  // namespace warren::store::store_power
