#include "store/queue_file_state.hpp"

/// Where a queue's files lie and how large they are: nobody may take them away or cut them short,
/// and they grow no more than they have to.
namespace warren::store {
namespace {

constexpr off_t log_page_head_bytes = 24;  // [SQLite file format 4.1]

}  // namespace

std::expected<void, Failure> QueueFile::State::check_file(const std::string& path,
                                                          const FileId& own) const {
    const FileId now = file_id(path);
    if (!now.is_one_with(own)) {
        return std::unexpected{
            Failure{.code = Code::internal,
                    .message = "The buffer " + options.path + " was deleted or replaced (" + path +
                               ") while it is in use, so that nothing more is accepted; "
                               "what was accepted before goes on being sent. Put it "
                               "back, or restart who uses it"}};
    }
    if (now.size_bytes < own.size_bytes) {
        return std::unexpected{Failure{
            .code = Code::internal,
            .message = "The buffer " + options.path + " was cut short (" + path +
                       ") while it is in use, so that nothing more is accepted. Restart who "
                       "uses it, which says what is lost"}};
    }
    return {};
}

std::expected<void, Failure> QueueFile::State::check_place() {
    if (own_log.inode == 0) {
        own_log = file_id(log_path);
    }
    own_log.size_bytes = log_pages * (page_bytes + log_page_head_bytes);
    auto in_place = check_file(options.path, own_file);
    return in_place ? check_file(log_path, own_log) : in_place;
}

bool QueueFile::is_in_place() const noexcept {
    return state_->check_place().has_value();
}

void QueueFile::State::shrink() noexcept {
    const bool is_done = sql.database.execute("PRAGMA incremental_vacuum") == SQLITE_OK;
    is_cramped = sql.database.execute("PRAGMA wal_checkpoint(TRUNCATE)") != SQLITE_OK || !is_done;
    log_pages = 0;
    note_size();
}

void QueueFile::State::note_size() noexcept {
    if (const FileId now = file_id(options.path); now.is_one_with(own_file)) {
        own_file.size_bytes = now.size_bytes;
    }
}

void QueueFile::State::keep_log_short() noexcept {
    if (log_pages < log_pages_max) {
        return;
    }
    head.sync();
    if (sql.database.checkpoint() != SQLITE_OK && sql.database.error() == SQLITE_FULL) {
        reserve->release();
        is_cramped = sql.database.checkpoint() != SQLITE_OK;
    }
    note_size();
}

}  // namespace warren::store
